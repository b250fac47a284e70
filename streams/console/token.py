"""The guard: nobody comes in without the token, neither over HTTP nor over a websocket."""

import asyncio
import hashlib
import hmac
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from streams.console.problem import problem

LEAST: Final = 16
"""Characters that a token has at least."""

COOKIE: Final = "nyxter_console"
ENTRANCE: Final = "/entrar"

_BEARER: Final = "bearer"
_MISSING: Final = (
    "Show the token: Authorization: Bearer TOKEN.",
    "Mostre a chave: Authorization: Bearer CHAVE.",
)
_BUSY: Final = (
    "Too many wrong tokens are being tried: wait some seconds.",
    "Há tentativas demais com chaves erradas: espere alguns segundos.",
)
_DELAY_S: Final = 0.5
_MOST_WAITING: Final = 20


class TokenRefused(ValueError):  # noqa: N818 - it names what is the case
    """The token that is set opens nothing: why, without the token."""


class Busy(Exception):  # noqa: N818 - it names what is the case
    """Too many wrong tokens are being tried."""


class Token:
    """What opens the console; wrong ones are told so one after the other, half a second each.

    Parameters
    ----------
    text
        The token.

    Raises
    ------
    TokenRefused
        It is empty or too short.

    """

    def __init__(self, text: str) -> None:
        if len(text) < LEAST:
            raise TokenRefused(
                f"NYXTER_CONSOLE_TOKEN: {'has' if text else 'is not set: it needs'} "
                f"{'fewer than' if text else 'at least'} {LEAST} characters that nobody guesses"
            )
        self._text = text.encode()
        self.cookie = hmac.new(self._text, b"nyxter console", hashlib.sha256).hexdigest()
        self._turn = asyncio.Lock()
        self._waiting = 0

    def is_right(self, given: str) -> bool:
        """Tell whether this is the token."""
        return hmac.compare_digest(given.encode(errors="replace"), self._text)

    def is_right_cookie(self, given: str) -> bool:
        """Tell whether this is the cookie that who knew the token was given."""
        return hmac.compare_digest(given.encode(errors="replace"), self.cookie.encode())

    async def hold_up(self) -> None:
        """Take the time that a wrong token costs; Busy where too many wait."""
        if self._waiting >= _MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.sleep(_DELAY_S)
        finally:
            self._waiting -= 1


class Guard:
    """Lets through who shows the token (``Authorization: Bearer``) or the cookie.

    A browser that shows neither is led to `ENTRANCE`. A cookie counts for our own pages only: what
    the page of somebody else opens is refused (``Origin``).
    """

    def __init__(self, app: ASGIApp, token: Token) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or have the app do so."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] == ENTRANCE:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        shown = _shown(headers)
        if self._opens(shown) and _is_ours(headers):
            await self._app(scope, receive, send)
        else:
            await _turn_away(await self._refusal(scope, headers, shown), scope, receive, send)

    def _opens(self, shown: tuple[str, str] | None) -> bool:
        if shown is None:
            return False
        how, text = shown
        return self._token.is_right(text) if how == _BEARER else self._token.is_right_cookie(text)

    async def _refusal(
        self, scope: Scope, headers: Headers, shown: tuple[str, str] | None
    ) -> Response:
        if shown is not None:
            try:
                await self._token.hold_up()
            except Busy:
                return problem(
                    headers, HTTPStatus.TOO_MANY_REQUESTS, *_BUSY, **{"Retry-After": "10"}
                )
        if "text/html" in headers.get("accept", "") and not scope["path"].startswith("/v1/"):
            return _to_entrance(scope)
        return problem(
            headers, HTTPStatus.UNAUTHORIZED, *_MISSING, **{"WWW-Authenticate": "Bearer"}
        )


def _shown(headers: Headers) -> tuple[str, str] | None:
    """Return how who asks shows what they know, and what that is; None where they show nothing."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == _BEARER:
        return _BEARER, given.strip()
    cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    return None if cookie is None else (COOKIE, cookie)


def _is_ours(headers: Headers) -> bool:
    """Tell whether a page of ours asks, or no page at all."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _to_entrance(scope: Scope) -> Response:
    """Lead a browser to the entrance and from there back; a cookie that opens nothing goes."""
    query = scope.get("query_string", b"").decode("ascii", "replace")
    back = scope["path"] + (f"?{query}" if query else "")
    answer = RedirectResponse(f"{ENTRANCE}?para={quote(back, safe='')}", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE)
    return answer


async def _turn_away(refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a refusal; to a websocket as well, where the server can."""
    if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
        await refusal(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})
