"""What the pages say, in the reader's language: each module here holds the texts of one page."""

from functools import partial
from typing import Any

from streams.console.words.domain import label
from streams.telling.formats import Formats
from streams.telling.language import Both, Language
from streams.telling.whys import Whys


class Words(Formats):
    """The reader's language: texts, numbers, dates, and reasons of changes (`whys`).

    >>> words = Words("pt")
    >>> words(Both("{} clientes", "{} customers"), words.count(10_615))
    '10.615 clientes'
    """

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        self.whys = Whys(language, partial(label, self))

    def __call__(self, text: Both, *values: Any, **named: Any) -> str:
        """Return a text in the reader's language, with values where it has braces."""
        return text.of(self.language).format(*values, **named)

    @property
    def tag(self) -> str:
        """The language as HTML names it.

        >>> Words("pt").tag
        'pt-BR'
        """
        return "pt-BR" if self.language == "pt" else "en-US"
