"""Visão geral, Cliente and Operação in a browser, on a whole system that runs."""

import csv
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest
from console_stack import (
    TOKEN,
    Stack,
    axe_violations,
    browser,
    entered,
    page,
    stack,
    wait_for,
)
from playwright.sync_api import Browser, Locator, Page, expect
from redis import Redis

from streams import topics
from streams.cards import read_card
from streams.counts import COUNTS, field_of

__all__ = ["browser", "page", "stack"]

pytestmark = pytest.mark.kafka

FIRST_PAINT_MS = 1_000
PAINTS = "performance.getEntriesByName('first-contentful-paint').map(it => it.startTime)"


def new_id() -> str:
    return f"N-{uuid.uuid4().hex[:8]}"


def card(page: Page, title: str) -> Locator:
    return page.locator("section.card").filter(has=page.get_by_role("heading", name=title))


def rows(table: Locator) -> list[list[str]]:
    """What a table shows, row by row, without its bars."""
    expect(table.locator("tbody tr").first).to_be_visible()
    found: list[list[str]] = table.locator("tbody tr").evaluate_all(
        "trs => trs.map(tr => [...tr.children].filter(c => !c.ariaHidden).map(c => c.innerText))"
    )
    return found


def downloaded(page: Page, within: Locator, name: str, directory: Path) -> Path:
    with page.expect_download() as told:
        within.get_by_role("button", name=re.compile(f"em {name}$")).click()
    path = directory / told.value.suggested_filename
    told.value.save_as(path)
    return path


def test_the_base_is_shown_as_it_is_counted(page: Page, stack: Stack) -> None:
    page.goto("/")
    expect(page).to_have_title("Visão geral · Nyxter Online")
    expect(page.get_by_role("heading", level=1)).to_have_text("Visão geral")
    tiers = [profile["tier"] for profile in stack.system.profiles().values()]
    names = {"VIP": "vip", "Médio": "medio", "Pequeno": "pequeno"}
    shown = {name: int(figure) for name, figure, _ in rows(card(page, "Porte"))}
    assert shown == {name: tiers.count(tier) for name, tier in names.items()}
    expect(page.locator(".stat").first).to_have_text(re.compile(rf"base\s*{len(tiers)}$"))
    assert sum(int(row[1]) for row in rows(card(page, "Segmento RFM"))) == len(tiers)
    potential = rows(card(page, "Cores das notas"))[0]
    assert sum(int(figure) for figure in potential[1:]) == len(tiers)


@pytest.mark.parametrize("name", ["CSV", "XLSX", "Parquet"])
def test_a_download_is_what_the_page_shows(page: Page, tmp_path: Path, name: str) -> None:
    page.goto("/")
    shown = [
        (label, int(figure), float(share.removesuffix(" %").replace(",", ".")))
        for label, figure, share in rows(card(page, "Campanha"))
    ]
    path = downloaded(page, card(page, "Campanha"), name, tmp_path)
    assert path.name == f"Campanha.{name.lower()}"
    if name == "CSV":
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        header, *lines = csv.reader(raw.decode("utf-8-sig").splitlines(), delimiter=";")
        assert header == ["Campanha", "Clientes", "Parte (%)"]
        read = [(label, int(n), float(share.replace(",", "."))) for label, n, share in lines]
    elif name == "XLSX":
        read = [*openpyxl.load_workbook(path).active.iter_rows(min_row=2, values_only=True)]
    else:
        read = duckdb.read_parquet(str(path)).fetchall()
    assert read == shown


def test_a_file_that_is_being_made_is_told(page: Page, tmp_path: Path) -> None:
    page.goto("/")
    status = card(page, "Campanha").locator(".downloads [role=status]")
    expect(status).to_be_attached()
    page.evaluate("""() => {
        window.said = [];
        const look = () => document.querySelectorAll(".downloads [role=status]")
            .forEach((it) => { if (it.innerText) window.said.push(it.innerText); });
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    }""")
    downloaded(page, card(page, "Campanha"), "XLSX", tmp_path)
    expect(status).to_have_text("")
    assert "Preparando o arquivo…" in page.evaluate("window.said")
    downloaded(page, card(page, "Campanha"), "CSV", tmp_path)


def test_a_change_is_seen_without_reloading(page: Page, stack: Stack) -> None:
    customer = new_id()
    page.goto("/")
    expect(card(page, "Porte")).to_be_visible()
    page.evaluate("window.isStillHere = true")
    stack.buy(customer, "123456.00", f"o-{customer}")
    link = card(page, "Agora").get_by_role("link", name=customer)
    expect(link.first).to_be_visible()
    assert page.evaluate("window.isStillHere")
    link.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Cliente {customer}")


