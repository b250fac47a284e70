"""The entrance: where a browser gives the token, and gets the cookie that shows it from then on."""

from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from streams.console.problem import speaks_portuguese
from streams.console.token import COOKIE, ENTRANCE, Busy, Token

_DAYS: Final = 30
_MOST_BYTES: Final = 4_096
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
}
_WORDS: Final = {
    False: {
        "lang": "en",
        "title": "Enter",
        "label": "Token of the console",
        "button": "Enter",
        "wrong": "This token opens nothing.",
        "busy": "Too many wrong tokens are being tried: wait some seconds.",
    },
    True: {
        "lang": "pt-BR",
        "title": "Entrar",
        "label": "Chave do console",
        "button": "Entrar",
        "wrong": "Esta chave não abre nada.",
        "busy": "Há tentativas demais com chaves erradas: espere alguns segundos.",
    },
}
_PAGE: Final = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Nyxter Online</title>
<style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5 }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
  background: light-dark(#f4f6f5, #0e1414); color: light-dark(#16211f, #e8eeec) }}
main {{ width: min(22rem, 90vw); padding: 2rem; border-radius: 1rem;
  background: light-dark(#fff, #161e1f); border: 1px solid light-dark(#d9dfdd, #2b3839) }}
h1 {{ display: flex; align-items: center; gap: .6rem; font-size: 1.25rem; margin: 0 0 1.5rem }}
h1 svg {{ width: 1.75rem }}
label {{ display: block; font-weight: 600; margin-bottom: .4rem }}
input, button {{ box-sizing: border-box; width: 100%; font: inherit; padding: .6rem .8rem;
  border-radius: .5rem; border: 1px solid light-dark(#8a9793, #6f8080) }}
button {{ margin-top: 1rem; border: 0; font-weight: 600; cursor: pointer;
  background: light-dark(#0b5a61, #79ccce); color: light-dark(#fff, #06282b) }}
:focus-visible {{ outline: 3px solid light-dark(#0b5a61, #79ccce); outline-offset: 2px }}
p {{ margin: 1rem 0 0; color: light-dark(#b8322a, #ff9f94) }}
</style></head>
<body><main><h1><svg viewBox="0 0 28 28" aria-hidden="true">
<circle cx="10" cy="16" r="8" fill="#3f7fd6"/><circle cx="18" cy="10" r="7" fill="#3fa878"/>
<circle cx="20" cy="20" r="6" fill="#d65a50"/></svg>Nyxter Online</h1>
<form method="post" action="{action}">
<input type="hidden" name="para" value="{back}">
<label for="chave">{label}</label>
<input id="chave" name="chave" type="password" autocomplete="current-password" required autofocus>
<button>{button}</button></form>{told}</main></body></html>
"""


def entrance(token: Token) -> Route:
    """Return the route of the entrance: the form, and a link that brings the token along."""

    async def enter(request: Request) -> Response:
        given = dict(request.query_params)
        if request.method == "POST":
            given |= await _form(request)
        chave, back = given.get("chave"), _own(given.get("para", "/"))
        if chave is None:
            return _page(request, back)
        if token.is_right(chave):
            return _let_in(request, token, back)
        try:
            await token.hold_up()
        except Busy:
            return _page(request, back, HTTPStatus.TOO_MANY_REQUESTS, "busy")
        return _page(request, back, HTTPStatus.UNAUTHORIZED, "wrong")

    return Route(ENTRANCE, enter, methods=["GET", "POST"])


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form; nothing of one that is far too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _own(back: str) -> str:
    r"""Return a place of this console to go on to; the first page for what is none.

    >>> _own("/jornada?lang=en"), _own("//elsewhere"), _own("https://elsewhere"), _own("/\\x")
    ('/jornada?lang=en', '/', '/', '/')
    """
    is_own = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if is_own else "/"


def _let_in(request: Request, token: Token, back: str) -> Response:
    answer = RedirectResponse(back, HTTPStatus.SEE_OTHER, _HEADERS)
    answer.set_cookie(
        COOKIE,
        token.cookie,
        max_age=_DAYS * 86_400,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


def _page(
    request: Request, back: str, status: HTTPStatus = HTTPStatus.OK, told: str = ""
) -> HTMLResponse:
    words = _WORDS[speaks_portuguese(request.headers) or not request.headers.get("accept-language")]
    page = _PAGE.format(
        **{name: escape(text) for name, text in words.items()},
        action=ENTRANCE,
        back=escape(back),
        told=f'<p role="alert">{escape(words[told])}</p>' if told else "",
    )
    return HTMLResponse(page, status, _HEADERS)
