"""What can be asked, as a page that needs nothing from elsewhere, made of the description."""

from collections.abc import Iterator
from html import escape
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter()

_STYLE: Final = (
    ":root{color-scheme:light dark;font:1rem/1.55 system-ui,sans-serif}"
    "body{max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "h2{margin:2.5rem 0 .25rem;font:600 1.05rem ui-monospace,monospace;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;"
    "border-bottom:1px solid light-dark(#d7dae3,#394052)}"
    "code{font-family:ui-monospace,monospace}"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@router.get("/docs", include_in_schema=False)
async def reference(request: Request) -> HTMLResponse:
    """Return the page."""
    described: dict[str, Any] = request.app.openapi()
    body = "".join(_body(described, request.scope["root_path"]))
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Look-ups · Nyxter Online</title><style>{_STYLE}</style><main>{body}</main></html>"
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "private, no-cache"}
    return HTMLResponse(page, headers=headers)


def _body(described: dict[str, Any], prefix: str) -> Iterator[str]:
    info = described["info"]
    yield f"<h1>Look-ups</h1><p>{escape(info['description'])} "
    yield f'All of it: <a href="{escape(prefix)}/openapi.json">openapi.json</a>.</p>'
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            yield f"<h2>{method.upper()} {escape(prefix + path)}</h2>"
            yield f"<p>{escape(told['description'])}</p><table>"
            yield from map(_parameter, told.get("parameters", ()))
            for status, answer in told["responses"].items():
                yield _row(status, answer["description"])
            yield "</table>"


def _parameter(told: dict[str, Any]) -> str:
    return _row(f"{told['name']} ({told['in']})", told.get("description", ""))


def _row(name: str, told: str) -> str:
    return f"<tr><th><code>{escape(name)}</code></th><td>{escape(told)}</td></tr>"
