"""The simulated base has the published shape, and what happens on it has every kind of event."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from nyxter_online.simulate import TODAY, CloudEvent, base, live
from nyxter_online.simulate.columns import apportioned
from nyxter_online.simulate.world import draw_world
from schemas.envelope import read_json
from schemas.events import BUSINESS, event_of
from schemas.instant import business_day
from schemas.rules import read_rules

SEED = 7
WHOLE, SMALL = 10_615, 500
START = datetime(2026, 11, 22, 13, tzinfo=UTC)
EXAMPLE = Path(__file__).parent.parent / "examples" / "nyxter.toml"

# facts.json: customers and means of the four profiles, buyers of the year by orders.
MEASURES = ("tenure_months", "active_contracts", "hired_last_12_months", "contracts")
PUBLISHED = {
    "Novos Clientes": (4_724, 22, 6, 1, 9),
    "Clientes em Expansão": (919, 66, 12, 2, 22),
    "Clientes Leais": (1_045, 100, 20, 7, 42),
    "Clientes Estratégicos": (3_927, 109, 18, 4, 33),
}
F_SCORES = {1: 3_336, 2: 401, 3: 204, 4: 112}

Data = dict[str, Any]


def text(event: CloudEvent) -> str:
    return json.dumps(event, ensure_ascii=False)


def first_live(count: int, customers: int = SMALL, **options: Any) -> list[CloudEvent]:
    return list(islice(live(SEED, customers, START, **options), count))


@dataclass
class Survey:
    """What a base comes to: registers by the greatest version, and counts of events."""

    customers: int
    kinds: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    behind: list[float] = field(default_factory=list)
    first_time: str = ""
    last_time: str = ""
    contracts: dict[str, tuple[str, str, Data]] = field(default_factory=dict)
    orders: dict[str, tuple[str, str, Data]] = field(default_factory=dict)

    def read(self, events: Iterable[CloudEvent]) -> "Survey":
        seen: set[tuple[str, str]] = set()
        for event in events:
            name = event["source"], event["id"]
            self.repeated += name in seen
            seen.add(name)
            self.kinds[event["type"]] += 1
            self._clock(event["time"])
            self._register(event)
        return self

    def _clock(self, time: str) -> None:
        self.first_time = self.first_time or time
        if time >= self.last_time:
            self.last_time = time
        else:
            gap = datetime.fromisoformat(self.last_time) - datetime.fromisoformat(time)
            self.behind.append(gap / timedelta(days=1))

    def _register(self, event: CloudEvent) -> None:
        data, time = event["data"], event["time"]
        for registers, key in ((self.contracts, "contract_id"), (self.orders, "order_id")):
            if key in data and (data[key] not in registers or registers[data[key]][0] <= time):
                registers[data[key]] = time, event["subject"], data

    def contracts_of_customers(self) -> dict[str, list[Data]]:
        owned = defaultdict(list)
        for _, subject, data in self.contracts.values():
            owned[subject].append(data)
        return owned

    def sales(self, since: date, until: date) -> Counter[str]:
        return Counter(
            subject
            for _, subject, data in self.orders.values()
            if "ordered_on" in data
            and data["operation_nature"] != "5910"
            and since <= date.fromisoformat(data["ordered_on"]) <= until
        )


@pytest.fixture(scope="module")
def whole() -> Survey:
    return Survey(WHOLE).read(base(SEED))


@pytest.fixture(scope="module")
def small() -> Survey:
    return Survey(SMALL).read(base(SEED, SMALL))


@pytest.mark.parametrize("customers", [1, 37, SMALL])
def test_the_same_arguments_give_the_same_bytes(customers: int) -> None:
    assert list(map(text, base(SEED, customers))) == list(map(text, base(SEED, customers)))
    assert list(map(text, first_live(2_000, customers))) == list(
        map(text, first_live(2_000, customers))
    )


def test_another_seed_gives_another_base() -> None:
    assert list(base(SEED, 37)) != list(base(SEED + 1, 37))
    other = list(islice(live(SEED + 1, SMALL, START), 100))
    assert first_live(100) != other


def test_another_day_moves_every_day_alike() -> None:
    a_week = timedelta(days=7)
    for event, later in zip(base(SEED, 37), base(SEED, 37, TODAY + a_week), strict=True):
        assert event["id"] == later["id"]
        assert datetime.fromisoformat(event["time"]) + a_week == datetime.fromisoformat(
            later["time"]
        )


def test_counts_of_the_whole_base(whole: Survey) -> None:
    assert set(whole.kinds) == set(BUSINESS)
    assert whole.kinds["nyxter.contract.recorded.v1"] == pytest.approx(236_000, rel=0.02)
    assert WHOLE < whole.kinds["nyxter.customer.recorded.v1"] < 1.2 * WHOLE
    assert whole.kinds["nyxter.purchase.recorded.v1"] > 12_000
    assert whole.kinds["nyxter.purchase.cancelled.v1"] > 200
    assert whole.kinds["nyxter.customer.erased.v1"] >= 10


@pytest.mark.parametrize("profile", range(4), ids=list(PUBLISHED))
@pytest.mark.parametrize(("customers", "tolerance"), [(WHOLE, 0.05), (SMALL, 0.25)])
def test_contracts_are_calibrated_on_the_published_profiles(
    profile: int, customers: int, tolerance: float, whole: Survey, small: Survey
) -> None:
    survey = whole if customers == WHOLE else small
    size, *means = list(PUBLISHED.values())[profile]
    members = draw_world(SEED, customers).customers.profile == profile
    assert members.sum() == pytest.approx(size * customers / WHOLE, abs=1)
    measured = means_of(survey, [f"T{row + 1:06d}" for row in members.nonzero()[0]])
    named = dict(zip(MEASURES, measured, strict=True))
    print(list(PUBLISHED)[profile], customers, named)  # noqa: T201 - `pytest -s` shows the means
    for mean, published in zip(measured, means, strict=True):
        assert mean == pytest.approx(published, rel=tolerance, abs=0.1)


def means_of(survey: Survey, subjects: list[str]) -> list[float]:
    owned = survey.contracts_of_customers()
    a_year_ago = (TODAY - timedelta(days=365)).isoformat()
    rows = []
    for contracts in (owned[subject] for subject in subjects):
        signed = [contract["signed_on"] for contract in contracts]
        tenure = (TODAY - date.fromisoformat(min(signed))).days / (365 / 12)
        active = sum(contract["status"] == "ATIVO" for contract in contracts)
        rows.append((tenure, active, sum(day > a_year_ago for day in signed), len(contracts)))
    return [fmean(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("customers", [WHOLE, SMALL])
def test_buyers_of_the_year_are_the_published_ones(
    customers: int, whole: Survey, small: Survey
) -> None:
    survey = whole if customers == WHOLE else small
    sales = survey.sales(TODAY - timedelta(days=364), TODAY)
    expected = apportioned(round(4_053 * customers / WHOLE), list(F_SCORES.values()))
    found = Counter(min(4, orders) for orders in sales.values())
    assert [found[f] for f in F_SCORES] == expected.tolist()


def test_others_bought_earlier_or_never(whole: Survey) -> None:
    this_year = whole.sales(TODAY - timedelta(days=364), TODAY)
    ever = whole.sales(date.min, TODAY)
    dormant, never = len(ever.keys() - this_year.keys()), WHOLE - len(ever)
    assert dormant > 1_000
    assert never > 1_000


def test_a_small_base_has_the_same_proportions(whole: Survey, small: Survey) -> None:
    for kind, count in whole.kinds.items():
        expected = count * SMALL / WHOLE
        assert small.kinds[kind] == pytest.approx(expected, rel=0.15, abs=12)


def test_time_runs_on_but_for_what_is_late_or_repeated(whole: Survey) -> None:
    events = whole.kinds.total()
    assert 0.002 * events < whole.repeated < 0.01 * events
    assert 0.002 * events < len(whole.behind) < 0.02 * events
    assert max(whole.behind) < 20  # late by ten days, and repeated ten days after that
    assert whole.last_time < f"{TODAY}T00:00:00Z"
    assert whole.last_time > f"{TODAY - timedelta(days=1)}T12:00:00Z"


@pytest.mark.parametrize("source", ["base", "live"])
def test_a_repeated_event_is_the_same_in_everything(source: str) -> None:
    events = list(base(SEED, SMALL)) if source == "base" else first_live(4_000)
    texts = defaultdict(list)
    for event in events:
        texts[event["source"], event["id"]].append(text(event))
    repeated = [found for found in texts.values() if len(found) > 1]
    assert len(repeated) > 10
    assert all(len(set(found)) == 1 for found in repeated)


@pytest.mark.parametrize("source", ["base", "live"])
def test_every_event_is_one_that_the_schemas_take(source: str) -> None:
    events = list(base(SEED, SMALL)) if source == "base" else first_live(4_000)
    assert {event["type"] for event in events} == set(BUSINESS)
    for event in events:
        event_of(read_json(text(event)))


def test_records_know_what_the_field_knows() -> None:
    events = list(base(SEED, SMALL))
    records = [e["data"] for e in events if e["type"] == "nyxter.customer.recorded.v1"]
    known = [set(record.get("attributes", {})) for record in records]
    assert {record.get("customer_type") for record in records} == {
        "industria",
        "varejo",
        "atacado",
        None,
    }
    assert len({record["segment"] for record in records}) == 13
    assert {"SEM INFORMAÇÕES", 0, 5, 11, None} <= {r.get("revenue_band") for r in records}
    assert {frozenset(names) for names in known} == {
        frozenset(),
        frozenset({"filiais"}),
        frozenset({"vendedores_externos"}),
        frozenset({"filiais", "vendedores_externos"}),
    }


def test_contracts_say_what_the_field_says(small: Survey) -> None:
    contracts = [data for _, _, data in small.contracts.values()]
    assert {c["status"] for c in contracts} == {"ATIVO", "CANCELADO", "TROCADO", "GRATUITO"}
    assert {c.get("hosting") for c in contracts} == {"ON PREMISES", "TOTVS CLOUD", None}
    first_words = {c["product"].split()[0] for c in contracts}
    assert {"RH", "GESTAO", "INFRA", "COMERCIAL", "FINANCEIRO"} < first_words


def test_orders_have_natures_amounts_and_versions(whole: Survey) -> None:
    orders = [data for _, _, data in whole.orders.values() if "ordered_on" in data]
    assert {order["operation_nature"] for order in orders} == {"5102", "6102", "5910"}
    assert sum(order["ordered_on"] > TODAY.isoformat() for order in orders) > 10
    priced = [order for order in orders if "value" in order]
    assert 0 < len(orders) - len(priced) < 100  # still without invoice
    margins = [order for order in priced if "margin" in order]
    assert len(margins) / len(priced) == pytest.approx(0.9, abs=0.02)
    ratio = fmean(float(Decimal(m["margin"]) / Decimal(m["value"])) for m in margins)
    assert ratio == pytest.approx(0.3, abs=0.01)
    assert all(Decimal(order["value"]).as_tuple().exponent == -2 for order in priced)


@pytest.mark.parametrize("source", ["base", "live"])
def test_orders_are_invoiced_amended_and_cancelled(source: str) -> None:
    events = list(base(SEED, SMALL)) if source == "base" else first_live(4_000)
    versions: defaultdict[str, dict[str, Data]] = defaultdict(dict)
    for event in events:
        if "order_id" in event["data"]:
            versions[event["data"]["order_id"]][event["time"]] = event["data"]
    fates = Counter(
        fate([data for _, data in sorted(found.items())])
        for found in versions.values()
        if len(found) > 1
    )
    assert min(fates[name] for name in ("invoiced", "amended", "cancelled")) > 3


def fate(versions: list[Data]) -> str:
    if "ordered_on" not in versions[-1]:
        return "cancelled"
    return "amended" if "value" in versions[0] else "invoiced"


def test_live_time_runs_at_its_pace_but_for_late_orders_and_repeats() -> None:
    events = first_live(4_000, per_second=200.0)
    latest, behind = "", Counter()
    seen = set()
    for event in events:
        if event["time"] < latest and event["id"] not in seen:
            behind[event["type"]] += 1
        latest = max(latest, event["time"])
        seen.add(event["id"])
    assert set(behind) == {"nyxter.purchase.recorded.v1"}
    assert 0.01 < behind.total() / len(events) < 0.06
    span = datetime.fromisoformat(latest) - START
    assert span.total_seconds() == pytest.approx(len(events) / 200, rel=0.1)


def test_live_orders_are_of_the_business_day_they_were_made_on() -> None:
    just_before_midnight = datetime(2026, 11, 23, 2, 59, 50, tzinfo=UTC)
    events = islice(live(SEED, SMALL, just_before_midnight), 1_000)
    new = [e for e in events if is_new_order(e)]
    ahead = [e for e in new if e["data"]["ordered_on"] > business_day(e["time"]).isoformat()]
    today = [e for e in new if e["data"]["ordered_on"] == business_day(e["time"]).isoformat()]
    assert {"2026-11-22", "2026-11-23"} <= {e["data"]["ordered_on"] for e in today}
    assert len(ahead) < 0.02 * len(new)


def is_new_order(event: CloudEvent) -> bool:
    data = event["data"]
    return "ordered_on" in data and data["order_id"].startswith("P2611")


def test_live_is_mostly_orders_of_which_many_wake_the_dormant(small: Survey) -> None:
    recently = small.sales(TODAY - timedelta(days=364), TODAY)
    dormant = small.sales(date.min, TODAY).keys() - recently.keys()
    events = first_live(400)
    buyers = {e["subject"] for e in events if is_new_order(e)}
    assert sum(map(is_new_order, events)) > 0.5 * len(events)
    assert len(buyers & dormant) > 0.3 * len(dormant)


def test_live_has_a_few_big_buyers() -> None:
    spent: Counter[str] = Counter()
    for event in first_live(3_000, WHOLE):
        if is_new_order(event) and "value" in event["data"]:
            spent[event["subject"]] += int(Decimal(event["data"]["value"]))
    biggest = sum(amount for _, amount in spent.most_common(53))
    assert biggest > 0.3 * spent.total()


def test_live_goes_on_from_the_base(small: Survey) -> None:
    events = first_live(3_000)
    orders = {e["data"]["order_id"] for e in events if "order_id" in e["data"]}
    contracts = {e["data"]["contract_id"] for e in events if "contract_id" in e["data"]}
    assert orders & small.orders.keys()
    assert orders - small.orders.keys()
    assert contracts & small.contracts.keys()
    assert contracts - small.contracts.keys()
    assert "T000501" in {e["subject"] for e in events}


def test_a_contract_that_changes_live_keeps_all_but_its_status(small: Survey) -> None:
    changed = [
        e["data"] for e in first_live(3_000) if e["data"].get("contract_id") in small.contracts
    ]
    assert changed
    for data in changed:
        _, _, before = small.contracts[data["contract_id"]]
        assert {**data, "status": ""} == {**before, "status": ""}
        assert data["status"] != before["status"]


def test_who_asks_to_be_forgotten_is_not_heard_of_again() -> None:
    events = first_live(6_000)
    erased = {e["subject"]: e["time"] for e in events if e["type"] == "nyxter.customer.erased.v1"}
    assert erased
    for event in events:
        assert event["time"] <= erased.get(event["subject"], event["time"])


@pytest.mark.parametrize("customers", [0, -1, 900_000])
def test_a_base_has_customers_and_a_number_for_each(customers: int) -> None:
    with pytest.raises(ValueError, match="customers"):
        next(base(SEED, customers))


@pytest.mark.parametrize(
    ("start", "per_second"),
    [(START.replace(tzinfo=None), 50.0), (START, 0.0), (START, float("nan"))],
)
def test_live_refuses_what_makes_no_time(start: datetime, per_second: float) -> None:
    with pytest.raises(ValueError, match=r"start|per_second"):
        live(SEED, SMALL, start, per_second=per_second)


def test_the_example_rules_spell_out_the_defaults() -> None:
    rules, defaults = read_rules(EXAMPLE.read_text("utf-8")), read_rules("")
    for table in ("tiers", "campaigns", "channels", "rfm"):
        assert getattr(rules, table) == getattr(defaults, table)
    assert rules.analysis.compare_by == ("customer_type",)
    assert [potential.attribute for potential in rules.potential] == [
        "filiais",
        "vendedores_externos",
    ]
    assert rules.moves_account("5102")
    assert not rules.moves_account("5910")
