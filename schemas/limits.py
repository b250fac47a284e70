"""The rules' `[limits]`: how large an event may be, in all its parts.

They are rules because a replay must refuse what live refused: the version of the rules names them.
What is refused by a limit depends on the event alone, so no order of arrival matters
(docs/decisions/0012).
"""

from functools import cached_property
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.envelope import Envelope
from schemas.events import CustomerRecorded, Event
from schemas.instant import Refused

_MOST_UTF8: Final = 4  # bytes of a character
IDS: Final = frozenset({"order_id", "contract_id"})


class EventLimits(BaseModel):
    """Sizes in bytes of UTF-8, and counts, that are still taken.

    Attributes
    ----------
    message_bytes
        The value of a message, without white space around it. At most so much that whatever is
        made of it fits where it is written.
    customer_id_bytes, event_id_bytes, order_id_bytes
        The subject; id, source and time of an event, each; the id of an order or a contract.
    text_bytes
        Every other text that is read of an event's data.
    attributes, attribute_name_bytes
        How many attributes a customer's record has, and their names.
    orders_a_day
        Sales of one customer on one day. More are applied, and told as an alarm: which of them
        came late depends on the order of arrival, so none is refused.
    groups
        Comparison groups of the population. Beyond, no new snapshot is published, with an alarm:
        the last one stays in use.

    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    message_bytes: Annotated[int, Field(ge=1_000, le=1_500_000)] = 1_048_576
    customer_id_bytes: Annotated[int, Field(ge=1, le=4_096)] = 512
    event_id_bytes: Annotated[int, Field(ge=32, le=65_536)] = 1_024
    order_id_bytes: Annotated[int, Field(ge=1, le=65_536)] = 512
    text_bytes: Annotated[int, Field(ge=1, le=65_536)] = 1_024
    attributes: Annotated[int, Field(ge=0, le=100_000)] = 1_000
    attribute_name_bytes: Annotated[int, Field(ge=1, le=4_096)] = 256
    orders_a_day: Annotated[int, Field(ge=1, le=10**9)] = 1_000
    groups: Annotated[int, Field(ge=1, le=10_000)] = 1_000

    @cached_property
    def unmeasured(self) -> int:
        """Bytes of a JSON text in which nothing but a record's attributes can break a limit."""
        return min(
            self.message_bytes,
            self.customer_id_bytes,
            self.event_id_bytes,
            self.order_id_bytes,
            self.text_bytes,
        )

    def check_message(self, value: bytes | None) -> None:
        """Raise Refused where a message is too large, before anything of it is read."""
        if value is not None and len(value) > self.message_bytes:
            _least(len(value.strip()), self.message_bytes, "the message", "message_bytes")

    def check_envelope(self, envelope: Envelope) -> None:
        """Raise Refused where the customer's id is too long, or what names the event.

        `time` is checked too: its fraction may have any number of digits.
        """
        self._check("subject", envelope.subject, "customer_id_bytes")
        most = self.event_id_bytes
        if len(envelope.id) + len(envelope.source) + len(envelope.time) > most // _MOST_UTF8:
            self._check("id", envelope.id, "event_id_bytes")
            self._check("source", envelope.source, "event_id_bytes")
            self._check("time", envelope.time, "event_id_bytes")

    def check_event(self, event: Event) -> None:
        """Raise Refused where a field of an event is too long, or it has too many attributes."""
        for name, value in event.__dict__.items():
            if type(value) is str:
                limit = "order_id_bytes" if name in IDS else "text_bytes"
                self._check(f"data.{name}", value, limit)
        if type(event) is CustomerRecorded and event.attributes:
            self._check_attributes(event.attributes)

    def _check_attributes(self, attributes: dict[str, int]) -> None:
        if len(attributes) > self.attributes:
            raise Refused(f"data.attributes: more than {self.attributes} (limits.attributes)")
        for name in attributes:
            self._check("data.attributes: a name", name, "attribute_name_bytes")

    def _check(self, what: str, text: str, limit: str) -> None:
        """Count bytes only where the number of characters leaves a doubt."""
        most = getattr(self, limit)
        if len(text) > most // _MOST_UTF8:
            _least(len(text.encode()), most, what, limit)


def _least(size: int, most: int, what: str, limit: str) -> None:
    if size > most:
        raise Refused(f"{what} has more than {most} bytes (limits.{limit})")
