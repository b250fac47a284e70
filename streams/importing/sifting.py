"""Good rows sifted: what is told again, what contradicts itself, and what is taken."""

from collections.abc import Iterable, Sequence
from typing import Final

from duckdb import DuckDBPyConnection

from streams.importing.columns import Columns
from streams.importing.fields import CANCELLED, DAY_OF, ID_OF, RECORDED_AT
from streams.importing.outcome import Outcome
from streams.importing.records import Flaw
from streams.importing.sheet import Bound, key_fields

_UNIT: Final = "chr(31)"
_NONE: Final = "chr(30)"
_ID_LETTERS: Final = 32


def newest_day(db: DuckDBPyConnection, columns: Columns, bound: Sequence[Bound]) -> str | None:
    """Return the newest day of an order or a contract that good rows tell (YYYY-MM-DD).

    Of customers it is the newest instant at which one was recorded; None where nothing tells any.
    """
    day = _named(bound, DAY_OF.get(columns.what, RECORDED_AT.name))
    if day is None:
        return None
    found = db.execute(f"select max({day}) from typed where problem is null").fetchone()  # noqa: S608
    return found[0] if found else None


def sift(db: DuckDBPyConnection, columns: Columns, bound: Sequence[Bound], time: str) -> None:
    """Make the table ``sifted`` of the good rows of ``typed``.

    To the fields it adds ``subject``, ``id`` (of the order or contract, else empty),
    ``is_cancelled``, ``time`` (`time` where the row tells none), ``event_id``, ``outcome`` (taken,
    exact repeat or contradiction) and ``winner``, the line that is taken instead.

    Of contradicting rows the content that most of them tell is taken, at a draw the one whose
    event has the greatest id: no order of rows matters.
    """
    told = [one for one in bound if one.part == "event" or columns.what not in ID_OF]
    content = [one.name for one in told if one.field not in (RECORDED_AT, CANCELLED)]
    recorded = _named(bound, RECORDED_AT.name)
    db.execute(
        f"""create table good as
            select *, coalesce({recorded or "null"}, $time) as time,
                   {_cancelled(columns, bound)} as is_cancelled,
                   {_digest([*content, "is_cancelled::varchar"])} as content,
                   {_named(bound, "customer_id")} as subject, {_id(columns, bound)} as id
            from typed where problem is null""",  # noqa: S608
        {"time": time},
    )
    db.execute(
        f"""create table sifted as with counted as (
                select *, count(*) over told as times,
                       row_number() over (told order by line) as copy
                from good window told as (partition by subject, id, time, content)),
            ranked as (
                select *, first_value(content) over best as won,
                       first_value(line) over best as winner
                from counted
                window best as (partition by subject, id, time
                                order by times desc, content desc, line))
            select * exclude (times, copy, won),
                   left(sha256('{columns.what}' || content || id || time), {_ID_LETTERS})
                       as event_id,
                   case when copy > 1 then '{Outcome.REPEAT}'
                        when content <> won then '{Outcome.CONTRADICTION}'
                        else '{Outcome.TAKEN}' end as outcome
            from ranked"""  # noqa: S608
    )


def counts(db: DuckDBPyConnection) -> dict[Outcome, int]:
    """Return how many good rows came to what."""
    rows = db.execute("select outcome, count(*) from sifted group by outcome").fetchall()
    return {Outcome(outcome): count for outcome, count in rows}


def contradictions(db: DuckDBPyConnection) -> Iterable[Flaw]:
    """Yield the rows that are not taken, because others of the same key say otherwise."""
    rows = db.execute(
        f"""select line, winner from sifted where outcome = '{Outcome.CONTRADICTION}'
            order by line"""  # noqa: S608
    ).fetchall()
    for line, winner in rows:
        reason = f"says otherwise of the same key than line {winner}, which is taken"
        yield Flaw(line, "", Outcome.CONTRADICTION, reason)


def _named(bound: Sequence[Bound], field: str) -> str | None:
    return next((one.name for one in bound if one.field.name == field), None)


def _cancelled(columns: Columns, bound: Sequence[Bound]) -> str:
    name = _named(bound, CANCELLED.name)
    values = ", ".join(
        "'" + text.upper().replace("'", "''") + "'" for text in columns.cancelled_when
    )
    return f"coalesce({name} in ({values}), false)" if name and values else "false"


def _digest(names: Iterable[str]) -> str:
    parts = ", ".join(f"coalesce({name}, {_NONE})" for name in names)
    return f"sha256(concat_ws({_UNIT}, {parts}))"


def _id(columns: Columns, bound: Sequence[Bound]) -> str:
    """Return what a row's id is, in SQL."""
    name = ID_OF.get(columns.what)
    if name is None:
        return "''"
    if not columns.id_from:
        return _named(bound, name) or "''"
    made = f"left({_digest(key_fields(columns, bound))}, {_ID_LETTERS})"
    if columns.identical_rows == "repeat":
        return made
    number = "row_number() over (partition by content order by line)"
    return f"{made} || '-' || {number}"
