"""`nyxter import`: files of an ERP become events."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from streams.cli.arguments import RulesFile, broker_settings, failure, rules_of, settings_of
from streams.importing.columns import Columns, ColumnsError, load_columns, presets
from streams.importing.conversion import Dates, Decimals
from streams.importing.fields import What

_SEPARATORS: Final = {"tab": "\t", "spaces": " "}


class Encoding(StrEnum):
    """Encodings that files come in."""

    UTF_8 = "utf-8"
    UTF_8_SIG = "utf-8-sig"
    LATIN_1 = "latin-1"
    CP1252 = "cp1252"
    UTF_16 = "utf-16"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"


class Separator(StrEnum):
    """What may part cells."""

    SEMICOLON = ";"
    COMMA = ","
    BAR = "|"
    TAB = "tab"
    SPACES = "spaces"


class Quote(StrEnum):
    """What may stand around cells."""

    DOUBLE = '"'
    SINGLE = "'"
    NONE = "none"


def import_file(
    what: Annotated[What, typer.Argument(help="What the rows are.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV of the ERP, as it is.")],
    preset: Annotated[
        str | None, typer.Option(help="Whose columns: a preset; none: told by the header.")
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(metavar="COLUMNS.toml", help="Names the columns instead.")
    ] = None,
    encoding: Annotated[Encoding | None, typer.Option(help="None: detected.")] = None,
    separator: Annotated[Separator | None, typer.Option(help="None: detected.")] = None,
    quote: Annotated[Quote, typer.Option(help="What stands around cells.")] = Quote.DOUBLE,
    header: Annotated[
        int | None, typer.Option(min=1, help="Line of the column names; none: detected.")
    ] = None,
    decimal: Annotated[Decimals | None, typer.Option(help="None: detected.")] = None,
    dates: Annotated[Dates | None, typer.Option(help="Order of dates; none: detected.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="When the file is from; none: the newest day in it."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="REJECTS.csv", help="Where rejected rows are told.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="EVENTS.jsonl", help="Write the events there; publish nothing."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell everything; publish nothing.")
    ] = False,
    rules: RulesFile = None,
) -> None:
    """Publish the rows of an ERP's file as events.

    What the format is found to be is shown before anything is published; each part of it can be
    told by an option. Every row is accounted for. Events are named by their content, so doing it
    again changes nothing. The exit status is 3 where rows were rejected, 1 where not all events
    were acknowledged, 2 where nothing could be done. Limits are told by --rules.

    Example: nyxter import contracts base.csv --rejects rejected.csv --dry-run
    """
    from streams.cli.importing_run import Ends, run  # noqa: PLC0415
    from streams.importing.job import Wishes  # noqa: PLC0415

    publishes = not (dry_run or out)
    settings = broker_settings() if publishes else settings_of()
    wishes = Wishes(
        file,
        _candidates(what, preset, columns),
        rules_of(rules or settings.rules).limits,
        encoding,
        _SEPARATORS.get(separator, str(separator)) if separator else None,
        "" if quote is Quote.NONE else str(quote),
        header,
        decimal,
        dates,
        as_of,
    )
    raise typer.Exit(run(settings, wishes, Ends(rejects, out, publishes=publishes)))


def _candidates(what: What, preset: str | None, columns: Path | None) -> Mapping[str, Columns]:
    """Return the columns that the file may have, by where they are named."""
    if columns is None:
        return _shipped(what, preset)
    if preset is not None:
        raise failure("--preset and --columns both name columns: give one")
    try:
        named = load_columns(columns)
    except ColumnsError as error:
        raise failure(str(error)) from None
    except OSError as error:
        raise failure(f"{columns}: {error.strerror}") from None
    if named.what is not what:
        raise failure(f"{columns}: is for {named.what}, not for {what}")
    return {str(columns): named}


def _shipped(what: What, preset: str | None) -> Mapping[str, Columns]:
    known = presets(what)
    if preset is None:
        return known
    if preset not in known:
        raise failure(f"--preset {preset}: of {what} there are {', '.join(known)}")
    return {preset: known[preset]}