def test_an_unknown_customer_is_told_plainly_and_shown_once_there(page: Page, stack: Stack) -> None:
    customer = new_id()
    answer = page.goto(f"/cliente/{customer}")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name=f"Não há cliente {customer}")).to_be_visible()
    stack.buy(customer, "50.00", f"o-{customer}")
    expect(page.locator(".gauge")).to_have_count(5)


def test_the_card_changes_by_itself_and_its_history_downloads(
    page: Page, stack: Stack, tmp_path: Path
) -> None:
    with Redis.from_url(stack.redis.url) as redis:
        cards = [(name, read_card(redis, name)) for name in stack.customers()]
    customer = next(name for name, it in cards if it and it["tier"] == "medio")
    page.goto("/cliente")
    page.get_by_label("Código do cliente").fill(customer)
    page.get_by_role("button", name="Buscar").click()
    page.wait_for_url(f"**/cliente/{customer}")
    value = page.locator(".gauge").filter(has_text="V · Valor")
    expect(value.locator(".fact")).to_contain_text("R$")
    before = value.inner_text()
    stack.buy(customer, "987654.32", f"o-{uuid.uuid4()}")
    wait_for(page, lambda: value.inner_text() != before, "the value of the card moved")
    expect(value.locator(".chip")).to_have_text("Vermelho")
    expect(page.locator(".gauge").filter(has_text="R · Recência")).to_contain_text("grupo")
    timeline = card(page, "Linha do tempo")
    path = downloaded(page, timeline, "CSV", tmp_path)
    lines = list(csv.reader(path.read_text("utf-8-sig").splitlines(), delimiter=";"))
    told = [line[4] for line in lines[1:]]
    assert told == timeline.locator(".what b").all_inner_texts()


def test_what_is_missing_is_told_in_money(page: Page, stack: Stack) -> None:
    with Redis.from_url(stack.redis.url) as redis:
        cards = [read_card(redis, name) for name in stack.customers()]
    below = next(it["customer_id"] for it in cards if it and 0 < it["V"] < 40)
    page.goto(f"/cliente/{below}")
    value = page.locator(".gauge").filter(has_text="V · Valor")
    expect(value.locator(".lack")).to_have_text(
        re.compile(r"^Faltam R\$ [\d.,]+ para o próximo nível$")
    )


def test_a_customer_who_left_is_told_while_one_looks(page: Page, stack: Stack) -> None:
    customer = new_id()
    stack.buy(customer, "50.00", f"o-{customer}")
    page.goto(f"/cliente/{customer}")
    expect(page.locator(".gauge")).to_have_count(5)
    stack.system.send(
        [
            {
                "specversion": "1.0",
                "id": f"x-{customer}",
                "source": "/tests",
                "type": "nyxter.customer.erased.v1",
                "subject": customer,
                "time": datetime.now(UTC).isoformat(),
                "data": {},
            }
        ]
    )
    gone = page.get_by_role("heading", name=f"{customer} saiu da base")
    expect(gone).to_be_visible()


def test_operations_tell_lag_and_what_was_refused(page: Page, stack: Stack) -> None:
    stack.system.produce(topics.PURCHASES, b"K1", b"{not json")
    page.goto("/operacao")
    letters = card(page, "Mensagens recusadas")
    row = letters.locator("tbody tr").filter(has_text="not JSON")
    expect(row).to_be_visible()
    assert row.locator("td").first.inner_text() == "1"
    expect(card(page, "Alarmes")).to_contain_text("nyxter dead-letters list --counts")
    partitions = card(page, "Partições")
    expect(partitions.get_by_text("—")).to_have_count(0)  # every process has told its lag
    lags = rows(partitions)
    assert [line[0] for line in lags] == ["0", "1", "Soma"]
    assert all(figure.isdigit() for _, *figures in lags for figure in figures)
    expect(page.locator(".stat").filter(has_text="Workers no grupo")).to_contain_text("1")


def test_redis_away_is_said_and_comes_back(page: Page, stack: Stack) -> None:
    page.goto("/")
    banner = page.get_by_role("status").filter(has_text="Sem contato com o Redis")
    before = rows(card(page, "Porte"))
    expect(banner).to_have_count(0)
    stack.redis.kill()
    try:
        expect(banner).to_be_visible()
        assert rows(card(page, "Porte")) == before
        other = page.context.new_page()
        other.goto("/cliente/K1")  # a page that is opened meanwhile says so as well
        expect(other.get_by_role("status").filter(has_text="tentando de novo")).to_be_visible()
        other.close()
    finally:
        stack.redis.start()
    expect(banner).to_have_count(0)


