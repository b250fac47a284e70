"""The console: pages for people and look-ups for their tools, on one port, behind one token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from nicegui import ui

from schemas.rules import load_rules
from streams.access.redis import async_redis_client
from streams.client import client_config
from streams.console.api import Fork, make_api
from streams.console.board import Board
from streams.console.desk import Desk
from streams.console.entrance import entrance
from streams.console.live import Live
from streams.console.pages import add_pages
from streams.console.token import Guard, Token
from streams.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Return the console, all made and nothing connected yet; once a process.

    Its parts lie at ``app.state.desk`` (`streams.console.desk.Desk`).

    Raises
    ------
    TokenRefused
        The settings have no token that may open it.
    RulesError, OSError
        The rules file cannot be used.

    """
    token = Token(settings.console_token.get_secret_value())
    rules = load_rules(settings.rules, settings.rules_bytes)
    client = client_config(settings)
    desk = Desk(settings, rules, async_redis_client(settings), Live(client), Board(client, rules))
    app = FastAPI(lifespan=_working, openapi_url=None)
    app.state.desk = desk
    app.routes.append(entrance(token))
    add_pages(desk)
    ui.run_with(app, title="Nyxter Online", show_welcome_message=False, tailwind=False)
    app.add_middleware(Fork, api=make_api(desk))
    app.add_middleware(Guard, token=token)
    return app


@asynccontextmanager
async def _working(app: FastAPI) -> AsyncIterator[None]:
    """Have the parts at work while the console serves."""
    desk: Desk = app.state.desk
    desk.live.start()
    desk.board.start()
    try:
        yield
    finally:
        await desk.live.stop()
        desk.board.stop()
        await desk.redis.aclose()
