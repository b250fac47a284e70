"""Buttons that hand a table over as a file: all of it, whatever part of it the page shows."""

import shutil
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from nicegui import run, ui
from redis.exceptions import RedisError

from streams.console.frame import language_of
from streams.console.markup import escape
from streams.console.words import Words
from streams.console.words import frame as texts
from streams.tabular import FORMATS, Format, Table, write

log = structlog.get_logger()

_NAMES: Final[dict[Format, str]] = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet"}


def download_buttons(table: Callable[[], Awaitable[Table]], name: str) -> None:
    """Show a button for each format; while a file is being made, it says so and others wait.

    Parameters
    ----------
    table
        Returns the table, asked anew at each click; its rows are read in a thread.
    name
        The file's name without ending; on the buttons the table's for who does not see the page.

    """
    client = ui.context.client
    words = Words(language_of(client.request))

    async def clicked(button: ui.html, format_: Format) -> None:
        if making.content:
            return
        button.props("aria-busy=true")
        making.set_content(words(texts.MAKING))
        try:
            await deliver(format_)
        finally:
            button.props(remove="aria-busy")
            making.set_content("")

    async def deliver(format_: Format) -> None:
        place = Path(tempfile.mkdtemp(prefix="nyxter-download-"))
        client.on_delete(lambda: shutil.rmtree(place, ignore_errors=True))
        path = place / f"{name}.{format_}"
        try:
            await run.io_bound(write, await table(), format_, path)
        except (RedisError, OSError, ValueError) as error:
            log.warning("download failed", name=name, format=format_, error=type(error).__name__)
            ui.notify(words(texts.NOT_DELIVERED), type="warning")
        else:
            ui.download.file(path)

    with ui.element("div").classes("downloads").props("role=group"):
        ui.html(words(texts.DOWNLOAD), sanitize=False, tag="span")
        for format_ in FORMATS:
            told = words(texts.DOWNLOAD_AS, name, _NAMES[format_])
            button = ui.html(str(escape(_NAMES[format_])), sanitize=False, tag="button")
            button.props["aria-label"], button.props["type"] = told, "button"
            button.on("click", partial(clicked, button, format_))
        making = ui.html("", sanitize=False, tag="span").props("role=status")
