"""Lists and samples are read from Redis whole, in order, and by what they cost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any

from redis.asyncio import Redis

from streams.cards import CARD_TEXTS, card_key, members_key, packed
from streams.console.views.members import PAGE, Member, Page, read_all, read_page
from streams.console.views.sample import draw

SEGMENT = "retencao"


def card(prfv: float | None, profile: str = "Clientes Leais") -> dict[str, Any]:
    return {
        "tier": "vip",
        "channel": "representante",
        "P": None,
        "R": 90.0,
        "F": 71.5,
        "V": 88.25,
        "prfv": prfv,
        "rfm": {"segment": "Leais"},
        "consumption": {"segment": profile},
        "features": {"brands": 2, "tenure_months": 30, "revenue_band": None, "contracts": 7},
        "raw": {"last_sale": "2026-11-02", "value": "1240.50"},
    }


async def put(redis: Redis, segment: str, scores: dict[str, float]) -> None:
    """Put members with their cards."""
    for customer, score in scores.items():
        held = packed(card(score, segment), CARD_TEXTS)
        fields = dict(zip(held[::2], held[1::2], strict=True))
        await redis.hset(card_key(customer.encode()), mapping=fields)
    await redis.zadd(members_key(segment.encode()), scores)


def on(url: str, work: Callable[[Redis], Awaitable[Any]]) -> Any:
    async def working() -> Any:
        async with Redis.from_url(url) as redis:
            return await work(redis)

    return asyncio.run(working())


async def all_of(redis: Redis) -> list[Member]:
    return [member async for some in read_all(redis, SEGMENT) for member in some]


MANY = {f"C{number:04d}": round(number / 30, 2) for number in range(2_600)}


def test_all_members_are_read_once_the_best_first(valkey: str) -> None:
    async def work(redis: Redis) -> list[Member]:
        await put(redis, SEGMENT, MANY)
        return await all_of(redis)

    members = on(valkey, work)
    assert len(members) == len(MANY)
    assert [one.customer_id for one in members] == sorted(MANY, key=lambda id_: (-MANY[id_], id_))
    assert members[0] == Member(
        "C2599",
        "vip",
        "representante",
        None,
        90.0,
        71.5,
        88.25,
        86.63,
        "Leais",
        SEGMENT,
        date(2026, 11, 2),
        Decimal("1240.50"),
    )


def test_pages_follow_each_other_and_end(valkey: str) -> None:
    async def work(redis: Redis) -> list[Page]:
        await put(redis, SEGMENT, dict(list(MANY.items())[: 2 * PAGE + 1]))
        return [await read_page(redis, SEGMENT, number) for number in (1, 2, 3, 99, -4)]

    first, second, third, beyond, before = on(valkey, work)
    ids = [member.customer_id for page in (first, second, third) for member in page.members]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 2 * PAGE + 1
    assert (first.number, first.pages, first.customers) == (1, 3, 2 * PAGE + 1)
    assert (beyond, before) == (third, first)


def test_who_has_just_left_the_base_is_on_no_list(valkey: str) -> None:
    async def work(redis: Redis) -> tuple[Page, list[Member], list[Any]]:
        await put(redis, SEGMENT, {"C1": 3.0, "C2": 2.0})
        await redis.delete(card_key(b"C1"))
        page = await read_page(redis, SEGMENT, 1)
        return page, await all_of(redis), await draw(redis, [SEGMENT])

    page, members, sample = on(valkey, work)
    assert [one.customer_id for one in page.members] == ["C2"]
    assert [one.customer_id for one in members] == ["C2"]
    assert [one.customer_id for one in sample] == ["C2"]


def test_a_sample_has_each_profile_by_its_size_and_no_more_than_asked_for(valkey: str) -> None:
    async def work(redis: Redis) -> list[Any]:
        await put(redis, "Clientes Leais", {f"L{n}": 1.0 for n in range(90)})
        await put(redis, "Novos Clientes", {f"N{n}": 1.0 for n in range(10)})
        return await draw(redis, ["Clientes Leais", "Novos Clientes", "Clientes em Expansão"], 20)

    sample = on(valkey, work)
    profiles = [one.profile for one in sample]
    assert (profiles.count("Clientes Leais"), profiles.count("Novos Clientes")) == (18, 2)
    assert len({one.customer_id for one in sample}) == 20
    assert (sample[0].tenure, sample[0].contracts, sample[0].brands, sample[0].band) == (
        30,
        7,
        2,
        None,
    )
