"""Jornada, RFM e PRFV, Perfis and Regras in a browser, on the running system.

What a page shows is compared with Redis, and what it hands over with what it shows.
"""

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from console_stack import *  # noqa: F403 - the fixtures
from console_stack import Stack, axe_violations, entered, wait_for
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from schemas.envelope import loads
from schemas.instant import business_today
from streams.cards import members_key
from streams.counts import COUNTS, Counts, moves_key

pytestmark = pytest.mark.kafka
PAGES = {"/jornada": "gatilhos", "/rfm": "listas", "/perfis": "deriva", "/regras": "toml"}


def hash_of(stack: Stack, key: bytes) -> Counts:
    with Redis.from_url(stack.redis.url) as redis:
        held: Mapping[bytes, bytes] = redis.hgetall(key)
        return Counts(held)


def opened(page: Page, path: str) -> Page:
    """Open a page, and wait for the last of its sections."""
    page.goto(path)
    page.locator(f"#{PAGES[path.partition('?')[0]]}").wait_for()
    return page


def rows(page: Page, place: str) -> list[list[str]]:
    """Return the texts of the rows of the table at a place."""
    table = page.locator(f"{place} table.data").first
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]


def downloaded(page: Page, place: str, button: str, at: int = 0) -> Path:
    """Return the file that a button gives, under the name it is given."""
    with page.expect_download() as download:
        page.locator(place).get_by_role("button", name=f"em {button}").nth(at).click()
    path = Path(download.value.path())
    return path.rename(path.with_name(f"{path.name}-{download.value.suggested_filename}"))


def csv_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


def plain(text: str) -> str:
    """Return a number as a file has it, of what a page shows."""
    return text.replace(".", "")


