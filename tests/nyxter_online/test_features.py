"""What contracts and a record come to: counts that are kept up, features, the card's facts."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nyxter_online.features import (
    NO_CONTRACTS,
    UNKNOWN_BAND,
    Portfolio,
    category_of,
    clipped,
    features_of,
    month_of,
)
from nyxter_online.registers import Contract, Record

TODAY = date(2026, 11, 22).toordinal()
CONTRACTS = st.builds(
    lambda brand, product, status, ago, hosting: Contract(
        "t", "i", "s", b"{}", brand, product, status, TODAY - ago, hosting
    ),
    st.sampled_from(["Datasul", "Protheus", "RM"]),
    st.sampled_from(["RH Folha", "Gestão de Pessoas", "MES", "  infra nuvem", "Comercial"]),
    st.sampled_from(["ATIVO", " ativo", "CANCELADO", "GRATUITO"]),
    st.integers(-40, 6_000),
    st.sampled_from([None, "", "TOTVS CLOUD", "ON PREMISES"]),
)


def record(**fields: str) -> Record:
    return Record("t", "i", "s", b"{}", fields, {})


def counted(contracts: Sequence[Contract]) -> Portfolio:
    portfolio = Portfolio()
    for contract in contracts:
        portfolio.count(contract, 1)
    return portfolio


@given(st.lists(CONTRACTS, min_size=1, max_size=12), st.lists(CONTRACTS, max_size=6))
def test_contracts_given_and_taken_back_leave_no_trace(
    kept: list[Contract], passing: list[Contract]
) -> None:
    portfolio, plain = counted([*passing, *kept]), counted(kept)
    for contract in passing:
        portfolio.count(contract, -1)
    month = month_of(TODAY)
    assert features_of(portfolio, None) == features_of(plain, None)
    assert portfolio.facts(month) == plain.facts(month)


@given(st.lists(CONTRACTS, min_size=1, max_size=12))
def test_features_and_facts_are_those_of_a_plain_count(contracts: list[Contract]) -> None:
    portfolio, month = counted(contracts), month_of(TODAY)
    months = [month_of(contract.signed_on) for contract in contracts]
    brands = Counter(contract.brand for contract in contracts)
    assert features_of(portfolio, None) == (
        len(brands),
        min(months),
        UNKNOWN_BAND,
        len(contracts),
    )
    active = [c for c in contracts if c.status.strip().upper() == "ATIVO"]
    assert portfolio.facts(month) == {
        "active_contracts": len(active),
        "hired_last_12_months": len([m for m in months if 0 <= month - m < 12]),
        "hosting": sorted({c.hosting for c in contracts if c.hosting}),
        "product_categories": sorted({category_of(c.product) for c in contracts}),
    }


def test_the_records_date_goes_before_the_first_contract() -> None:
    portfolio = counted([Contract("t", "i", "s", b"{}", "RM", "RH", "ATIVO", TODAY, None)])
    known = record(customer_since="1999-03-31", revenue_band="7")
    assert features_of(portfolio, known) == (1, (1999 - 1970) * 12 + 2, 7, 1)
    assert features_of(portfolio, record())[2] == UNKNOWN_BAND


def test_months_are_those_of_the_calendar() -> None:
    assert month_of(date(1970, 1, 31).toordinal()) == 0
    assert month_of(date(2026, 11, 22).toordinal()) == 682
    last = date(2025, 12, 1).toordinal()
    before = last - timedelta(days=1).days
    one = counted(
        [Contract("t", "i", "s", b"{}", "RM", "RH", "ATIVO", day, None) for day in (last, before)]
    )
    assert one.facts(month_of(TODAY))["hired_last_12_months"] == 1


@pytest.mark.parametrize(
    ("row", "bounded"),
    [
        ((1, 5, -1, 1), (1, 5, -1, 1)),
        ((300, -7, 11, 10**6), (255, 0, 11, 4_095)),
        ((255, 5_000, 0, 4_095), (255, 1_023, 0, 4_095)),
    ],
)
def test_what_the_mixture_takes_is_bounded(
    row: tuple[int, int, int, int], bounded: tuple[int, int, int, int]
) -> None:
    assert clipped(row) == bounded


@pytest.mark.parametrize(
    ("product", "category"),
    [
        ("RH Folha", "RH"),
        ("gestão", "GESTAO"),
        ("GESTAO-X", "OUTROS"),
        ("Financeiro 12", "FINANCEIRO"),
        ("", "OUTROS"),
        ("  ", "OUTROS"),
        ("\u3042", "OUTROS"),
    ],
)
def test_the_first_word_of_a_product_is_its_category(product: str, category: str) -> None:
    assert category_of(product) == category


def test_a_customer_without_contracts_shares_a_portfolio_of_nothing() -> None:
    assert NO_CONTRACTS.contracts == 0
    assert NO_CONTRACTS.facts(682)["active_contracts"] == 0
