"""The customers of a segment, page by page."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from schemas.envelope import dumps
from streams.console.api.asked import Segment, TheDesk
from streams.console.api.customers import MEDIA_TYPE, PRIVATE
from streams.console.api.models import Members
from streams.console.api.refusals import Refusal, answers
from streams.console.members import NoCursor, NoSegment, read_page, spot_of

router = APIRouter(tags=["segments"])

_MOST: Final = 1_000
_NO_CURSOR: Final = (
    "cursor is none that was given out.",
    "cursor não é nenhum que tenha sido dado.",
)
_NO_SEGMENT: Final = (
    "No customer was ever in a segment of this name.",
    "Nunca houve cliente num segmento com este nome.",
)


@router.get(
    "/segments/{name}/members", response_model=Members, responses=answers(401, 404, 422, 503)
)
async def members(
    name: Segment,
    desk: TheDesk,
    limit: Annotated[int, Query(ge=1, le=_MOST, description="So many a page.")] = 100,
    cursor: Annotated[str | None, Query(description="The page before gave it as next.")] = None,
) -> Response:
    """Return customers of a segment, the highest PRFV first; `next` leads on to the others.

    Whoever does not move meanwhile is listed once.
    """
    try:
        after = None if cursor is None else spot_of(cursor)
        page = await read_page(desk.redis, name, after, limit)
    except NoCursor:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, *_NO_CURSOR) from None
    except NoSegment:
        raise Refusal(HTTPStatus.NOT_FOUND, *_NO_SEGMENT) from None
    items = [{"customer_id": each.customer.decode(), "prfv": each.score} for each in page.members]
    told = {"segment": name, "count": page.size, "items": items, "next": page.cursor}
    return Response(dumps(told), HTTPStatus.OK, PRIVATE, MEDIA_TYPE)
