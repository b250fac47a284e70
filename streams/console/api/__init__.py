"""The look-ups of support tools under ``/v1``: cards, histories, explanations, members, events."""

from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from redis import RedisError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from streams.console.api import customers, explanations, members, reference, transitions
from streams.console.api.refusals import Refusal, broken, invalid, no_page, redis_away, refused
from streams.console.desk import Desk

PREFIX: Final = "/v1"
_SUMMARY: Final = (
    "What Redis holds of customers, and what is published of them as it happens. Every request "
    "shows the token. Ids and names in paths are percent-encoded, slashes too."
)


def make_api(desk: Desk) -> FastAPI:
    """Return the app of the look-ups, for `Fork`."""
    api = FastAPI(
        title="Nyxter Online",
        version="1",
        description=_SUMMARY,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.desk = desk
    for part in (customers, explanations, members, transitions, reference):
        api.include_router(part.router)
    api.add_exception_handler(Refusal, refused)
    api.add_exception_handler(RedisError, redis_away)
    api.add_exception_handler(RequestValidationError, invalid)
    api.add_exception_handler(HTTPException, no_page)
    api.add_exception_handler(Exception, broken)
    return api


class Fork:
    """Leads what is below `PREFIX` to the look-ups, and all else on.

    Their paths stay percent-encoded, so that a slash within an id divides nothing.
    """

    def __init__(self, app: ASGIApp, api: ASGIApp) -> None:
        self._app = app
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one of them answer."""
        if scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/"):
            encoded = scope["raw_path"].decode("ascii")
            scope = {**scope, "path": encoded, "root_path": PREFIX}
            await self._api(scope, receive, send)
        else:
            await self._app(scope, receive, send)
