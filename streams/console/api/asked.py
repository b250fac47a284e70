"""What paths name: customers and segments, percent-encoded; and who answers."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Path, Request
from pydantic import AfterValidator

from schemas.customer_id import problem_of
from streams.console.api.refusals import Refusal
from streams.console.desk import Desk
from streams.console.problem import speaks_portuguese
from streams.telling.language import Language

_PROBLEMS = {
    "has a control character": "tem um caractere de controle",
    "begins with a closing brace": "começa com uma chave que fecha",
    "is not UTF-8": "não é UTF-8",
}


async def desk_of(request: Request) -> Desk:
    """Return the desk of the console."""
    desk: Desk = request.app.state.desk
    return desk


async def language_of(request: Request) -> Language:
    """Return the language to answer in: English unless Portuguese is preferred."""
    return "pt" if speaks_portuguese(request.headers) else "en"


def named(encoded: str) -> str:
    """Return what a part of a path names.

    >>> named("A%C3%A7%C3%A3o%2F7")
    'Ação/7'
    """
    try:
        return unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        raise _impossible("is not UTF-8") from None


def customer_named(encoded: str) -> str:
    """Return the customer that a part of a path names; refuses an id that can be nobody's."""
    name = named(encoded)
    if told := problem_of(name):
        raise _impossible(told)
    return name


def _impossible(told: str) -> Refusal:
    return Refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"The id {told}: it can be nobody's.",
        f"O código {_PROBLEMS[told]}: não pode ser de ninguém.",
    )


def not_there(*, is_gone: bool) -> Refusal:
    """Return what to raise where there is no card."""
    if is_gone:
        return Refusal(
            HTTPStatus.NOT_FOUND,
            "This customer is gone: nothing of them is kept.",
            "Este cliente saiu da base: nada dele é guardado.",
        )
    return Refusal(
        HTTPStatus.NOT_FOUND, "There is no such customer.", "Não há cliente com este código."
    )


TheDesk = Annotated[Desk, Depends(desk_of)]
TheLanguage = Annotated[Language, Depends(language_of)]
CustomerId = Annotated[
    str, Path(description="The customer's id, percent-encoded."), AfterValidator(customer_named)
]
Segment = Annotated[
    str,
    Path(description="A tier, campaign, RFM segment or consumption profile, percent-encoded."),
    AfterValidator(named),
]
