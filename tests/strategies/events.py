"""Events of a few customers with few orders, close together in time."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from strategies.choices import mostly_all, weighted
from strategies.rules import ATTRIBUTES

Event = dict[str, Any]

IDS = ["e1", "e10", "e2", "é", "\U0001f600", "\uffee"]
SOURCES = ["/erp/datasul", "/erp", "/erp/ç"]
SUBJECTS = ["K1", "K2", "K3", "K4", "K5", "k1", "Ação 7"]
ORDERS = ["o1", "o2", "o3", "ó4"]
REVENUE_BANDS = [0, 5, 11, "FAIXA 00 - ATE 4,5 M", "FAIXA 11 - ACIMA DE 850 M", "SEM INFORMAÇÕES"]


@cache
def events(
    as_of: date = date(2026, 11, 22), max_events: int = 40
) -> st.SearchStrategy[list[Event]]:
    """Events of a few customers with a few orders, in the days around `as_of`, in any order."""
    purchase = _event("purchase.recorded", _purchases(as_of), as_of)
    record = _event("customer.recorded", _records(), as_of)
    cancelled = _event("purchase.cancelled", st.builds(_keyed, st.sampled_from(ORDERS)), as_of)
    contract = _event("contract.recorded", _contracts(as_of), as_of)
    erased = _event("customer.erased", st.sampled_from([{}, None]), as_of)
    rare = st.one_of(cancelled, contract, erased)
    any_event = weighted((12, purchase), (8, record), (2, cancelled), (1, rare))
    few = st.lists(any_event, max_size=min(max_events, 6))
    many = st.lists(any_event, min_size=max_events // 2, max_size=max_events)
    return weighted((1, few), (3, many))


def stamps(as_of: date = date(2026, 11, 22)) -> st.SearchStrategy[str]:
    """RFC 3339 stamps around the end of `as_of`: few instants, each written in many ways."""
    tomorrow = as_of + timedelta(days=1)
    zone = ZoneInfo("America/Sao_Paulo")
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)
    fractions = ["", ".0", ".5", ".500", ".0000001", ".00000010", ".0000002", ".999999999999"]
    past = [-72, -48, -24, -1, -9_000] * 4
    return st.sampled_from(
        [
            _written(midnight + timedelta(hours=hours), minutes, fraction)
            for hours in [*past, 0, 23, 24, 25]
            for minutes in (0, -180, 330, 1_439, -1_439)
            for fraction in fractions
        ]
    )


def _written(moment: datetime, offset_minutes: int, fraction: str) -> str:
    local = moment.astimezone(timezone(timedelta(minutes=offset_minutes))).isoformat()
    return local[:19] + fraction + local[19:].replace("+00:00", "Z" if fraction else "-00:00")


def _event(kind: str, data: st.SearchStrategy[Any], as_of: date) -> st.SearchStrategy[Event]:
    return st.fixed_dictionaries(
        {
            "specversion": st.just("1.0"),
            "id": st.sampled_from(IDS),
            "source": st.sampled_from(SOURCES),
            "type": st.just(f"nyxter.{kind}.v1"),
            "subject": st.sampled_from(SUBJECTS),
            "time": stamps(as_of),
            "data": data,
        }
    )


def _keyed(order_id: str) -> dict[str, str]:
    return {"order_id": order_id}


def _purchases(as_of: date) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "order_id": st.sampled_from(ORDERS),
            "ordered_on": _order_days(as_of),
            "operation_nature": st.sampled_from(["5102", "5102", "6102", "5910"]),
        },
        optional={"value": money(), "margin": money()},
    )


def _order_days(as_of: date) -> st.SearchStrategy[str]:
    """Days near the edges of the periods, some as a local time, some as an instant elsewhere."""
    near = [0, -1, -2, -3, -7, -8, 1] * 6
    far = [-28, -30, -364, -365, -366, -400, -3_000, -30_000]
    late, early = "T23:59:59.9999999", "T00:00:00"
    clocks = ["", early, late, f"{early}Z", f"{early}+05:30", f"{late}-05:00"]
    midnights = ["T02:59:59.9999999Z", "T03:00:00Z", "T01:59:59-01:00", "T00:00:00-03:00"]
    return st.sampled_from(
        [
            f"{as_of + timedelta(days=days)}{clock}"
            for days in near + far
            for clock in [""] * 10 + clocks + midnights
        ]
    )


def money() -> st.SearchStrategy[Any]:
    """Money as a string, an integer or a JSON number; sums meet near half of a fourth digit.

    No two different amounts among the numbers are the same IEEE double: canonical JSON would call
    them one version.
    """
    texts = ["10.00", "1234.5", "1000.1", "234.4", "-10.00", "12345678901234567890.12"]
    numbers = [10, 1_234, 99_995, 100_000, -1_234, 0, 9_007_199_254_740_993]
    exact = ["234.4", "0.1", "1234.4999999999999999999", "12345678901234567.89"]
    common = [*texts, *numbers, *map(Decimal, exact)]
    return st.sampled_from([*common, *common, None, None, None, "10.00", "10.00"])


@cache
def _records() -> st.SearchStrategy[dict[str, Any]]:
    """A customer record; a field may be null or left out."""
    quantity = st.sampled_from([*range(21), 10**6, None])
    attributes = mostly_all(dict.fromkeys([*ATTRIBUTES, "desconhecido"], quantity))
    return mostly_all(
        {
            "customer_type": st.sampled_from(["varejo", "indústria", "", None]),
            "segment": st.sampled_from(["VAREJO", "VAREJO", "SAUDE", None]),
            "revenue_band": st.sampled_from([*REVENUE_BANDS, None]),
            "customer_since": st.sampled_from(["2020-01-01", "2020-01-01", "2021-12-31", None]),
            "state": st.sampled_from(["SP", "SP", "SC", None]),
            "city": st.sampled_from(["São Paulo", "São Paulo", "Joinville", None]),
            "attributes": weighted((8, attributes), (1, st.none())),
        }
    )


def _contracts(as_of: date) -> st.SearchStrategy[dict[str, Any]]:
    signed = [as_of - timedelta(days=days) for days in (0, 40, 4_000)]
    return st.fixed_dictionaries(
        {
            "contract_id": st.sampled_from(["k1", "k2"]),
            "product": st.sampled_from(["RH FOLHA", "GESTAO X", "outra coisa"]),
            "brand": st.sampled_from(["RM", "PROTHEUS"]),
            "status": st.sampled_from(["ATIVO", "CANCELADO", "TROCADO", "GRATUITO"]),
            "signed_on": st.sampled_from(signed).map(str),
        },
        optional={"hosting": st.sampled_from(["ON PREMISES", "TOTVS CLOUD", None])},
    )