TITLES = {
    "/jornada": ("Fases e etapas", "Phases and stages"),
    "/rfm": ("Distribuição das notas", "How scores are spread"),
    "/perfis": ("Tamanho ao longo do tempo", "Sizes over time"),
    "/regras": ("Portes e canais", "Tiers and channels"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious_and_a_phone_holds_it_in_both_languages(
    browser: Browser, stack: Stack, path: str, scheme: Any
) -> None:
    english = scheme == "dark"
    context = entered(browser, stack, viewport={"width": 390, "height": 800}, color_scheme=scheme)
    page = opened(context.new_page(), f"{path}?lang=en" if english else path)
    assert page.locator("html").get_attribute("lang") == ("en-US" if english else "pt-BR")
    expect(page.get_by_role("heading", name=TITLES[path][english])).to_be_visible()
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(over) == 0
    assert axe_violations(page) == []
    context.close()


class TestJornada:
    def test_stages_are_those_of_redis_and_the_csv_is_what_is_shown(
        self, page: Page, stack: Stack
    ) -> None:
        opened(page, "/jornada")
        counts = hash_of(stack, COUNTS)
        phases = page.locator(".phase-card").all()
        told = [plain(one.locator(".much").inner_text().split()[0]) for one in phases]
        names = [one.locator("h3").inner_text().split("\n")[-1] for one in phases]
        by_phase = counts.of("phase")
        assert dict(zip(names, told, strict=True)) == {
            name: str(by_phase.get(name, 0)) for name in names
        }
        assert sum(map(int, told)) + by_phase.get("", 0) == counts.base
        stages = page.locator(".stages li").all()
        shown = [[plain(part) for part in one.inner_text().split("\n")[:2]] for one in stages]
        written = csv_rows(downloaded(page, "#fases", "CSV"))
        assert written[0][0] == "Etapa"
        assert [[row[0], row[2]] for row in written[1:]] == shown
        assert sum(int(living) for _, living in shown) == sum(counts.table("stage").values())

    def test_moves_of_today_are_those_of_redis_and_the_sheet_is_what_is_shown(
        self, page: Page, stack: Stack
    ) -> None:
        opened(page, "/jornada?mudou=porte&dias=7&pontas=sim")
        today = business_today(int(datetime.now(UTC).timestamp() * 1000))
        moves = hash_of(stack, moves_key(today.isoformat())).table("change")
        tiers = sorted(n for (kind, *_), n in moves.items() if kind == "tier")
        wait_for(page, lambda: bool(rows(page, "#mudancas")), "there are moves")
        shown = rows(page, "#mudancas")
        assert sorted(int(plain(row[2])) for row in shown) == tiers
        assert {row[1] for row in shown} <= {"VIP", "Médio", "Pequeno", "nenhum"}
        sheet = openpyxl.load_workbook(downloaded(page, "#mudancas", "XLSX")).active
        assert sheet is not None
        written = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        assert written[1:] == [[old, new, plain(n)] for old, new, n in shown]
        drawn = page.locator("#mudancas [role=img] svg text").all_text_contents()
        assert any("Pequeno" in text for text in drawn)

    def test_choices_are_in_the_address(self, page: Page) -> None:
        opened(page, "/jornada")
        page.locator("#mudancas").get_by_role("link", name="Campanha").click()
        page.wait_for_url("**/jornada?mudou=campanha**")
        chosen = page.locator("#mudancas a[aria-current]")
        expect(chosen.first).to_have_text("Campanha")
        page.get_by_role("link", name="English").click()
        expect(chosen.first).to_have_text("Campaign")
        assert "mudou=campanha" in page.url

    def test_triggers_fired_and_suppressed_are_counted_with_their_reasons(
        self, page: Page, stack: Stack
    ) -> None:
        opened(page, "/jornada")
        wait_for(page, lambda: bool(rows(page, "#gatilhos")), "there are triggers")
        today = business_today(int(datetime.now(UTC).timestamp() * 1000))
        moves = hash_of(stack, moves_key(today.isoformat())).table("trigger")
        first = sum(n for (*_, reason), n in moves.items() if reason == "first_score")
        assert first > 0
        shown = rows(page, "#gatilhos")
        assert sum(int(plain(row[6])) for row in shown) == first
        assert sum(int(plain(row[5])) for row in shown) == sum(
            n for (*_, reason), n in moves.items() if reason
        )


class TestRfm:
    def test_every_cell_is_counted_and_tells_who_that_is(self, page: Page, stack: Stack) -> None:
        opened(page, "/rfm")
        held = hash_of(stack, COUNTS).table("cell")
        cells = page.locator(".cell").all()
        shown = {cell.get_attribute("data-mark"): cell.locator("b").inner_text() for cell in cells}
        assert len(shown) == 64
        assert {mark: plain(n) for mark, n in shown.items() if n != "0"} == {
            "".join(marks): str(n) for marks, n in held.items()
        }
        fullest = max(held, key=lambda marks: held[marks])
        mark = "".join(fullest)
        page.locator(f'.cell[data-mark="{mark}"]').focus()
        total = sum(map(int, fullest))
        expect(page.locator(".told")).to_contain_text(f"= {total}")
        page.keyboard.press("Enter")
        assert f"celula={mark}" in page.url
        page.reload()
        expect(page.locator(f'.cell[data-mark="{mark}"]')).to_have_attribute("aria-current", "true")
        expect(page.locator(".told")).to_contain_text(f"= {total}")

    def test_a_group_is_chosen_by_its_name_and_the_limits_are_drawn_in(
        self, page: Page, stack: Stack
    ) -> None:
        counts = hash_of(stack, COUNTS)
        sizes = counts.of("group")
        [group] = loads(max(sizes, key=lambda name: sizes[name]).encode())
        opened(page, "/rfm")
        page.get_by_label("Grupo de comparação").fill(group)
        page.get_by_role("button", name="Mostrar").click()
        page.wait_for_url("**grupo=**")
        page.locator("#listas").wait_for()
        scores = counts.table("score")
        scored = sum(
            n
            for (of, number, name), n in scores.items()
            if of == "R" and number != "0" and loads(name.encode()) == [group]
        )
        recency = page.locator(".spread").nth(1)
        expect(recency).to_contain_text(f"{scored} com nota")
        assert 0 < scored < sum(n for (of, k, _), n in scores.items() if of == "R" and k != "0")
        drawn = recency.locator("svg text").all_text_contents()
        assert {"55", "70", "75"} <= set(drawn)
        page.goto("/rfm?grupo=ninguém")
        expect(page.locator("#notas .banner")).to_contain_text("ninguém")

    def test_a_list_is_paged_and_downloads_whole(self, page: Page, stack: Stack) -> None:
        opened(page, "/rfm?lista=reativacao")
        with Redis.from_url(stack.redis.url) as redis:
            members = redis.zrange(members_key(b"reativacao"), 0, -1)
        assert len(members) > 25
        lists = page.locator("#listas table.data").nth(1)
        expect(lists.locator("tbody tr")).to_have_count(25)
        first = [text.strip() for text in lists.locator("tbody th").all_inner_texts()]
        page.get_by_role("link", name="Próxima").click()
        page.wait_for_url("**pagina=2**")
        lists = page.locator("#listas table.data").nth(1)
        lists.wait_for()
        second = [text.strip() for text in lists.locator("tbody th").all_inner_texts()]
        assert len(first) == 25
        assert not set(first) & set(second)
        path = downloaded(page, "#listas", "Parquet", at=1)
        written = duckdb.read_parquet(str(path)).fetchall()
        assert sorted(row[0].encode() for row in written) == sorted(members)
        prfv = [row[3] for row in written]
        assert prfv == sorted(prfv, reverse=True)

    def test_redis_away_is_said_and_the_page_comes_back(
        self, browser: Browser, stack: Stack
    ) -> None:
        context = entered(browser, stack)
        page = context.new_page()
        stack.redis.kill()
        try:
            page.goto("/jornada")
            expect(page.locator(".banner").first).to_be_visible()
        finally:
            stack.redis.start()
        expect(page.locator("#gatilhos")).to_be_visible()
        expect(page.locator(".banner")).to_have_count(0)
        context.close()


class TestPerfis:
    def test_components_stand_beside_what_was_published(self, page: Page, stack: Stack) -> None:
        opened(page, "/perfis")
        wait_for(page, lambda: page.locator(".chips.plain").count() == 1, "the model is there")
        held = hash_of(stack, COUNTS).of("profile")
        shown = rows(page, "#componentes")
        assert [row[0] for row in shown] == [
            "Novos Clientes",
            "Clientes em Expansão",
            "Clientes Leais",
            "Clientes Estratégicos",
        ]
        assert [int(plain(row[1])) for row in shown] == [held.get(row[0], 0) for row in shown]
        assert [row[2] for row in shown] == ["4.724", "919", "1.045", "3.927"]
        written = csv_rows(downloaded(page, "#componentes", "CSV"))
        assert [row[1] for row in written[1:]] == [plain(row[1]) for row in shown]
        tenure = [float(row[3].replace(",", ".")) for row in shown]
        assert sorted(tenure) != [0.0] * 4

    def test_a_sample_is_drawn_and_downloads(self, page: Page, stack: Stack) -> None:
        opened(page, "/perfis?x=marcas&y=faixa")
        held = hash_of(stack, COUNTS).of("profile")
        everyone = sum(n for name, n in held.items() if name != "unassigned")
        path = downloaded(page, "#pontos", "Parquet")
        written = duckdb.read_parquet(str(path)).fetchall()
        assert len({row[0] for row in written}) == len(written) == everyone
        assert {row[1] for row in written} <= set(held)
        marks = page.locator("#pontos [role=img] svg path").count()
        assert marks >= everyone
        for turn in ("vez=1", "vez=2", "vez=1"):
            page.get_by_role("link", name="Sortear outros").click()
            page.wait_for_url(f"**{turn}**")


class TestRegras:
    def test_the_rules_in_force_are_told_with_their_version(self, page: Page, stack: Stack) -> None:
        opened(page, "/regras")
        with Redis.from_url(stack.redis.url) as redis:
            version = (redis.hget(b"nyxter:v1:meta", "rules") or b"").decode()
        expect(page.locator(".said")).to_contain_text(version)
        expect(page.locator(".said")).to_contain_text("em vigor")
        assert rows(page, "#portes")[0] == ["VIP", "80", "75", "90", "95", "Representante"]
        assert ["Retenção", "R acima de 70 e V acima de 80"] in rows(page, "#campanhas")
        assert ["filiais", "—", "—", "10", "sim"] in rows(page, "#potencial")
        assert 'compare_by = ["customer_type"]' in page.locator("pre.toml").inner_text()
        written = csv_rows(downloaded(page, "#rfm", "CSV"))
        assert written[1:] == rows(page, "#rfm")
