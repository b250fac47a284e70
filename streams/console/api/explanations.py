"""A customer's card explained, as text and as tables, with the limits nearest to the scores."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Response

from schemas.envelope import dumps
from schemas.rules import Rules
from streams.cards import card_key, card_of, entries_of, history_key
from streams.console.api.asked import CustomerId, TheDesk, TheLanguage, not_there
from streams.console.api.customers import MEDIA_TYPE, PRIVATE
from streams.console.api.models import Explanation
from streams.console.api.refusals import answers
from streams.telling.explanation import INDICATORS, Explaining, Json, as_text
from streams.telling.language import LANGUAGES, Language
from streams.telling.limits import nearest

router = APIRouter(tags=["customers"])

_CHANGES: Final = 10
_EXPLAINING: Final = {language: Explaining(language) for language in LANGUAGES}


@router.get(
    "/customers/{customer_id}/explain",
    response_model=Explanation,
    responses=answers(401, 404, 422, 503),
)
async def explain(customer_id: CustomerId, desk: TheDesk, language: TheLanguage) -> Response:
    """Explain a customer's card: scores with their limits, segments, profile, journey, changes.

    In English, or in Portuguese where Accept-Language prefers it.
    """
    pipe = desk.redis.pipeline(transaction=False)
    pipe.hgetall(card_key(customer_id.encode()))
    pipe.xrevrange(history_key(customer_id.encode()), count=_CHANGES)
    held, entries = await pipe.execute()
    card = card_of(held)
    if card is None:
        raise not_there(is_gone=b"gone" in held)
    told = _explained(card, entries_of(entries), desk.rules, language)
    headers = {"Content-Language": "pt-BR" if language == "pt" else "en", **PRIVATE}
    return Response(dumps(told), HTTPStatus.OK, headers, MEDIA_TYPE)


def _explained(card: Json, history: list[Json], rules: Rules, language: Language) -> Json:
    parts = list(_EXPLAINING[language].parts(card, history, rules))
    scores: dict[str, Any] = {name: card[name] for name in INDICATORS} | {"PRFV": card["prfv"]}
    limits = {name: nearest(name, score, rules) for name, score in scores.items()}
    return {
        "customer_id": card["customer_id"],
        "version": card["version"],
        "language": language,
        "text": as_text(parts),
        "parts": [part._asdict() for part in parts],
        "nearest": {name: found and found._asdict() for name, found in limits.items()},
        "rules": rules.version,
        "same_rules": rules.version == card["rules"],
    }
