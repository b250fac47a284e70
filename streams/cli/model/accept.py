"""`nyxter model accept`: a model of a file becomes the one in use."""

import hashlib
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from schemas.envelope import dumps
from schemas.events import MODEL_ACCEPTED, ModelAccepted
from streams.cli.model.components import Side, beside, degenerate, share_of
from streams.cli.model.in_use import NoModel, read_in_use
from streams.cli.model.models import Model, read_model
from streams.client import client_config
from streams.clock import now
from streams.control import Control, Said, last_said, say
from streams.settings import Settings

SOURCE: Final = "/nyxter/model-accept"


def accept_model(settings: Settings, path: Path, *, asks: bool) -> None:
    """Tell all partitions of a model, after showing it; `asks`: once a person says yes.

    Raises
    ------
    ModelUnusable
        The file holds none.
    NoTopic, Fenced, KafkaException, OSError
        As `read_model` and `say` do.

    """
    model = read_model(path)
    client = {**client_config(settings), "log_level": 0}
    _show(settings, path, model)
    last = last_said(client, ModelAccepted)
    if last is not None and last.event == ModelAccepted(sums=model.sums):
        typer.echo(f"this model was accepted at {last.time}Z, and none since: nothing to do")
        return
    if asks:
        typer.confirm("Accept it? Customers change their profiles", abort=True)
    count = say(client, settings.app_id, _accepted(model, last), now())
    typer.echo(
        f"accepted, on {count} partitions; `nyxter model show` tells once it is in use.\n"
        "Triggers of the customers that change their profile by it are held back. To release them:"
        "\n  nyxter triggers release --reason model"
    )


def _show(settings: Settings, path: Path, model: Model) -> None:
    console = Console(highlight=False)
    new = Side(str(path), model.components, share_of(model.components, model.customers))
    old: Side | None = None
    try:
        epoch, components = read_in_use(settings)
        name = f"model {epoch.model} in use (epoch {epoch.number})"
        old = Side(name, components, share_of(components, epoch.customers))
    except NoModel as reason:
        console.print(str(reason))
    console.print(f"{path}: fitted to {model.customers:,} customers as of {model.as_of}")
    console.print(beside(old, new))
    for line in degenerate(model.components):
        console.print(line, style="yellow")


def _accepted(model: Model, last: Said | None) -> Control:
    """Return the event; its id names the model, and the acceptance that it comes after."""
    sums = [list(row) for row in model.sums]
    named = dumps([sums, last.id if last is not None else None])
    name = f"model-{hashlib.blake2b(named, digest_size=16).hexdigest()}"
    return Control(name, SOURCE, MODEL_ACCEPTED, {"sums": sums})
