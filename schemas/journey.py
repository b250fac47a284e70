"""The rules' `[journey]`: phases and stages, where each profile lives, and the triggers.

What the file leaves out has the published journey, stage by stage, and a trigger for every
profile, tier, campaign and RFM segment of the defaults; `fidelizacao = false` takes one away.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from schemas.journey_defaults import PHASES, PLACES, TRIGGERS

Kind = Literal["profile", "tier", "campaign", "rfm"]
Hold = Literal["first_score", "rules", "model"]
ProfileName = Literal[
    "Novos Clientes", "Clientes em Expansão", "Clientes Leais", "Clientes Estratégicos"
]
KINDS: Final[tuple[Kind, ...]] = ("profile", "tier", "campaign", "rfm")
HOLDS: Final[tuple[Hold, ...]] = ("first_score", "rules", "model")
PROFILES: Final = tuple(PLACES)
_Where = tuple[str | int, ...]


class _Unknown(NamedTuple):
    """What stands in for a trigger that names nothing of the rules, until it is refused."""

    reason: str


def _refused(value: object) -> object:
    if isinstance(value, _Unknown):
        raise ValueError(value.reason)  # noqa: TRY004 - pydantic's way to refuse
    return value


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _distinct(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if value.count(name) > 1:
            raise ValueError(f"names {name} twice")
    return value


Name = Annotated[str, Field(min_length=1, max_length=100)]
Stages = Annotated[tuple[Name, ...], BeforeValidator(_listed), Field(min_length=1, max_length=50)]
Actions = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=200)], ...],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=10),
]
Days = Annotated[int, Field(ge=0, le=3650)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Phase(_Model):
    """A phase of the journey and its stages, in their order."""

    name: Name
    stages: Stages


class Place(_Model):
    """Where the customers of a profile live on the journey, and what to do for them."""

    stages: Stages
    actions: Actions


class _Sending(_Model):
    channel: Name | None = None  # None: the channel of the customer's tier
    cooldown_days: Days | None = None  # None: that of the whole journey


class ProfileTrigger(_Sending):
    """What entering a profile sets off: by default its first stage and its actions."""

    stage: Name | None = None
    actions: Actions | None = None


class SegmentTrigger(_Sending):
    """What entering a tier, a campaign or an RFM segment sets off."""

    stage: Name
    actions: Actions


class Triggers(_Model):
    """By kind, the trigger of each profile, tier, campaign and RFM segment that has one."""

    profile: dict[str, Annotated[ProfileTrigger, BeforeValidator(_refused)]]
    tier: dict[str, Annotated[SegmentTrigger, BeforeValidator(_refused)]]
    campaign: dict[str, Annotated[SegmentTrigger, BeforeValidator(_refused)]]
    rfm: dict[str, Annotated[SegmentTrigger, BeforeValidator(_refused)]]


class JourneyRules(_Model):
    """The rules of the journey, whole.

    Attributes
    ----------
    cap_per_week
        How many triggers fire at most for a customer in any 7 days.
    cooldown_days
        For how many days from the one it fired on a trigger rests, per customer; 0: it never does.
    hold
        The causes whose triggers are held back until someone releases them.
    phases, profiles, triggers
        The stages of the journey, where profiles live on it, and what is set off.

    """

    cap_per_week: Annotated[int, Field(ge=0, le=1000)] = 3
    cooldown_days: Days = 30
    hold: tuple[Hold, ...] = HOLDS
    phases: Annotated[tuple[Phase, ...], BeforeValidator(_listed), Field(min_length=1)]
    profiles: dict[ProfileName, Place]
    triggers: Triggers

    @field_validator("hold", mode="before")
    @classmethod
    def _causes(cls, value: object) -> object:
        return _distinct(tuple(value)) if isinstance(value, list) else value

    @field_validator("hold")
    @classmethod
    def _in_order(cls, value: tuple[Hold, ...]) -> tuple[Hold, ...]:
        return tuple(hold for hold in HOLDS if hold in value)

    @field_validator("phases")
    @classmethod
    def _named_once(cls, value: tuple[Phase, ...]) -> tuple[Phase, ...]:
        _distinct(tuple(phase.name for phase in value))
        _distinct(tuple(stage for phase in value for stage in phase.stages))
        return value

    @model_validator(mode="after")
    def _known_stages(self) -> Self:
        known = {stage for phase in self.phases for stage in phase.stages}
        wrong = [
            InitErrorDetails(type=_no_stage(where, stage), loc=_blamed(where, stage), input=stage)
            for where, stage in self._named_stages()
            if stage not in known
        ]
        if wrong:
            raise ValidationError.from_exception_data("journey", wrong)
        return self

    def _named_stages(self) -> Iterator[tuple[_Where, str]]:
        """Yield where each stage is named, and the stage."""
        for profile, place in self.profiles.items():
            for index, stage in enumerate(place.stages):
                yield ("profiles", profile, "stages", index), stage
        for kind in KINDS:
            triggers: Mapping[str, ProfileTrigger | SegmentTrigger] = getattr(self.triggers, kind)
            for name, trigger in triggers.items():
                if trigger.stage is not None:
                    yield ("triggers", kind, name, "stage"), trigger.stage


def _no_stage(where: _Where, stage: str) -> PydanticCustomError:
    named = {"stage": stage, "where": ".".join(map(str, where[:-1]))}
    return PydanticCustomError("stage", "no phase has the stage {stage}, of {where}", named)


def _blamed(where: _Where, stage: str) -> _Where:
    """Return where to point: what names the stage, or the phases where only a default does."""
    if where[0] == "profiles":
        defaults = PLACES[str(where[1])]["stages"]
    else:
        defaults = [TRIGGERS[str(where[1])].get(str(where[2]), {}).get("stage")]
    return ("phases",) if stage in defaults else where


def with_defaults(given: Any, names: Mapping[Kind, Sequence[str]]) -> Any:
    """Return a `[journey]` with what it leaves out, in a fixed order, to be validated.

    Parameters
    ----------
    given
        The table as it was parsed; what is no table is left for validation to refuse.
    names
        By kind, the segments of the rules in their order; of a kind that is not there nothing is
        known, and its triggers stay as given.

    """
    if not isinstance(given, dict):
        return given
    profiles, triggers = given.get("profiles", {}), given.get("triggers", {})
    if isinstance(profiles, dict):
        profiles = {
            name: _merged(PLACES.get(name, {}), profiles.get(name, {}))
            for name in {**PLACES, **profiles}
        }
    if isinstance(triggers, dict):
        of_kinds = {kind: _of_kind(kind, triggers.get(kind, {}), names) for kind in KINDS}
        triggers = {**triggers, **of_kinds}
    return {"phases": PHASES, **given, "profiles": profiles, "triggers": triggers}


def _of_kind(kind: Kind, given: Any, names: Mapping[Kind, Sequence[str]]) -> Any:
    if not isinstance(given, dict):
        return given
    defaults, known = TRIGGERS[kind], names.get(kind, tuple(given))
    triggers = {
        name: _merged(defaults.get(name, {}), given.get(name, name in defaults and {}))
        for name in known
    }
    for name, trigger in given.items():
        if name not in known and (trigger is not False or name not in defaults):
            reason = f"the rules have no {kind} of this name, but {', '.join(known) or 'none'}"
            triggers[name] = _Unknown(reason)
    return {name: trigger for name, trigger in triggers.items() if trigger is not False}


def _merged(default: Mapping[str, Any], given: Any) -> Any:
    return {**default, **given} if isinstance(given, dict) else given
