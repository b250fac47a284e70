"""Columns: what the shipped files name, what one's own may, and rows that speak of one key."""

from pathlib import Path
from typing import Any

import pytest
from import_command import Imported, import_command

from streams.importing.columns import ColumnsError, presets, read_columns
from streams.importing.fields import What

OWN = """
what = "contracts"

[columns]
customer_id = "Cliente"
contract_id = ["Contrato", "Nº do contrato"]
product = "Produto"
brand = "Marca"
status = "Situação"
signed_on = "Assinado em"
recorded_at = "Alterado em"
"""
HEADER = "CLIENTE;N do Contrato;Produto;Marca;Situacao;Assinado em;Alterado em\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("Nº do", "N do"), "utf-8")
    return path


def contracts(own: Path, *rows: str) -> Imported:
    path = own.with_name("contracts.csv")
    path.write_text(HEADER + "\n".join(rows), "utf-8")
    return import_command("contracts", path, "--columns", str(own))


def test_shipped_columns_by_what_they_are_for() -> None:
    assert {what: set(presets(what)) for what in What} == {
        What.CONTRACTS: {"contract-base", "plain-contracts"},
        What.PURCHASES: {"datasul-orders", "cdnow", "plain-purchases"},
        What.CUSTOMERS: {"customer-base", "plain-customers"},
    }


def test_our_own_names_are_understood(tmp_path: Path) -> None:
    head = "customer_id,order_id,ordered_on,operation_nature,value,cancelled\n"
    orders = tmp_path / "orders.csv"
    orders.write_text(f"{head}C1,O1,2026-01-02,5102,10.50,\nC1,O2,2026-01-03,5102,9.25,Sim\n")
    result = import_command("purchases", orders)
    assert result.status == 0, result.errors
    assert [(event["data"]["order_id"], event["type"]) for event in result.events] == [
        ("O1", "nyxter.purchase.recorded.v1"),
        ("O2", "nyxter.purchase.cancelled.v1"),
    ]
    assert result.events[0]["data"] == {
        "order_id": "O1",
        "ordered_on": "2026-01-02",
        "operation_nature": "5102",
        "value": "10.50",
    }
    contracts = tmp_path / "contracts.csv"
    contracts.write_text(
        "customer_id;contract_id;product;brand;status;signed_on\nC1;K1;RH;A;ATIVO;2025-12-31\n"
    )
    [event] = import_command("contracts", contracts).events
    assert (event["subject"], event["data"]["contract_id"]) == ("C1", "K1")
    customers = tmp_path / "customers.csv"
    customers.write_text("customer_id;state;recorded_at\nC1;SP;2026-01-02 10:30:00\n")
    [event] = import_command("customers", customers).events
    assert (event["subject"], event["data"]) == ("C1", {"state": "SP"})


def test_ones_own_columns(own: Path) -> None:
    result = contracts(own, "C1;K1; rh  folha;marca a;ativo;31/12/2025;2026-01-02 10:30:00")
    [event] = result.events
    assert (event["subject"], event["time"]) == ("C1", "2026-01-02T13:30:00Z")
    assert event["data"] == {
        "contract_id": "K1",
        "product": "RH FOLHA",
        "brand": "MARCA A",
        "status": "ATIVO",
        "signed_on": "2025-12-31",
    }
    assert result.status == 0


def test_versions_of_a_contract_are_no_contradictions(own: Path) -> None:
    row = "C1;K1;RH;A;{};31/12/2025;{}"
    result = contracts(own, row.format("ATIVO", "2026-01-02"), row.format("TROCADO", "2026-01-03"))
    assert [(e["time"][:10], e["data"]["status"]) for e in result.events] == [
        ("2026-01-02", "ATIVO"),
        ("2026-01-03", "TROCADO"),
    ]
    assert result.count("contradictions") == 0


@pytest.mark.parametrize("turned", [False, True])
def test_of_contradictions_what_most_rows_say_is_taken(own: Path, turned: bool) -> None:
    row = "C1;K1;RH;A;{};31/12/2025;"
    rows = [row.format(status) for status in ("ATIVO", "TROCADO", "TROCADO")]
    result = contracts(own, *(reversed(rows) if turned else rows))
    assert [event["data"]["status"] for event in result.events] == ["TROCADO"]
    assert (result.count("exact repeats"), result.count("contradictions")) == (1, 1)
    line, other = (4, 2) if turned else (2, 3)
    assert f"line {line}: says otherwise of the same key than line {other}" in result.errors


