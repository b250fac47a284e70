"""The rules file (`nyxter.toml`) as frozen models, its defaults and its content version.

What the file leaves out has the defaults of the published rules, key by key: a file that names
two campaigns keeps the others, and `fidelizacao = false` takes one away.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from schemas.campaign import Campaign
from schemas.envelope import dumps
from schemas.journey import PROFILES, JourneyRules, Kind
from schemas.journey import with_defaults as journey_with_defaults
from schemas.limits import EventLimits
from schemas.potential import Potential
from schemas.rule_values import Name, RuleModel, Score, Weight, three_places
from schemas.toml_lines import line_of

INDICATORS: Final = ("P", "R", "F", "V")
TIERS: Final = ("vip", "medio")  # the first whose limits hold; who meets none is OTHER_TIER
OTHER_TIER: Final = "pequeno"
RFM_TOTALS: Final = range(3, 13)
FILE_BYTES: Final = 1_000_000
_SEVEN: Final = Decimal(7)

Field_ = Literal["customer_type", "segment", "revenue_band", "state", "city", "customer_since"]

DEFAULTS: Final[Mapping[str, Any]] = {
    "tiers": {
        "vip": {"P": 80, "R": 75, "F": 90, "V": 95},
        "medio": {"P": 62, "R": 55, "F": 70, "V": 65},
    },
    "campaigns": {
        "fidelizacao": {"R": "> 55"},
        "retencao": {"R": "> 70", "V": "> 80"},
        "recuperacao": {"R": "> 0, < 55"},
        "reativacao": {"R": "= 0", "after_first_sale": True},
    },
    "channels": {"pequeno": "televendas", "vip": "representante", "medio": "padrao"},
    "rfm": {
        "segments": [
            {"from": 3, "name": "Em Atenção"},
            {"from": 5, "name": "Em Ascensão"},
            {"from": 6, "name": "Leais"},
            {"from": 8, "name": "Campeões"},
        ]
    },
}


class RulesError(ValueError):
    """A rules file that can't be used: one line for each thing that is wrong."""


class Weights(RuleModel):
    """Weights of the four scores in PRFV, ≥ 0, not all 0."""

    P: Weight = Decimal(1)
    R: Weight = Decimal(1)
    F: Weight = Decimal(1)
    V: Weight = Decimal(1)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not any((self.P, self.R, self.F, self.V)):
            raise ValueError("the weights are all 0")
        return self


class Analysis(RuleModel):
    """The period, the basis of value, the groups and the way of ranking."""

    start: date | None = None
    window_days: Annotated[int, Field(ge=1, le=3_000_000)] | None = None
    ideal_frequency_weeks: Annotated[
        Decimal, BeforeValidator(three_places), Field(gt=0, le=5_000)
    ] = Decimal(4)
    value_basis: Literal["value", "margin"] = "value"
    weights: Weights = Weights()
    compare_by: tuple[Field_, ...] = ()
    ranking: Literal["dense", "percentile"] = "dense"

    @field_validator("compare_by", mode="before")
    @classmethod
    def _distinct(cls, value: object) -> object:
        if isinstance(value, list):
            if len(set(map(str, value))) < len(value):
                raise ValueError("names a field twice")
            return tuple(value)
        return value

    @model_validator(mode="after")
    def _one_period(self) -> Self:
        if self.start is not None and self.window_days is not None:
            raise ValueError("start and window_days are both given: choose one")
        return self

    def period_start(self, day: int) -> int:
        """Return the first day of the period (proleptic ordinal) as seen on `day`."""
        if self.start is not None:
            return self.start.toordinal()
        return max(1, day - (self.window_days or 365) + 1)


class Limits(RuleModel):
    """The least scores of a tier; a null score is left out."""

    P: Score
    R: Score
    F: Score
    V: Score


class RfmSegment(RuleModel):
    """A name for the totals of r + f + v from `from` up to the next segment's."""

    from_: Annotated[int, Field(alias="from", ge=RFM_TOTALS[0], le=RFM_TOTALS[-1])]
    name: Name


