"""What is published of customers as it happens, as server-sent events."""

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Response

from schemas.outputs import Cause
from streams.console.api.asked import TheDesk
from streams.console.api.refusals import Refusal, answers
from streams.console.event_stream import EventStream
from streams.console.live import Away
from streams.console.marks import Gone, NoMark
from streams.selection import Filters

router = APIRouter(tags=["events"])

Sort = Literal["tier", "campaign", "rfm", "profile", "trigger"]

_AWAY: Final = (
    "Kafka, where events come from, does not answer: try again in a moment.",
    "O Kafka, de onde vêm os eventos, não responde: tente de novo em instantes.",
)
_NO_MARK: Final = (
    "Last-Event-ID, or after, is no id that was given out.",
    "Last-Event-ID, ou after, não é nenhum id que tenha sido dado.",
)
_GONE: Final = (
    "The topic does not hold what comes after this id: begin without one, and read cards anew.",
    "O tópico não guarda o que vem depois deste id: comece sem id, e leia as fichas de novo.",
)
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events `change` and `trigger`, each a CloudEvent with an id to resume by; "
        "`gone` where the topic does not hold what comes next",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **answers(401, 410, 422, 503),
}


@router.get("/transitions", response_class=Response, responses=_STREAM)
async def transitions(
    desk: TheDesk,
    kind: Annotated[list[Sort] | None, Query(description="Only these; repeatable.")] = None,
    cause: Annotated[list[Cause] | None, Query(description="Only these; repeatable.")] = None,
    segment: Annotated[str | None, Query(description="Left or entered, or triggered.")] = None,
    customer: Annotated[str | None, Query(description="Only of this one.")] = None,
    fired: Annotated[bool | None, Query(description="Only triggers that did, or did not.")] = None,
    after: Annotated[str | None, Query(description="The id of the last event you have.")] = None,
    last_event_id: Annotated[str | None, Header(description="The same; goes before it.")] = None,
) -> Any:
    """Follow changes of segment and triggers; with the last id, from there on: all, and each once.

    Without an id, what comes from now on. A comment comes every 15 seconds where nothing else does.
    """
    filters = Filters(
        frozenset(kind or ()), customer, segment, fired, frozenset(map(str, cause or ()))
    )
    try:
        follower = await desk.live.follower(last_event_id or after)
    except Away:
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, *_AWAY) from None
    except NoMark:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, *_NO_MARK) from None
    except Gone:
        raise Refusal(HTTPStatus.GONE, *_GONE) from None
    return EventStream(follower, filters.lets_pass)
