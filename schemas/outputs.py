"""What goes out: profiles and segment changes, as frozen models, and their bytes."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.journey import Kind

SEGMENT_CHANGED: Final = "nyxter.segment.changed.v1"
JOURNEY_TRIGGERED: Final = "nyxter.journey.triggered.v1"
SOURCE: Final = "/nyxter/segmenter"
UNASSIGNED: Final = "unassigned"  # the consumption profile of who has none

Colour = Literal["azul", "verde", "vermelho"]
Cause = Literal["customer", "time", "population", "rules", "model"]
Suppression = Literal["first_score", "rules", "model", "cool_down", "weekly_cap"]

Score = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Mark = Annotated[int, Field(ge=1, le=4)]
Count = Annotated[int, Field(ge=0)]
IsoDay = Annotated[str, Field(json_schema_extra={"format": "date"})]
IsoTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class _Output(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True
    )

    def to_json(self) -> bytes:
        """Return the output as compact UTF-8 JSON."""
        return self.__pydantic_serializer__.to_json(self)


class Scores(_Output):
    """The four scores and PRFV, 0–100 with 2 decimals; None where there is none."""

    P: Score | None
    R: Score
    F: Score
    V: Score
    prfv: Score | None


class Bands(_Output):
    """The colour of each score."""

    P: Colour | None
    R: Colour
    F: Colour
    V: Colour


class RfmMarks(_Output):
    """Quartiles of recency and value, orders up to 4, their sum and its name."""

    r: Mark
    f: Mark
    v: Mark
    total: Annotated[int, Field(ge=3, le=12)]
    segment: str


class Raw(_Output):
    """The raw figures behind the scores.

    `potential` are points, `frequency` is orders ÷ (expected + 1), `value` is in BRL, exact;
    `last_sale` and `orders` are of the period, `first_sale` is the first ever (ISO dates).
    """

    potential: str | None
    last_sale: IsoDay | None
    first_sale: IsoDay | None
    orders: Count
    frequency: float
    value: str


class RunnerUp(_Output):
    """The second most probable profile."""

    segment: str
    probability: Share


class Consumption(_Output):
    """The consumption profile and the number of the epoch it was scored with.

    `segment` is a profile's name, or "unassigned": then there is neither probability nor runner-up.
    """

    segment: str
    probability: Share | None
    runner_up: RunnerUp | None
    epoch: Count


class JourneyPlace(_Output):
    """Where a customer stands on the journey; None and nothing where there is no profile."""

    phase: str | None
    stages: tuple[str, ...]
    actions: tuple[str, ...]


class Features(_Output):
    """The four features of the mixture; band and tenure in words that people use.

    `tenure_months` is up to today; `revenue_band` is 0–11, None where it is not known.
    """

    brands: Count
    tenure_months: int
    revenue_band: Annotated[int, Field(ge=0, le=11)] | None
    contracts: Count


class Portfolio(_Output):
    """What a customer's contracts come to besides."""

    active_contracts: Count
    hired_last_12_months: Count
    hosting: tuple[str, ...]
    product_categories: tuple[str, ...]


class Profile(_Output):
    """A customer's latest scores and segments: the value of `nyxter.profiles.v1`."""

    customer_id: str
    P: Score | None
    R: Score
    F: Score
    V: Score
    prfv: Score | None
    bands: Bands
    tier: str
    campaigns: tuple[str, ...]
    channel: str
    rfm: RfmMarks | None
    consumption: Consumption
    journey: JourneyPlace
    raw: Raw
    features: Features | None
    portfolio: Portfolio
    group: tuple[str, ...]
    day: IsoDay
    snapshot: Count
    rules: str


class CausingEvent(_Output):
    """The event that a change follows from."""

    id: str
    source: str
    type: str
    time: IsoTime


class Boundary(_Output):
    """The limit of the rules nearest to the scores after the change.

    `distance` is score less limit, in points: below 0, what is missing.
    """

    indicator: str
    limit: float
    distance: float


class ProfileWhy(_Output):
    """Why a customer has a profile: its rivals, and the features that the event moved.

    `moved` is in words, such as "contratos 9 -> 14"; empty where the customer did nothing.
    """

    probabilities: dict[str, Share]
    moved: tuple[str, ...]


class Why(_Output):
    """Why a segment changed; `profile` is told of profiles alone."""

    cause: Cause
    event: CausingEvent | None
    day: IsoDay
    snapshot: Count
    before: Scores | None
    after: Scores | None
    boundary: Boundary | None
    profile: ProfileWhy | None


class SegmentChange(_Output):
    """The data of a segment change; None as `old` or `new`: in none."""

    kind: Kind
    old: str | None
    new: str | None
    scores: Scores | None
    raw: Raw | None
    features: Features | None
    why: Why


class SegmentChanged(_Output):
    """A customer entered or left a segment: a CloudEvent on `nyxter.segment-events.v1`."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = SOURCE
    type: Literal["nyxter.segment.changed.v1"] = SEGMENT_CHANGED
    subject: str
    time: IsoTime
    datacontenttype: Literal["application/json"] = "application/json"
    data: SegmentChange


class JourneyTransition(_Output):
    """The segment change that set a trigger off; `id` is that of its event."""

    id: str
    kind: Kind
    old: str | None
    new: str


class JourneyTrigger(_Output):
    """The data of a trigger; `suppressed` is the reason why it did not fire, None where it did."""

    trigger: str
    kind: Kind
    segment: str
    phase: str
    stage: str
    actions: tuple[str, ...]
    channel: str
    suppressed: Suppression | None
    transition: JourneyTransition
    why: Why


class JourneyTriggered(_Output):
    """A customer's trigger fired or was suppressed: a CloudEvent on `nyxter.segment-events.v1`."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = SOURCE
    type: Literal["nyxter.journey.triggered.v1"] = JOURNEY_TRIGGERED
    subject: str
    time: IsoTime
    datacontenttype: Literal["application/json"] = "application/json"
    data: JourneyTrigger


class DeadLetterHeaders(BaseModel):
    """What a dead letter says of the message that it was; its own headers come first.

    Attributes
    ----------
    nyxter-reason
        Why it was not applied, without any value of it.
    nyxter-topic, nyxter-partition, nyxter-offset
        Where it was.
    nyxter-retry, nyxter-letter
        Of one that was sent again: how often, and which dead letter (PARTITION:OFFSET) it was.

    """

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    reason: Annotated[str, Field(alias="nyxter-reason", min_length=1)]
    topic: Annotated[str, Field(alias="nyxter-topic", min_length=1)]
    partition: Annotated[str, Field(alias="nyxter-partition", pattern="^[0-9]+$")]
    offset: Annotated[str, Field(alias="nyxter-offset", pattern="^[0-9]+$")]
    retry: Annotated[str | None, Field(alias="nyxter-retry", pattern="^[0-9]+$")] = None
    letter: Annotated[str | None, Field(alias="nyxter-letter", pattern="^[0-9]+:[0-9]+$")] = None
