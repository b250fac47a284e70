"""A customer's card and history, straight from Redis: what is JSON there is not read here."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response

from schemas.envelope import dumps
from streams.cards import HISTORY, card_json, card_key, history_json, history_key
from streams.console.api.asked import CustomerId, TheDesk, not_there
from streams.console.api.models import Card, History
from streams.console.api.refusals import answers

router = APIRouter(tags=["customers"])

MEDIA_TYPE: Final = "application/json"
PRIVATE: Final = {"Cache-Control": "private, no-cache"}
"""What an answer says that tells of customers: nobody keeps it for others."""

_TAKES: Final = (401, 404, 422, 503)


@router.get(
    "/customers/{customer_id}",
    response_model=Card,
    responses={304: {"description": "As it was: If-None-Match names it"}, **answers(*_TAKES)},
)
async def card(
    customer_id: CustomerId,
    desk: TheDesk,
    if_none_match: Annotated[str | None, Header(description="An ETag that you have.")] = None,
) -> Response:
    """Return a customer's card: scores, segments, profile, journey, and what they follow from."""
    held: Any = await desk.redis.hgetall(card_key(customer_id.encode()))
    if b"version" not in held or b"gone" in held:
        raise not_there(is_gone=b"gone" in held)
    etag = f'"{held[b"version"].decode()}"'
    headers = {"ETag": etag, **PRIVATE}
    if if_none_match is not None and _names(if_none_match, etag):
        return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    return Response(card_json(held), HTTPStatus.OK, headers, MEDIA_TYPE)


def _names(condition: str, etag: str) -> bool:
    """Tell whether ``If-None-Match`` names an ETag.

    >>> _names('"6", W/"7"', '"7"'), _names("*", '"7"'), _names('"77"', '"7"')
    (True, True, False)
    """
    listed = [each.strip().removeprefix("W/") for each in condition.split(",")]
    return etag in listed or listed == ["*"]


@router.get("/customers/{customer_id}/history", response_model=History, responses=answers(*_TAKES))
async def history(
    customer_id: CustomerId,
    desk: TheDesk,
    limit: Annotated[int, Query(ge=1, le=HISTORY, description="So many at most.")] = 50,
) -> Response:
    """Return a customer's newest changes of segment and triggers with their why, newest first."""
    pipe = desk.redis.pipeline(transaction=False)
    pipe.hmget(card_key(customer_id.encode()), "version", "gone")
    pipe.xrevrange(history_key(customer_id.encode()), count=limit)
    (version, gone), entries = await pipe.execute()
    if version is None or gone is not None:
        raise not_there(is_gone=gone is not None)
    told = {"customer_id": customer_id, "items": history_json(entries)}
    return Response(dumps(told), HTTPStatus.OK, PRIVATE, MEDIA_TYPE)
