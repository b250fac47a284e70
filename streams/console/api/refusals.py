"""What a look-up answers instead of what was asked for, in plain words."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from streams.console.problem import MEDIA_TYPE, problem
from streams.logs import where

log = structlog.get_logger()

_ANSWERS: Final = {
    401: "The token is missing or wrong",
    404: "There is none",
    410: "The topic does not hold what comes after this mark",
    422: "Something given cannot be",
    503: "Redis or Kafka is away",
}
_TOLD: Final = {
    "int_parsing": ("is not a whole number", "não é um número inteiro"),
    "greater_than_equal": ("is too small", "é pequeno demais"),
    "less_than_equal": ("is too large", "é grande demais"),
    "literal_error": ("is none of what it may be", "não é nenhum dos valores possíveis"),
    "bool_parsing": ("is neither true nor false", "não é true nem false"),
}
_OTHER: Final = ("cannot be this", "não pode ser isto")


class Refusal(Exception):  # noqa: N818 - it names what is the case
    """Why there is no answer, in both languages."""

    def __init__(self, status: HTTPStatus, english: str, portuguese: str) -> None:
        super().__init__(english)
        self.status = status
        self.texts = english, portuguese


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the description says of statuses that are refusals."""
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    content = {MEDIA_TYPE: {"schema": schema}}
    return {status: {"description": _ANSWERS[status], "content": content} for status in statuses}


def refused(request: Request, error: Exception) -> Response:
    """Return the answer for a `Refusal`."""
    assert isinstance(error, Refusal)
    again = {"Retry-After": "1"} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return problem(request.headers, error.status, *error.texts, **again)


def redis_away(request: Request, error: Exception) -> Response:
    """Return the answer where Redis gives none."""
    log.warning("redis_away", error=type(error).__name__)
    away = Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Redis, which holds the cards, does not answer: try again in a moment.",
        "O Redis, que guarda as fichas, não responde: tente de novo em instantes.",
    )
    return refused(request, away)


def invalid(request: Request, error: Exception) -> Response:
    """Return the answer where a parameter cannot be: which, and why."""
    assert isinstance(error, RequestValidationError)
    told = [(str(each["loc"][-1]), _TOLD.get(each["type"], _OTHER)) for each in error.errors()]
    english, portuguese = ("; ".join(f"{name} {why[n]}" for name, why in told) for n in (0, 1))
    return problem(request.headers, HTTPStatus.UNPROCESSABLE_ENTITY, english, portuguese)


def no_page(request: Request, error: Exception) -> Response:
    """Return the answer where there is nothing to be asked."""
    status = HTTPStatus(getattr(error, "status_code", HTTPStatus.NOT_FOUND))
    return problem(
        request.headers,
        status,
        "There is no such look-up: /v1/docs tells which there are.",
        "Não há esta consulta: /v1/docs diz quais há.",
    )


def broken(request: Request, error: Exception) -> Response:
    """Return the answer where something of ours broke."""
    log.error("look_up_broken", **where(error))
    return problem(
        request.headers,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something broke here; the log says where.",
        "Algo quebrou aqui; o registro diz onde.",
    )
