"""The languages of the pages, and a text in both."""

from typing import Final, Literal, NamedTuple

Language = Literal["pt", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("pt", "en")  # the first is for who does not say


class Both(NamedTuple):
    """One text in each language."""

    pt: str
    en: str

    def of(self, language: Language) -> str:
        """Return the text in a language.

        >>> Both("Jornada", "Journey").of("en")
        'Journey'
        """
        return self.pt if language == "pt" else self.en