def test_a_wrong_token_opens_nothing(browser: Browser, stack: Stack) -> None:
    context = browser.new_context(base_url=stack.url, locale="pt-BR")
    made = context.new_page()
    made.goto("/operacao")
    assert "/entrar" in made.url
    made.get_by_label("Chave do console").fill("a-wrong-one-entirely")
    made.get_by_role("button", name="Entrar").click()
    expect(made.get_by_role("alert")).to_have_text("Esta chave não abre nada.")
    assert axe_violations(made) == []
    made.get_by_label("Chave do console").fill(TOKEN)
    made.get_by_role("button", name="Entrar").click()
    expect(made.get_by_role("heading", level=1)).to_have_text("Operação")
    context.close()


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Ir para o conteúdo"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className").startswith("page")
    page.get_by_role("link", name="Operação", exact=True).focus()
    style = "getComputedStyle(document.activeElement).outlineStyle"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.innerText") == "Regras"
    assert page.evaluate(style) == "solid"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Operação")
    current = page.locator("nav [aria-current=page]")
    expect(current).to_have_text("Operação")


def test_what_is_drawn_anew_keeps_focus_and_place(
    browser: Browser, page: Page, stack: Stack
) -> None:
    first, second = new_id(), new_id()
    page.goto("/")
    expect(page.locator(".card").first).to_be_visible()
    stack.buy(first, "500.00", f"o-{first}")
    link = card(page, "Agora").get_by_role("link", name=first).first
    link.focus()
    stack.buy(second, "500.00", f"o-{second}")
    fresh = card(page, "Agora").get_by_role("link", name=second).first
    expect(fresh).to_be_visible()
    expect(link).to_be_focused()
    context = entered(browser, stack, viewport={"width": 280, "height": 740})
    phone = context.new_page()
    phone.goto("/")
    place = phone.get_by_role("region", name="Cores das notas")
    place.evaluate("it => { it.scrollLeft = 40; it.querySelector('table').isOld = true }")
    moved = place.evaluate("it => it.scrollLeft")
    assert moved > 0
    stack.buy(new_id(), "500.00", "o-third")
    wait_for(
        phone, lambda: not place.evaluate("it => it.querySelector('table').isOld"), "it is drawn"
    )
    assert place.evaluate("it => it.scrollLeft") == moved
    context.close()


def test_english_is_asked_for_by_the_address_and_remembered(page: Page) -> None:
    page.goto("/?lang=en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    assert page.evaluate("document.documentElement.lang").startswith("en")
    page.goto("/operacao")
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations")
    page.goto("/operacao?de=onde")
    page.get_by_role("link", name="Português").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operação")
    assert page.url.endswith("/operacao?de=onde&lang=pt")
    assert page.evaluate("document.documentElement.lang") == "pt-BR"


def test_the_theme_follows_the_system_until_one_is_chosen(page: Page) -> None:
    theme = "document.documentElement.dataset.theme"
    page.emulate_media(color_scheme="dark")
    page.goto("/cliente")
    assert page.evaluate(theme) == "dark"
    page.get_by_role("button", name="Claro").click()
    assert page.evaluate(theme) == "light"
    page.reload()
    expect(page.get_by_role("button", name="Claro")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(theme) == "light"


@pytest.mark.parametrize("path", ["/", "/cliente", "/cliente/T000001", "/operacao"])
def test_every_page_is_for_everyone(browser: Browser, stack: Stack, path: str) -> None:
    context = entered(browser, stack, viewport={"width": 390, "height": 844})
    made = context.new_page()
    made.goto(path)
    expect(made.get_by_role("heading", level=1)).to_be_visible()
    expect(made.locator("section").first).to_be_visible()
    assert made.evaluate("document.documentElement.scrollWidth") <= 390
    made.get_by_role("button", name="Menu").press("Enter")
    expect(made.get_by_role("link", name="Regras")).to_be_visible()
    made.keyboard.press("Escape")
    expect(made.get_by_role("link", name="Regras")).to_be_hidden()
    for theme in ("light", "dark"):
        made.emulate_media(color_scheme=theme)
        made.wait_for_function(f"document.documentElement.dataset.theme == '{theme}'")
        assert axe_violations(made) == [], theme
    context.close()


def test_a_million_customers_are_painted_within_a_second(page: Page, stack: Stack) -> None:
    """Pages read counts, never customers: a million of them are a larger number."""
    base = field_of("base")
    with Redis.from_url(stack.redis.url) as redis:
        held = int(redis.hget(COUNTS, base) or 0)
        redis.hincrby(COUNTS, base, 1_000_000 - held)
        try:
            page.goto("/")
            expect(page.locator(".stat").first).to_contain_text("1.000.000")
            paints = []
            for _ in range(5):  # the best of some: others work on this machine as well
                page.reload()
                expect(page.locator(".stat").first).to_contain_text("1.000.000")
                paints += page.evaluate(PAINTS)
        finally:
            redis.hincrby(COUNTS, base, held - 1_000_000)
    assert min(paints) < FIRST_PAINT_MS, paints
