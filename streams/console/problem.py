"""What went wrong, in plain words of the reader's language: RFC 9457 problem details."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response

from schemas.envelope import dumps

MEDIA_TYPE: Final = "application/problem+json"

_TITLES: Final = {
    HTTPStatus.BAD_REQUEST: ("This request cannot be understood", "Pedido incompreensível"),
    HTTPStatus.UNAUTHORIZED: ("A token is needed", "É preciso uma chave"),
    HTTPStatus.NOT_FOUND: ("Not found", "Não encontrado"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("Look-ups are read only", "Só se pode consultar"),
    HTTPStatus.GONE: ("Not held any more", "Já não existe"),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("Something given cannot be", "Algo informado não pode ser"),
    HTTPStatus.TOO_MANY_REQUESTS: ("Too many wrong tokens", "Chaves erradas demais"),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("Something broke", "Algo quebrou"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Away just now", "Fora do ar no momento"),
}


def speaks_portuguese(headers: Headers) -> bool:
    """Tell whether Portuguese comes before English in ``Accept-Language``.

    >>> speaks_portuguese(Headers({"accept-language": "pt-BR,pt;q=0.9,en;q=0.8"}))
    True
    >>> speaks_portuguese(Headers({"accept-language": "en, pt;q=0.5"}))
    False
    """
    best = {"pt": 0.0, "en": 0.0}
    for part in headers.get("accept-language", "").split(","):
        name, _, weight = part.partition(";")
        language = name.strip().lower().partition("-")[0]
        if language in best:
            best[language] = max(best[language], _weight(weight))
    return best["pt"] > best["en"]


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0


def problem(
    headers: Headers, status: HTTPStatus, english: str, portuguese: str, **more: str
) -> Response:
    """Return the answer that tells a problem in the reader's language; `more` are its headers.

    English unless ``Accept-Language`` prefers Portuguese. The texts quote nothing but what the
    reader gave.
    """
    second = speaks_portuguese(headers)
    told = {
        "type": "about:blank",
        "title": _TITLES[status][second],
        "status": int(status),
        "detail": portuguese if second else english,
    }
    return Response(
        dumps(told),
        status,
        {"Content-Language": "pt-BR" if second else "en", "Cache-Control": "no-store", **more},
        MEDIA_TYPE,
    )