class Rfm(RuleModel):
    """The names of the RFM totals 3–12."""

    segments: tuple[RfmSegment, ...]

    @field_validator("segments", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        starts = [segment.from_ for segment in self.segments]
        if not starts or starts[0] != RFM_TOTALS[0]:
            raise ValueError("the first segment does not start from 3")
        if any(b <= a for a, b in pairwise(starts)):
            raise ValueError("the segments are not in rising order of from")
        return self


class Channels(RuleModel):
    """The sales channel of each tier."""

    pequeno: Name
    medio: Name
    vip: Name


class Rules(RuleModel):
    """The rules in force, whole; `version` names their content."""

    analysis: Analysis = Analysis()
    operation_natures: Annotated[dict[str, bool], Field(default_factory=dict)]
    potential: Annotated[tuple[Potential, ...], Field(max_length=50)] = ()
    tiers: dict[Literal["vip", "medio"], Limits]
    campaigns: Annotated[dict[Name, Campaign], Field(max_length=60)]
    channels: Channels
    rfm: Rfm
    limits: EventLimits = EventLimits()
    journey: JourneyRules  # last: its triggers name campaigns and RFM segments

    @field_validator("potential", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("potential")
    @classmethod
    def _named_once(cls, value: tuple[Potential, ...]) -> tuple[Potential, ...]:
        attributes = [potential.attribute for potential in value]
        for name in attributes:
            if attributes.count(name) > 1:
                raise ValueError(f"names the attribute {name} twice")
        return value

    @field_validator("journey", mode="before")
    @classmethod
    def _whole_journey(cls, value: object, info: ValidationInfo) -> object:
        names: dict[Kind, Sequence[str]] = {"profile": PROFILES, "tier": (*TIERS, OTHER_TIER)}
        if "campaigns" in info.data:
            names["campaign"] = tuple(info.data["campaigns"])
        if "rfm" in info.data:
            names["rfm"] = [segment.name for segment in info.data["rfm"].segments]
        return journey_with_defaults(value, names)

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = [*TIERS, OTHER_TIER, *self.campaigns, *self.segment_names]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} names two tiers, campaigns or RFM segments")
        return self

    def moves_account(self, nature: str) -> bool:
        """Tell whether orders of an operation nature are sales."""
        return self.operation_natures.get(nature, self.operation_natures.get("default", True))

    @cached_property
    def segment_names(self) -> tuple[str, ...]:
        """The names of the RFM segments, lowest totals first."""
        return tuple(segment.name for segment in self.rfm.segments)

    @cached_property
    def version(self) -> str:
        """16 hexadecimal digits that name the content of the rules."""
        content = dumps(self.model_dump(mode="json"))
        return hashlib.blake2b(content, digest_size=8).hexdigest()


def read_rules(text: str, name: str = "rules") -> Rules:
    """Return the rules of a TOML text.

    Raises
    ------
    RulesError
        One line for each thing that is wrong: file, line, key and reason.

    """
    try:
        given = tomllib.loads(text, parse_float=Decimal)
    except ArithmeticError:
        raise RulesError(f"{name}: a number is out of range") from None
    except RecursionError:
        raise RulesError(f"{name}: nested too deeply") from None
    except ValueError as error:
        raise RulesError(f"{name}: not TOML: {error}") from error
    try:
        return Rules.model_validate(_with_defaults(given))
    except ValidationError as error:
        raise RulesError("\n".join(_problems(error, text, name))) from None


def load_rules(path: Path | None, most: int = FILE_BYTES) -> Rules:
    """Return the rules of a file of at most so many bytes, or the defaults where there is none.

    Raises ``RulesError``, ``OSError``, and ``UnicodeDecodeError`` where it is not UTF-8.
    """
    if path is None:
        return read_rules("")
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise RulesError(f"{path}: has more than {most} bytes (NYXTER_RULES_BYTES)")
    return read_rules(raw.decode(), str(path))


def _with_defaults(given: dict[str, Any]) -> dict[str, Any]:
    whole = dict(given)
    for table in ("channels", "rfm"):
        whole[table] = _merged(DEFAULTS[table], given.get(table, {}))
    tiers = given.get("tiers", {})
    whole["tiers"] = _merged(DEFAULTS["tiers"], tiers)
    if isinstance(tiers, dict):
        whole["tiers"] |= {
            name: _merged(DEFAULTS["tiers"].get(name, {}), tier) for name, tier in tiers.items()
        }
    campaigns = _merged(DEFAULTS["campaigns"], given.get("campaigns", {}))
    if isinstance(campaigns, dict):
        campaigns = {name: rule for name, rule in campaigns.items() if rule is not False}
    return {"journey": {}} | whole | {"campaigns": campaigns}


def _merged(default: Mapping[str, Any], given: Any) -> Any:
    return {**default, **given} if isinstance(given, dict) else given


def _problems(error: ValidationError, text: str, name: str) -> Iterable[str]:
    for problem in error.errors(include_url=False, include_input=False):
        where = problem["loc"]
        key = ".".join(str(part) for part in where) or "rules"
        line = line_of(text, where)
        reason = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"]
        place = f"{name}, line {line}" if line else name
        yield f"{place}: {key}: {reason.removeprefix('Value error, ')}"
