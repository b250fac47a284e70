"""Look-ups of a running console: cards of Valkey, events of Apache Kafka, one process for all."""

import time
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from cache_at_work import Segmenter
from cache_samples import profile, transition
from conftest import need_kafka
from console_process import TOKEN, ConsoleProcess, Sent, some
from kafka_broker import KafkaBroker
from own_redis import OwnRedis, own_redis
from redis import Redis
from running import System, wait_until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from streams.cards import (
    CARD_TEXTS,
    SEGMENTS,
    TRANSITION_TEXTS,
    card_key,
    history_key,
    members_key,
    packed,
    read_card,
    read_history,
)
from streams.console.api.models import Card, Explanation, History, Members
from streams.console.token import COOKIE

pytestmark = pytest.mark.kafka

NUMBERS = count()
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
TRIGGER = {
    "trigger": "profile:Clientes Leais",
    "kind": "profile",
    "segment": "Clientes Leais",
    "phase": "Sustentação e Suporte",
    "stage": "Suporte ADM",
    "actions": ["plano de fidelidade"],
    "channel": "televendas",
    "suppressed": None,
}


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    """A broker of these tests' own: they kill it."""
    need_kafka()
    with KafkaBroker() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    with own_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="module")
def redis(server: OwnRedis) -> Iterator[Redis]:
    with Redis.from_url(server.url) as client:
        yield client


@pytest.fixture(scope="module")
def segmenter(broker: KafkaBroker, console: ConsoleProcess) -> Segmenter:
    assert console.url  # it has made the topics
    return Segmenter(broker.bootstrap)


@pytest.fixture(scope="module")
def console(
    broker: KafkaBroker, server: OwnRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConsoleProcess]:
    directory = tmp_path_factory.mktemp("console")
    there = {"NYXTER_BROKER": broker.bootstrap, "NYXTER_REDIS_URL": server.url}
    with (
        System(broker.bootstrap, directory, partitions=2),
        ConsoleProcess(directory, **there) as running,
    ):
        running.wait_for_events()
        yield running
        running.stop()
        assert TOKEN not in running.log.read_text("utf-8")


def put(redis: Redis, customer: str, version: int = 7, **changes: Any) -> None:
    """Write a card as the cache does."""
    own = ["version", str(version), "updated_at", "1793629800250"]
    redis.hset(
        card_key(customer.encode()), items=[*packed(profile(customer, **changes), CARD_TEXTS), *own]
    )


def happen(redis: Redis, customer: str, number: int, data: dict[str, Any]) -> None:
    """Write an entry of a history as the cache does."""
    told = {"id": f"{number:032x}", "time": "2026-11-22T13:00:00.123Z", **data}
    fields = packed(told, TRANSITION_TEXTS)
    entry = dict(zip(fields[::2], fields[1::2], strict=True))
    redis.xadd(history_key(customer.encode()), entry, id=f"{number}-1")


def moved(**why: Any) -> dict[str, Any]:
    """The data of a change of tier."""
    data: dict[str, Any] = transition("tier", "medio", "vip")["data"]
    scores = data["scores"]
    whole = {"event": None, "cause": "time", "before": scores, "after": scores, "profile": None}
    return data | {"features": None, "why": data["why"] | whole | why}


def path_of(customer: str, further: str = "") -> str:
    return f"/v1/customers/{quote(customer, safe='')}{further}"


def send(segmenter: Segmenter, *, partition: int, customer: str = "K1", **data: Any) -> str:
    """Publish a change of tier; return its id."""
    return send_many(segmenter, 1, partition=partition, customer=customer, **data)[0]


def send_many(
    segmenter: Segmenter, number: int, *, partition: int, customer: str = "K1", **data: Any
) -> list[str]:
    """Publish changes of tier in one transaction; return their ids."""
    event = transition("tier", "medio", "vip")
    event |= {"subject": customer, "data": event["data"] | data}
    named = [f"{next(NUMBERS):032x}" for _ in range(number)]
    segmenter.begin()
    for name in named:
        segmenter.tell(customer, event | {"id": name}, partition=partition)
    segmenter.commit()
    return named


def ids(events: list[Sent]) -> list[str]:
    return [event.data["id"] for event in events]


# Cards


