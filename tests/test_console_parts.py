"""Parts of the console in memory: window and followers, event streams, tokens, refusals."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import httpx
import pytest
from redis import ConnectionError as RedisAway
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner

from schemas.envelope import dumps
from schemas.rules import read_rules
from streams import cli
from streams.console.api import make_api
from streams.console.board import Board
from streams.console.desk import Desk
from streams.console.event_stream import EventStream
from streams.console.follower import Follower
from streams.console.live import Away, Live
from streams.console.marks import Gone, NoMark, Over, read
from streams.console.token import COOKIE, Guard, Token, TokenRefused
from streams.console.topic import EventReader, Kept, Read
from streams.console.window import Window
from streams.settings import Settings

TEXT = "a-token-of-these-tests"
EVENT = {"type": "nyxter.segment.changed.v1", "data": {"kind": "tier"}}


def kept(partition: int, offset: int) -> Kept:
    return Kept(partition, offset, dumps(EVENT | {"id": f"{partition}:{offset}"}))


class Topic:
    """A topic that readers of it read one event at a time; `read` says what they began with."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes
        self.begun: list[list[int]] = []
        self.closed = 0

    def reader(self, offsets: Sequence[int]) -> EventReader:
        self.begun.append(list(offsets))
        left = [kept(p, n) for p, size in enumerate(self.sizes) for n in range(offsets[p], size)]
        outer = self

        class Reader:
            def read(self, _: float) -> Read:
                return Read([left.pop(0)], {}) if left else Read([], dict(enumerate(outer.sizes)))

            def close(self) -> None:
                outer.closed += 1

        return cast("EventReader", Reader())


async def told(follower: Follower, looks: int) -> list[str]:
    some = [await follower.some(0.01) for _ in range(looks)]
    return [event.event["id"] for events in some for event in events]


def test_a_follower_is_told_what_comes_and_where_it_is() -> None:
    async def run() -> None:
        window, topic = Window([5, 5], [7, 5]), Topic()
        follower = Follower(window, topic.reader, window.now)
        window.add(Read([kept(0, 5), kept(0, 6), kept(0, 8), kept(1, 5)], {}))
        first = await follower.some(0)
        assert [event.id for event in first] == ["9.5", "9.6"]
        window.add(Read([], {0: 12}))  # the end of a transaction
        assert await follower.some(0) == []
        assert follower.mark == "12.6"
        assert topic.begun == []

    asyncio.run(run())


def test_who_falls_behind_reads_the_topic_and_comes_back() -> None:
    async def run() -> None:
        window, topic = Window([0, 0], [0, 0], size=4), Topic(6, 2)
        follower = Follower(window, topic.reader, [1, 0])
        window.add(Read([kept(1, 0), kept(1, 1), *(kept(0, n) for n in range(6))], {}))
        assert await told(follower, 2) == ["0:1", "0:2"]
        window.add(Read([kept(1, 2)], {}))
        assert sorted(await told(follower, 8)) == ["0:3", "0:4", "0:5", "1:0", "1:1", "1:2"]
        assert topic.begun == [[1, 0]]
        await asyncio.sleep(0.05)
        assert topic.closed == 1
        window.end()
        with pytest.raises(Over):
            await follower.some(0)

    asyncio.run(run())


def test_a_window_that_went_on_meanwhile_passes_nobody_over() -> None:
    async def run() -> None:
        window, topic = Window([0], [0], size=3), Topic(10)
        follower = Follower(window, topic.reader, [0])
        waiting = asyncio.create_task(follower.some(5))
        await asyncio.sleep(0)
        window.add(Read([kept(0, n) for n in range(10)], {}))
        assert await waiting == []
        assert await told(follower, 12) == [f"0:{n}" for n in range(10)]

    asyncio.run(run())


@pytest.mark.parametrize("mark", ["", "1", "1.2.3", "a.b", "-1.2", "1.²", "9" * 30 + ".1"])
def test_what_is_no_mark(mark: str) -> None:
    with pytest.raises(NoMark):
        read(mark, 2)


def test_nobody_follows_before_the_broker_answers() -> None:
    with pytest.raises(Away):
        asyncio.run(Live({}).follower())


class Ending:
    """A follower that tells what it is given, then ends as it is told."""

    mark = "4.2"

    def __init__(self, *looks: list[Any], end: Exception) -> None:
        self._looks = list(looks)
        self._end = end
        self.is_closed = False

    async def some(self, wait_s: float) -> list[Any]:
        if not self._looks:
            raise self._end
        await asyncio.sleep(min(wait_s, 0.01))
        return self._looks.pop(0)

    def close(self) -> None:
        self.is_closed = True


