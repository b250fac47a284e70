"""RFM e PRFV: the grid of buyers, how scores are spread, and the lists of campaigns."""

from typing import Final

from nicegui import ui

from streams.console.desk import Desk
from streams.console.frame import frame
from streams.console.markup import tag
from streams.console.pages._grid import Grid
from streams.console.pages._lists import Lists
from streams.console.pages._spreads import Spreads
from streams.console.sections import PATIENCE_S, dress, once_there, put, warn_of_rules
from streams.console.words import rfm as texts

PATH: Final = "/rfm"
_CHOICES: Final = ("celula", "grupo", "lista", "pagina")


def add(desk: Desk) -> None:
    """Add the page."""

    @ui.page(PATH, response_timeout=PATIENCE_S)
    async def page() -> None:
        asked = ui.context.client.request.query_params
        chosen = {name: asked[name] for name in _CHOICES if asked.get(name)}
        with frame(desk, "rfm") as words:
            dress()
            put(tag("p", words(texts.LEAD), class_="lead"))
            await warn_of_rules(desk, words)

            async def fill() -> None:
                await Grid(desk, words).show()
                await Spreads(desk, words, PATH, chosen).show()
                await Lists(desk, words, PATH, chosen).show()

            await once_there(words, fill)