def test_the_same_id_of_two_customers_is_two_contracts(own: Path) -> None:
    result = contracts(own, *(f"{c};K1;RH;A;ATIVO;31/12/2025;" for c in ("C1", "C2", "c2")))
    assert [event["subject"] for event in result.events] == ["C1", "C2", "c2"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("what = 1 1", "own.toml: not TOML"),
        ("what = 'orders'\n[columns]", "own.toml, line 1: what: Input should be"),
        (OWN + "brand2 = 'x'", "own.toml, line 12: columns: brand2 is not one of"),
        (OWN.replace("brand =", "hosting ="), "own.toml, line 4: columns: brand is missing"),
        ("colour = 1\n" + OWN, "own.toml, line 1: colour: unknown key"),
        (
            'id_from = ["product"]\n' + OWN,
            "own.toml, line 1: id_from: contract_id has a column already",
        ),
        (
            "identical_rows = 'separate'\n" + OWN,
            "own.toml, line 1: identical_rows: separate needs id_from",
        ),
        (
            OWN + "[attributes]\ncity = 'x'",
            "own.toml, line 13: attributes: city is the name of a field",
        ),
    ],
)
def test_columns_that_cannot_be(text: str, reason: str) -> None:
    with pytest.raises(ColumnsError) as caught:
        read_columns(text, "own.toml")
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--preset", "nothing"), "--preset nothing: of contracts there are contract-base"),
        (("--columns", "none.toml"), "none.toml: No such file or directory"),
    ],
)
def test_columns_that_are_not_there(options: tuple[str, str], reason: str, tmp_path: Path) -> None:
    result = import_command("contracts", tmp_path / "a.csv", *options)
    assert result.status == 2
    assert reason in result.errors


BASE = (
    "cod_cliente;uf;cidade;situacao_contrato;nome_produto;marca_totvs;dt_assinatura_contrato;"
    "segmento_cliente;cliente_desde;faixa_faturamento;qtd_contratos_ativos\n"
)


def based(tmp_path: Path, *rows: str) -> dict[str, Any]:
    """What is published of the first row's customer, and what was told."""
    path = tmp_path / "base.csv"
    path.write_text(BASE + "\n".join(rows), "utf-8")
    result = import_command("contracts", path, "--dates", "dmy")
    found = [e for e in result.events if e["type"] == "nyxter.customer.recorded.v1"]
    return {"records": [e["data"] for e in found], "result": result}


def test_a_record_is_crossed_from_the_contracts_rows(tmp_path: Path) -> None:
    row = "C1;{};{};ATIVO;RH {};A;{};SAUDE;01/02/2003;{};{}"
    found = based(
        tmp_path,
        row.format("SP", "São Paulo", 1, "01/03/2024", "FAIXA 03 - X", 7),
        row.format("sp", "Campinas", 2, "02/03/2024", "SEM INFORMAÇÕES", 7),
        row.format("SP", "São Paulo", 3, "01/03/2023", "", ""),
        row.format("", "Santos", 4, "01/03/2022", "FAIXA 04 - Y", 7),
    )
    assert found["records"] == [
        {
            "segment": "SAUDE",
            "revenue_band": -1,  # each was told once: the newest contract's
            "customer_since": "2003-02-01",
            "state": "SP",
            "city": "SÃO PAULO",  # most rows'
            "attributes": {"contratos_ativos": 7},
        }
    ]
    assert found["result"].count("customers' records crossed") == 1
    assert found["result"].count("  of them with rows that disagree on city".strip()) == 1
    assert "disagree on state" not in found["result"].said


def test_contracts_are_told_by_category(tmp_path: Path) -> None:
    row = "C1;SP;X;ATIVO;{};A;01/03/2024;;;;"
    result = based(tmp_path, *map(row.format, ("Gestão ERP", "RH a", "rh b", "Datasul")))["result"]
    names = ("RH", "GESTAO", "OUTROS")
    assert [result.count(f"contracts of {name}") for name in names] == [2, 1, 1]


def test_a_new_status_amends_the_contract(tmp_path: Path) -> None:
    row = "C1;SP;X;{};RH;A;01/03/2024;;;;"
    ids = {
        event["data"]["contract_id"]
        for status in ("ATIVO", "CANCELADO")
        for event in based(tmp_path, row.format(status))["result"].events
        if "contract_id" in event["data"]
    }
    assert len(ids) == 1


def test_cancelled_orders_of_datasul(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "nr-pedido,cod-emitente,dt-emissao,nat-operacao,vl-tot-nota,cod-sit-ped\n"
        "1,C1,2025-01-31,5102,10.50,3\n2,C1,2025-01-31,5102,10.50,6\n",
        "utf-8",
    )
    kept, cancelled = import_command("purchases", path).events
    assert kept["type"] == "nyxter.purchase.recorded.v1"
    assert (cancelled["type"], cancelled["data"]) == (
        "nyxter.purchase.cancelled.v1",
        {"order_id": "2"},
    )