def test_a_card_is_what_redis_holds_and_is_sent_again_only_when_it_changed(
    console: ConsoleProcess, redis: Redis
) -> None:
    put(redis, "K1", 7, rfm=None)
    first = console.get("/v1/customers/K1")
    assert (first.status_code, first.headers["etag"]) == (200, '"7"')
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["content-type"] == "application/json"
    assert first.json() == read_card(redis, "K1")
    assert Card.model_validate_json(first.content).rfm is None

    again = console.get("/v1/customers/K1", **{"If-None-Match": 'W/"6", "7"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"7"')
    put(redis, "K1", 8, tier="vip")
    newer = console.get("/v1/customers/K1", **{"If-None-Match": '"7"'})
    assert (newer.status_code, newer.json()["tier"], newer.headers["etag"]) == (200, "vip", '"8"')


@pytest.mark.parametrize(
    "customer",
    [
        "Ação/7:{a}'🙂",
        "x/history",
        "a%2Fb",
        "a b+c?d#e&f",
        "{K1}",
        "K1}",
        "é",
        "e\u0301",
        "a//b",
        ";",
    ],
)
def test_any_id_that_may_be_is_found(console: ConsoleProcess, redis: Redis, customer: str) -> None:
    put(redis, customer)
    happen(redis, customer, 3, moved())
    card = console.get(path_of(customer))
    assert (card.status_code, card.json()["customer_id"]) == (200, customer)
    assert console.get(path_of(customer, "/history")).json()["customer_id"] == customer
    assert console.get(path_of(customer, "/explain")).json()["customer_id"] == customer
    redis.delete(card_key(customer.encode()))
    assert console.get(path_of(customer)).status_code == 404


def test_whom_there_is_not_and_who_is_gone(console: ConsoleProcess, redis: Redis) -> None:
    redis.hset(card_key(b"gone"), mapping={"version": "9", "gone": "1"})
    for further in ("", "/history", "/explain"):
        unknown = console.get(f"/v1/customers/nobody{further}")
        gone = console.get(f"/v1/customers/gone{further}", **{"Accept-Language": "pt-BR"})
        assert (unknown.status_code, gone.status_code) == (404, 404)
        assert unknown.headers["content-type"] == "application/problem+json"
        assert unknown.json() == {
            "type": "about:blank",
            "title": "Not found",
            "status": 404,
            "detail": "There is no such customer.",
        }
        assert gone.json()["detail"] == "Este cliente saiu da base: nada dele é guardado."
        assert gone.headers["content-language"] == "pt-BR"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/customers/a%00b", "The id has a control character: it can be nobody's."),
        ("/v1/customers/%7Db", "The id begins with a closing brace: it can be nobody's."),
        ("/v1/customers/%FF/history", "The id is not UTF-8: it can be nobody's."),
        ("/v1/customers/K1/history?limit=0", "limit is too small"),
        ("/v1/customers/K1/history?limit=x", "limit is not a whole number"),
        ("/v1/segments/vip/members?limit=9999", "limit is too large"),
        ("/v1/segments/vip/members?cursor=abc", "cursor is none that was given out."),
        ("/v1/transitions?kind=x", "0 is none of what it may be"),
        ("/v1/transitions?after=1.2.3", "Last-Event-ID, or after, is no id that was given out."),
        ("/v1/transitions?after=-1.2", "Last-Event-ID, or after, is no id that was given out."),
    ],
)
def test_what_cannot_be_is_refused_in_words(console: ConsoleProcess, path: str, told: str) -> None:
    answer = console.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (422, told)
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_there_is_not_to_ask(console: ConsoleProcess) -> None:
    assert console.get("/v1/nothing").json()["status"] == 404
    assert console.client.post("/v1/customers/K1").json()["status"] == 405


def test_a_history_is_what_redis_holds(console: ConsoleProcess, redis: Redis) -> None:
    put(redis, "H1")
    for number in range(60):
        happen(redis, "H1", number, moved())
    trigger = {"transition": {"id": "7", "kind": "profile", "old": None, "new": "Clientes Leais"}}
    happen(redis, "H1", 60, TRIGGER | trigger | {"why": moved()["why"]})
    told = console.get("/v1/customers/H1/history")
    assert told.json()["items"] == read_history(redis, "H1", 50)
    assert History.model_validate_json(told.content).items[0].suppressed is None
    assert console.get("/v1/customers/H1/history?limit=2").json()["items"] == read_history(
        redis, "H1", 2
    )


def test_an_explanation_in_both_languages(console: ConsoleProcess, redis: Redis) -> None:
    put(redis, "E1")
    happen(redis, "E1", 3, moved(cause="population"))
    english = console.get("/v1/customers/E1/explain")
    portuguese = console.get("/v1/customers/E1/explain", **{"Accept-Language": "pt-BR,en;q=0.5"})
    told = Explanation.model_validate_json(english.content)
    assert told.nearest["V"] is not None
    assert told.nearest["V"].distance == -15.0
    assert told.text.startswith("Scores\n  P Potential: 80.00 · red · 50 points · 80 of vip: ")
    assert "tier medio → vip · other customers moved" in told.text
    assert not told.same_rules
    assert (
        "V Valor: 50,00 · azul · R$ 2.990,50 no período · 65 de medio: faltam 15,00"
        in (portuguese.json()["text"])
    )
    assert portuguese.headers["content-language"] == "pt-BR"


