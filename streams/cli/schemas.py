"""`nyxter schemas`: JSON Schemas of all events, outputs and rules, as files."""

from pathlib import Path
from typing import Annotated, Final

import typer

from schemas.rules import Rules
from streams.cli.arguments import RulesFile, rules_of, unwritable

_INDEX: Final = """# JSON Schemas

JSON Schema 2020-12, made by `nyxter schemas --to docs/schemas` from the models that read and
write; with `--rules nyxter.toml` by the limits of other rules. A test sees to it that they are
fresh.

| schema | of | |
|---|---|---|
{rows}

What comes in is open: further fields are passed over. What goes out is closed: a field more is a
new schema. A control event comes on `nyxter.control.v1`; people send them by `nyxter model accept`
and `nyxter triggers release`. In binary mode the value of a record is as `properties/data`.

A schema takes whatever the decoder takes, and refuses what a schema can. It cannot say that a day
exists (30 February), that a time is not a day ahead, how many bytes of UTF-8 a text has (it counts
characters), that a number has at most 40 digits a side, or that names in the rules fit together:
`nyxter replay` tells all of it. Patterns are ECMA-262: where `$` also stands before a last line
feed (Python), that one is let through.
"""


def schemas(
    to: Annotated[Path, typer.Option(help="The directory to write to; it is made if missing.")],
    rules: RulesFile = None,
) -> None:
    """Write JSON Schemas of all events, outputs and rules, with an index.

    Lengths are those of the rules' limits. Files of other names stay as they are.

    Example: nyxter schemas --to docs/schemas
    """
    try:
        count = write_schemas(to, rules_of(rules))
    except OSError as error:
        raise unwritable(error) from None
    typer.echo(f"{count} schemas in {to}")


def write_schemas(to: Path, rules: Rules) -> int:
    """Write all schemas and an index of them; return how many (OSError)."""
    from schemas.documents import documents  # noqa: PLC0415
    from schemas.envelope import readable  # noqa: PLC0415

    to.mkdir(parents=True, exist_ok=True)
    rows = []
    for document in documents(rules.limits):
        (to / f"{document.name}.json").write_bytes(readable(document.schema))
        summary = document.schema["description"].partition(". ")[0].rstrip(".")
        rows.append(f"| [`{document.name}`]({document.name}.json) | {document.where} | {summary} |")
    (to / "README.md").write_text(_INDEX.format(rows="\n".join(rows)), "utf-8")
    return len(rows)
