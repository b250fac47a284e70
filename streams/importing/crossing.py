"""A customer's record, crossed from the rows of their contracts."""

from collections.abc import Sequence
from typing import Final

from duckdb import DuckDBPyConnection

from streams.importing.fields import DAY_OF, What
from streams.importing.sheet import Bound

_DAY: Final = DAY_OF[What.CONTRACTS]


def cross(db: DuckDBPyConnection, bound: Sequence[Bound]) -> dict[str, int]:
    """Make the table ``crossed`` of ``good``: a row a customer; return who disagrees on what.

    What most rows of a customer tell is taken; at a draw what the newest contract tells. For each
    field that rows of one customer contradict each other in: of how many customers.
    """
    day = next(one.name for one in bound if one.field.name == _DAY)
    told = [one for one in bound if one.part != "event"]
    disagreeing = {}
    for one in told:
        db.execute(
            f"""create table {one.name}_of as with said as (
                    select subject, {one.name} as value, count(*) as times, max({day}) as newest
                    from good where {one.name} is not null group by all)
                select subject, count(*) > 1 as is_disputed,
                       first(value order by times desc, newest desc, value desc) as value
                from said group by subject"""  # noqa: S608
        )
        query = f"select count(*) from {one.name}_of where is_disputed"  # noqa: S608
        found = db.execute(query).fetchone()
        disagreeing[one.field.name] = found[0] if found else 0
    _join(db, told)
    return {name: count for name, count in disagreeing.items() if count}


def _join(db: DuckDBPyConnection, told: Sequence[Bound]) -> None:
    values = "".join(f", {one.name}_of.value as {one.name}" for one in told)
    joins = " ".join(f"left join {one.name}_of using (subject)" for one in told)
    content = ", ".join(f"coalesce({one.name}, chr(30))" for one in told)
    db.execute(
        f"""create table crossed as with every as (
                select subject, max(time) as time from good group by subject),
            joined as (select subject, time {values} from every {joins})
            select *, left(sha256(concat_ws(chr(31), 'record', subject, time, {content})), 32)
                      as event_id from joined"""  # noqa: S608
    )