# Members


def test_members_come_by_pages_and_each_who_stays_comes_once(
    console: ConsoleProcess, redis: Redis
) -> None:
    name = "Em Atenção"
    stay = {f"stay-{n:03}": float(n // 40) for n in range(200)}  # many at one score
    move = {f"move-{n:03}": float(n % 6) for n in range(60)}
    redis.zadd(members_key(name.encode()), stay | move)
    seen: list[str] = []
    cursor = ""
    for page in range(1000):
        params = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        answer = console.client.get(f"/v1/segments/{quote(name)}/members", params=params)
        told = Members.model_validate_json(answer.content)
        seen += [item.customer_id for item in told.items]
        assert len(told.items) <= 7
        if told.next is None:
            break
        cursor = told.next
        going = sorted(move)[page % 60 :: 3]  # also who ended the page before
        redis.zadd(members_key(name.encode()), dict.fromkeys(going, float(page % 7)))
        redis.zrem(members_key(name.encode()), *sorted(move)[page % 5 :: 7])
    stayed = [customer for customer in seen if customer in stay]
    assert stayed == sorted(stay, key=lambda customer: (stay[customer], customer), reverse=True)


def test_a_segment_that_is_empty_and_one_that_never_was(
    console: ConsoleProcess, redis: Redis
) -> None:
    redis.sadd(SEGMENTS, "a/b")
    empty = console.get("/v1/segments/a%2Fb/members")
    assert empty.json() == {"segment": "a/b", "count": 0, "items": [], "next": None}
    never = console.get("/v1/segments/never/members")
    assert (never.status_code, never.json()["title"]) == (404, "Not found")


# The token


def test_nobody_comes_in_without_the_token(console: ConsoleProcess) -> None:
    shown: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Cookie": f"{COOKIE}={TOKEN}"},
    ]
    for headers in shown:
        with console.client_with(headers) as client:
            for path in ("/v1/customers/K1", "/v1/openapi.json", "/v1/docs", "/v1/transitions"):
                answer = client.get(path)
                assert (answer.status_code, answer.json()["title"]) == (401, "A token is needed")
                assert answer.headers["www-authenticate"] == "Bearer"
            led = client.get("/jornada?lang=en", headers={"Accept": "text/html"})
            assert led.headers["location"] == "/entrar?para=%2Fjornada%3Flang%3Den"
            with pytest.raises(InvalidStatus) as refusal:
                connect(console.url.replace("http", "ws") + SOCKET, additional_headers=headers)
            assert refusal.value.response.status_code == 401


def test_a_link_with_the_token_lets_a_browser_in(console: ConsoleProcess) -> None:
    with console.client_with({}) as browser:
        assert browser.get("/entrar").status_code == 200
        began = time.monotonic()
        wrong = browser.get("/entrar?chave=wrong")
        assert (wrong.status_code, time.monotonic() - began >= 0.5) == (401, True)
        entered = browser.get(f"/entrar?chave={TOKEN}&para=/v1/docs")
        cookie = entered.headers["set-cookie"]
        assert (entered.status_code, entered.headers["location"]) == (303, "/v1/docs")
        assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
        assert TOKEN not in cookie
        assert "/v1/customers/{customer_id}" in browser.get("/v1/docs").text
        elsewhere = {"Origin": "http://elsewhere.example"}
        assert browser.get("/v1/docs", headers=elsewhere).status_code == 401
        shown = {"Cookie": cookie.partition(";")[0]}
        socket = console.url.replace("http", "ws") + SOCKET
        with connect(socket, additional_headers=shown) as websocket:
            assert str(websocket.recv(10)).startswith("0{")


def test_a_form_lets_a_browser_in(console: ConsoleProcess) -> None:
    with console.client_with({}) as browser:
        fields = {"chave": TOKEN, "para": "https://elsewhere.example/"}
        entered = browser.post("/entrar", data=fields)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        assert browser.get("/v1/openapi.json").status_code == 200


def test_what_can_be_asked_is_described(console: ConsoleProcess) -> None:
    described = console.get("/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert set(described["paths"]) == {
        "/customers/{customer_id}",
        "/customers/{customer_id}/history",
        "/customers/{customer_id}/explain",
        "/segments/{name}/members",
        "/transitions",
    }
    card = described["paths"]["/customers/{customer_id}"]["get"]["responses"]
    assert set(card) == {"200", "304", "401", "404", "422", "503"}


# Events


def test_events_come_as_they_are_committed_and_filters_hold(
    console: ConsoleProcess, segmenter: Segmenter
) -> None:
    with (
        console.following() as everything,
        console.following(
            customer="K2", kind=["tier", "rfm"], segment="vip", cause="customer"
        ) as some_of_it,
    ):
        assert next(everything).name == ""  # a heartbeat, to resume by, comes at once
        segmenter.begin()
        segmenter.tell("K1", transition("tier", None, "vip"))
        segmenter.abort()
        other = [
            send(segmenter, partition=0, customer="K1"),
            send(segmenter, partition=0, customer="K2", kind="profile"),
            send(segmenter, partition=1, customer="K2", old="a", new="b"),
            send(segmenter, partition=1, customer="K2", why={"cause": "time"}),
        ]
        wanted = send(segmenter, partition=1, customer="K2")
        told = some(everything, 5)
        assert sorted(ids(told)) == sorted([*other, wanted])
        assert {event.name for event in told} == {"change"}
        assert told[0].data["specversion"] == "1.0"
        assert ids(some(some_of_it, 1)) == [wanted]


def test_who_comes_back_misses_nothing_and_gets_nothing_twice(
    console: ConsoleProcess, segmenter: Segmenter
) -> None:
    with console.following() as events:
        start = next(events).id
    sent = [send(segmenter, partition=n % 2) for n in range(10)]
    with console.following(start) as events:
        first = some(events, 3)
    with console.following(first[-1].id) as events:
        second = some(events, 2)
    while_away = console.stop()
    assert while_away == 0
    for n in range(2):  # more than is read at a start
        sent += send_many(segmenter, 100, partition=n)
    console.start()
    console.wait_for_events()
    with console.following(after=second[-1].id) as events:
        third = some(events, 205)
        sent.append(send(segmenter, partition=1))
        third += some(events, 1)
    told = ids([*first, *second, *third])
    assert len(told) == len(set(told))
    assert set(told) == set(sent)
    for partition in range(2):  # each in the order of its partition
        offsets = [int(event.id.split(".")[partition]) for event in [*first, *second, *third]]
        assert offsets == sorted(offsets)
    with console.following(third[-1].id) as events:
        last = send(segmenter, partition=0)
        assert ids(some(events, 1)) == [last]


def test_what_the_topic_does_not_hold_is_told(console: ConsoleProcess) -> None:
    with console.following() as events:
        starts = [int(offset) for offset in next(events).id.split(".")]
    beyond = ".".join(str(offset + 1_000) for offset in starts)
    answer = console.get("/v1/transitions", **{"Last-Event-ID": beyond})
    assert (answer.status_code, answer.json()["title"]) == (410, "Not held any more")


# What is away


def test_a_redis_that_goes_away_and_comes_back(
    console: ConsoleProcess, server: OwnRedis, redis: Redis
) -> None:
    put(redis, "R1")
    assert console.get("/v1/customers/R1").status_code == 200
    server.kill()
    for path in ("/v1/customers/R1", "/v1/customers/R1/explain", "/v1/segments/vip/members"):
        away = console.get(path)
        assert (away.status_code, away.headers["retry-after"]) == (503, "1")
        assert away.json()["detail"].startswith("Redis, which holds the cards, does not answer")
    with console.following() as events:
        assert next(events).id
    server.start()
    wait_until(lambda: console.get("/v1/customers/R1").status_code == 200, "it is back")


def test_a_kafka_that_goes_away_and_comes_back(
    console: ConsoleProcess, broker: KafkaBroker, redis: Redis
) -> None:
    put(redis, "R2")
    with console.following() as events:
        mark = next(events).id
        broker.kill()
        wait_until(lambda: console.events_status() == 503, "it says so")
        assert console.get("/v1/customers/R2").status_code == 200
        broker.start()
        console.wait_for_events()
        sent = send(Segmenter(broker.bootstrap), partition=1)
        assert ids(some(events, 1)) == [sent]
    with console.following(mark) as events:
        assert ids(some(events, 1)) == [sent]


def test_it_ends_quickly_whoever_is_connected(console: ConsoleProcess) -> None:
    shown = {"Authorization": f"Bearer {TOKEN}"}
    socket = console.url.replace("http", "ws") + SOCKET
    with console.following() as events, connect(socket, additional_headers=shown):
        assert next(events).id
        began = time.monotonic()
        assert console.stop() == 0
        assert time.monotonic() - began < 10  # much of it on a busy machine
        assert not any(event.name for event in events)
    assert "Traceback" not in console.log.read_text("utf-8")