async def streamed(follower: Ending, *, takes: int = 100, **given: Any) -> bytes:
    """What is sent to a reader who takes so many pieces, and no more."""
    pieces: list[bytes] = []

    async def send(message: Any) -> None:
        if len(pieces) >= takes and message.get("more_body"):
            await asyncio.sleep(60)
        pieces.append(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.sleep(60)

    stream = EventStream(cast("Follower", follower), lambda _: False, **given)
    await asyncio.wait_for(stream({}, receive, send), 5)
    assert follower.is_closed
    return b"".join(pieces)


def test_a_narrow_filter_is_told_how_far_it_is() -> None:
    passed = [Told() for _ in range(3)]
    sent = asyncio.run(streamed(Ending(passed, passed, passed, end=Over()), heartbeat_s=0))
    assert sent.count(b": here\nid: 4.2\n\n") == 4
    quiet = asyncio.run(streamed(Ending(passed, passed, end=Over()), heartbeat_s=60))
    assert quiet == b"retry: 2000\n: here\nid: 4.2\n\n"


class Told:
    event = EVENT


def test_a_stream_tells_that_what_comes_next_is_gone() -> None:
    sent = asyncio.run(streamed(Ending(end=Gone("no more"))))
    assert sent.endswith(b'event: gone\nid: 4.2\ndata: {"detail":"no more"}\n\n')


def test_a_reader_who_takes_nothing_is_let_go() -> None:
    ending = Ending(*([[]] * 50), end=Over())
    asyncio.run(streamed(ending, takes=2, heartbeat_s=0, slow_s=0.05))


# The token


@pytest.mark.parametrize("text", ["", "short"])
def test_a_token_that_opens_nothing(text: str) -> None:
    with pytest.raises(TokenRefused, match=r"NYXTER_CONSOLE_TOKEN.*16 characters"):
        Token(text)
    result = CliRunner().invoke(cli.app, ["console"], env={"NYXTER_CONSOLE_TOKEN": text})
    assert result.exit_code == 2
    assert "NYXTER_CONSOLE_TOKEN" in result.stderr


def guarded(token: Token) -> httpx.AsyncClient:
    async def inside(_: Request) -> JSONResponse:
        return JSONResponse({})

    app = Guard(Starlette(routes=[Route("/v1/x", inside), Route("/p", inside)]), token)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console")


def test_the_cookie_counts_for_our_own_pages_only() -> None:
    async def run() -> None:
        token = Token(TEXT)
        async with guarded(token) as client:
            client.cookies[COOKIE] = token.cookie
            assert (await client.get("/p")).status_code == 200
            same = {"Origin": "http://console"}
            assert (await client.get("/p", headers=same)).status_code == 200
            for other in ("http://console:81", "https://evil.example", "null"):
                assert (await client.get("/p", headers={"Origin": other})).status_code == 401

    asyncio.run(run())


def test_guessing_is_slow_and_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.console.token._DELAY_S", 0.01)

    async def run() -> list[int]:
        async with guarded(Token(TEXT)) as client:
            wrong = {"Authorization": "Bearer wrong"}
            asked = [client.get("/v1/x", headers=wrong) for _ in range(40)]
            answers = await asyncio.gather(*asked)
            right = await client.get("/v1/x", headers={"Authorization": f"bearer {TEXT}"})
            assert right.status_code == 200
            return [answer.status_code for answer in answers]

    statuses = asyncio.run(run())
    assert (statuses.count(401), statuses.count(429)) == (20, 20)


# Look-ups without a server


class Redis:
    def __getattr__(self, name: str) -> Any:
        async def away(*_: Any) -> Any:
            raise RedisAway(f"Connection of {TEXT}")

        return away


@pytest.fixture
def lookups() -> Any:
    rules = read_rules("")
    desk = Desk(Settings(), rules, cast("Any", Redis()), Live({}), Board({}, rules))
    transport = httpx.ASGITransport(make_api(desk))

    def ask(path: str, **headers: str) -> httpx.Response:
        async def run() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://c") as client:
                return await client.get(path, headers=headers)

        return asyncio.run(run())

    return ask


def test_what_is_away_is_told_in_words(lookups: Any, caplog: pytest.LogCaptureFixture) -> None:
    card = lookups("/customers/K1", **{"Accept-Language": "pt"})
    assert (card.status_code, card.headers["retry-after"]) == (503, "1")
    assert card.json()["detail"].startswith("O Redis, que guarda as fichas, não responde")
    events = lookups("/transitions")
    assert events.json()["detail"].startswith("Kafka, where events come from, does not answer")
    assert TEXT not in card.text + events.text + caplog.text


def test_each_look_up_is_described_with_its_refusals(lookups: Any) -> None:
    described = lookups("/openapi.json").json()
    for path, methods in described["paths"].items():
        assert {"200", "401", "422", "503"} <= methods["get"]["responses"].keys(), path
        assert methods["get"]["description"]
    page = lookups("/docs")
    assert all(path in page.text for path in described["paths"])
    assert "http" not in page.text.replace("http-equiv", "")
