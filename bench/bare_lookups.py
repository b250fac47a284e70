"""A route that does no more than look a card up: `python -m bench.bare_lookups REDIS_URL PORT`."""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from redis.asyncio import Redis

from streams.cards import card_json, card_key
from streams.embedded import HOST


def app_of(redis: Redis) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/customers/{customer_id}")
    async def card(customer_id: str) -> Response:
        held: Any = await redis.hgetall(card_key(customer_id.encode()))
        return Response(card_json(held), media_type="application/json")

    return app


if __name__ == "__main__":
    url, port = sys.argv[1:]
    app = app_of(Redis.from_url(url))
    uvicorn.run(app, host=HOST, port=int(port), log_config=None, access_log=False)
