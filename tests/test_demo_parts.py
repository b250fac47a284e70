"""Parts of the demonstration alone: the proof at midnight, what is told, the screen, the reel."""

import io
import socket
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from driving import replayed_lines
from pydantic import SecretStr
from rich.console import Console as RichConsole

from nyxter_online.simulate import base
from schemas.envelope import dumps
from schemas.rules import read_rules
from streams.cli.demo import proof, show
from streams.cli.demo.loading import Loaded
from streams.cli.demo.lookup import Lookup
from streams.cli.demo.pages import PlainPage
from streams.cli.demo.phases import Phases
from streams.cli.demo.playing import Figures
from streams.cli.demo.scene import Scene
from streams.cli.demo.stage import free_address
from streams.cli.demo.terminal import TerminalPage
from streams.cli.live.transitions import Reel, Transition
from streams.embedded import HOST
from streams.settings import Settings


class TurningShelf:
    """Redis at midnight: the day turns as the cards are read, and they are those of the new day."""

    def __init__(self, lines: list[bytes]) -> None:
        self.today = date(2026, 11, 22)
        self._lines = lines

    def day(self) -> str:
        return self.today.isoformat()

    def ends_of(self, topic: str) -> dict[str, date]:
        return {topic: self.today}

    def profiles(self) -> dict[str, Any]:
        self.today = date(2026, 11, 23)
        return replayed_lines(self._lines, as_of=self.today).profiles

    def card(self, customer: str) -> dict[str, Any]:
        """What the console tells."""
        return self.profiles()[customer] | {"version": 7, "updated_at": 1}


def test_a_day_that_turns_during_the_proof_is_the_one_that_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [dumps(event) for event in base(7, 60, date(2026, 11, 22))]
    shelf = TurningShelf(lines)
    monkeypatch.setattr(proof, "_today", lambda: shelf.today)
    scene = scene_of(shelf, shelf)
    proven = proof.prove(cast("Scene", scene), lines, read_rules(""), Phases(PlainPage()))
    assert (proven.day, proven.cards) == (date(2026, 11, 23), 60)
    assert not proven.differences


def scene_of(shelf: object, lookup: object) -> object:
    return SimpleNamespace(shelf=shelf, lookup=lookup, look=lambda: None, is_settled=lambda: True)


class Console:
    """A console that is not there yet at first, and then tells of another customer's score."""

    def __init__(self, shelf: TurningShelf) -> None:
        self._shelf = shelf
        self.asked: list[str] = []

    def card(self, customer: str) -> dict[str, Any] | None:
        self.asked.append(customer)
        return self._shelf.card(customer) | {"V": -1.0} if len(self.asked) > 2 else None


def test_what_the_console_tells_is_compared_once_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [dumps(event) for event in base(7, 20, date(2026, 11, 22))]
    shelf = TurningShelf(lines)
    shelf.today = date(2026, 11, 23)
    monkeypatch.setattr(proof, "_today", lambda: shelf.today)
    console = Console(shelf)
    scene = scene_of(shelf, console)
    proven = proof.prove(cast("Scene", scene), lines, read_rules(""), Phases(PlainPage()))
    [customer] = set(console.asked)
    assert (len(console.asked), proven.differences) == (3, {f"{customer} over HTTP": ["V"]})


def test_a_port_that_is_taken_is_left_to_who_has_it() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        other = free_address(f"{HOST}:{port}")
    assert other.startswith(f"{HOST}:")
    assert other != f"{HOST}:{port}"
    assert free_address(f"0.0.0.0:{port}") == f"{HOST}:{port}", "for this machine alone"


def test_a_console_that_is_away_tells_nothing() -> None:
    settings = Settings(console_at=f"{HOST}:1", console_token=SecretStr("x" * 16))
    lookup = Lookup(settings)
    assert lookup.card("K1") is None
    assert lookup.link == f"http://{HOST}:1/entrar?chave={'x' * 16}"


def test_differences_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    differences = {f"T{n:02}": ["V", "prfv"] for n in range(12)}
    show._report(PlainPage(), proof.Proof(date(2026, 11, 22), 50, 49, differences), 1_000, 9.0)
    said = capsys.readouterr().out
    assert "1,000 events, 50 customers, 49 cards compared" in said
    assert " 12 differ." in said
    assert "T00: V, prfv" in said
    assert "T10" not in said


def screen(width: int, height: int) -> tuple[TerminalPage, io.StringIO]:
    shown = io.StringIO()
    console = RichConsole(
        file=shown, force_terminal=True, color_system=None, width=width, height=height
    )
    return TerminalPage(console), shown


def transition(number: int, sort: tuple[str, str] = ("tier", "customer")) -> Transition:
    why = "R 0,00 → 100,00 (limite 55)"
    return Transition(
        "10:00:00", f"T{number}", "porte medio → vip", f"pedido o-{number}: {why}", why, sort
    )


def commands(customer: str) -> list[tuple[str, str]]:
    return [("the card of a customer", f"nyxter card {customer} " + "x" * 100)]


@pytest.mark.parametrize(("width", "has_names"), [(100, False), (140, True)])
def test_the_screen_shows_figures_commands_and_transitions(width: int, has_names: bool) -> None:
    page, shown = screen(width, 30)
    with page.playing(commands) as tell:
        tell(Figures(1_234, 49.7, 12, 7, 10_615, 2_345), [transition(1)])
    for words in (
        "1,234",
        "50",
        "12",
        "7",
        "10,615",
        "2,345",
        "T1",
        "porte medio → vip",
        "(limite",
    ):
        assert words in shown.getvalue()
    assert ("pedido o-1" in shown.getvalue()) is has_names
    assert "  nyxter card T1 " + "x" * 100 in shown.getvalue(), "in one piece, to be copied"


def test_the_screen_shows_how_far_the_loading_is() -> None:
    page, shown = screen(100, 30)
    with page.loading(2_000, 50) as tell:
        tell(Loaded(2_000, 1_500, 20))
    for words in ("sent to Kafka", "2,000 of 2,000", "1,500 of 2,000", "20 of 50"):
        assert words in shown.getvalue()


def test_the_reel_takes_one_at_a_time_the_rarest_first() -> None:
    reel, rfm = Reel(pause_s=1.0), ("rfm", "population")
    assert reel.turn([transition(1), transition(2)], now=10.0) == transition(1)
    assert reel.turn([transition(3)], now=10.5) is None
    assert reel.turn([transition(4, rfm)], now=11.0) == transition(4, rfm)
    assert reel.turn([], now=12.0) is None
    assert [it.customer for it in reel.newest] == ["T4", "T1"]
