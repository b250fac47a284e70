"""What look-ups answer, as models: for the description, and for who reads answers in a test."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.journey import Kind
from schemas.outputs import Features, JourneyTransition, Profile, Raw, Scores, Suppression, Why


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Card(Profile):
    """A customer's profile as published, and which one it is."""

    version: Annotated[int, Field(description="The profile's offset in its topic; the ETag.")]
    updated_at: Annotated[int, Field(description="When it was published, ms since 1970.")]


class Entry(_Answer):
    """A change of segment, or a trigger, of a customer's history."""

    id: str
    time: str
    kind: Kind
    old: str | None
    new: str | None
    why: Why
    offset: Annotated[int, Field(description="Its place in the topic of segment events.")]
    scores: Scores | None = None
    raw: Raw | None = None
    features: Features | None = None
    trigger: str | None = None
    segment: str | None = None
    phase: str | None = None
    stage: str | None = None
    actions: tuple[str, ...] | None = None
    channel: str | None = None
    suppressed: Suppression | None = None
    transition: JourneyTransition | None = None


class History(_Answer):
    """A customer's newest changes and triggers, newest first."""

    customer_id: str
    items: tuple[Entry, ...]


class Nearest(_Answer):
    """The limit of the rules nearest to a score; `distance` below 0 is what is missing."""

    limit: float
    of: Annotated[str, Field(description="The tier or campaign that has this limit.")]
    distance: float


class Part(_Answer):
    """One table of an explanation: headings, where it has some, and rows of texts."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Explanation(_Answer):
    """A customer's card and its whys in words, as text and as tables."""

    customer_id: str
    version: int
    language: str
    text: str
    parts: tuple[Part, ...]
    nearest: Annotated[dict[str, Nearest | None], Field(description="By P, R, F, V and PRFV.")]
    rules: Annotated[str, Field(description="The rules whose limits these are.")]
    same_rules: Annotated[bool, Field(description="Whether the card was scored by them.")]


class Member(_Answer):
    """A customer of a segment; the highest PRFV first."""

    customer_id: str
    prfv: float


class Members(_Answer):
    """A page of a segment."""

    segment: str
    count: Annotated[int, Field(description="How many customers it has just now.")]
    items: tuple[Member, ...]
    next: Annotated[str | None, Field(description="The cursor of the next page; null: no more.")]
