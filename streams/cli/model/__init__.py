"""`nyxter model`: the mixture that gives customers their profiles, and how to replace it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaException

from streams.access.reach import Unreachable
from streams.cli.arguments import (
    RulesFile,
    broker_failure,
    failure,
    rules_of,
    settings_of,
    unwritable,
)

model_app = typer.Typer(
    no_args_is_help=True, help="The mixture that gives customers their profiles."
)


@model_app.command()
def show(
    plot: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Draw it: tenure by contracts (needs matplotlib)."),
    ] = None,
) -> None:
    """Show the model in use: its components beside the published profiles, and their drift.

    It is read from NYXTER_BROKER. The exit status is 1 where there is no model yet.

    Example: nyxter model show --plot model.png
    """
    from streams.cli.model.in_use import NoModel, read_in_use  # noqa: PLC0415
    from streams.cli.model.plot import NoMatplotlib, draw  # noqa: PLC0415
    from streams.cli.model.show import show_model  # noqa: PLC0415

    settings = settings_of()
    try:
        epoch, components = read_in_use(settings)
        show_model(epoch, components)
        if plot is not None:
            draw(epoch, components, plot)
            typer.echo(f"drawn: {plot}")
    except NoModel as error:
        typer.echo(f"nyxter: {error}", err=True)
        raise typer.Exit(1) from None
    except (NoMatplotlib, Unreachable) as error:
        raise failure(str(error)) from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
    except OSError as error:
        raise unwritable(error) from None


@model_app.command()
def fit(
    events: Annotated[str, typer.Argument(help="CloudEvents, one JSON a line; - is the input.")],
    rules: RulesFile = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today; none: the real one.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=0, help="Random starts beside the published one.")] = 8,
    out: Annotated[
        Path | None, typer.Option(metavar="MODEL.json", help="Where the best one goes.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="MODEL.json", help="Compare with this; none: with the one in use."),
    ] = None,
    who: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Where to list who would move.")
    ] = None,
) -> None:
    """Fit a challenger to a file of events, from several starts, and compare it. Nothing changes.

    The best by likelihood is shown beside the model in use at NYXTER_BROKER, or, where no broker
    answers, beside where a first model would start: how large its profiles are, how well it
    explains the customers, and who would move. One with a component that has collapsed onto a
    value (the unknown revenue band, say) is passed over as long as there is another.

    Example: nyxter model fit events.jsonl --out model.json --who movers.csv
    """
    from streams.cli.model.fit import Wishes, fit_model  # noqa: PLC0415
    from streams.cli.model.models import ModelUnusable  # noqa: PLC0415
    from streams.cli.simulate import business_day_now  # noqa: PLC0415

    settings = settings_of()
    today = as_of.date() if as_of else business_day_now()
    wishes = Wishes(events, rules_of(rules or settings.rules), today, seeds, out, against, who)
    try:
        fit_model(settings, wishes)
    except (ModelUnusable, Unreachable) as error:
        raise failure(str(error)) from None
    except OSError as error:
        raise unwritable(error) from None


@model_app.command()
def accept(
    model: Annotated[Path, typer.Argument(metavar="MODEL.json", help="What `model fit` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a model into use, through the control topic at NYXTER_BROKER.

    It is shown beside the one in use first. Customers whom it gives another profile change it,
    and their triggers are held back until somebody releases them. The system goes on learning
    from there. A model that was the last one to be accepted is not accepted again: running this
    twice changes nothing. One that was accepted before another may be accepted anew.

    Example: nyxter model accept model.json
    """
    from streams.cli.model.accept import accept_model  # noqa: PLC0415
    from streams.cli.model.models import ModelUnusable  # noqa: PLC0415
    from streams.lane.transaction import Fenced  # noqa: PLC0415
    from streams.topics import NoTopic  # noqa: PLC0415

    settings = settings_of()
    try:
        accept_model(settings, model, asks=not yes)
    except (ModelUnusable, NoTopic, Fenced, Unreachable) as error:
        raise failure(str(error)) from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
    except OSError as error:
        raise unwritable(error) from None
