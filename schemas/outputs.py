"""What goes out: profiles and segment changes, as frozen models, and their bytes."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

SEGMENT_CHANGED: Final = "nyxter.segment.changed.v1"
SOURCE: Final = "/nyxter/segmenter"

Colour = Literal["azul", "verde", "vermelho"]
Cause = Literal["customer", "time", "population", "rules", "model"]


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> bytes:
        """Return the output as compact UTF-8 JSON."""
        return self.__pydantic_serializer__.to_json(self)


class Scores(_Output):
    """The four scores and PRFV, 0–100 with 2 decimals; None where there is none."""

    P: float | None
    R: float
    F: float
    V: float
    prfv: float | None


class Bands(_Output):
    """The colour of each score."""

    P: Colour | None
    R: Colour
    F: Colour
    V: Colour


class RfmMarks(_Output):
    """Quartiles of recency and value, orders up to 4, their sum and its name."""

    r: int
    f: int
    v: int
    total: int
    segment: str


class Raw(_Output):
    """The raw figures behind the scores.

    `potential` are points, `frequency` is orders ÷ (expected + 1), `value` is in BRL, exact;
    `last_sale` and `orders` are of the period, `first_sale` is the first ever (ISO dates).
    """

    potential: str | None
    last_sale: str | None
    first_sale: str | None
    orders: int
    frequency: float
    value: str


class Profile(_Output):
    """A customer's latest scores and segments: the value of `nyxter.profiles.v1`."""

    customer_id: str
    P: float | None
    R: float
    F: float
    V: float
    prfv: float | None
    bands: Bands
    tier: str
    campaigns: tuple[str, ...]
    channel: str
    rfm: RfmMarks | None
    raw: Raw
    group: tuple[str, ...]
    day: str
    snapshot: int
    rules: str


class CausingEvent(_Output):
    """The event that a change follows from."""

    id: str
    source: str
    type: str
    time: str


class Boundary(_Output):
    """The limit of the rules nearest to the scores after the change.

    `distance` is score less limit, in points: below 0, what is missing.
    """

    indicator: str
    limit: float
    distance: float


class Why(_Output):
    """Why a segment changed."""

    cause: Cause
    event: CausingEvent | None
    day: str
    snapshot: int
    before: Scores | None
    after: Scores | None
    boundary: Boundary | None


class SegmentChange(_Output):
    """The data of a segment change; None as `old` or `new`: in none."""

    kind: Literal["tier", "campaign", "rfm"]
    old: str | None
    new: str | None
    scores: Scores | None
    raw: Raw | None
    why: Why


class SegmentChanged(_Output):
    """A customer entered or left a segment: a CloudEvent on `nyxter.segment-events.v1`."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = SOURCE
    type: Literal["nyxter.segment.changed.v1"] = SEGMENT_CHANGED
    subject: str
    time: str
    datacontenttype: Literal["application/json"] = "application/json"
    data: SegmentChange
