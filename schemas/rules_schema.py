"""JSON Schema of the rules file, in which nearly everything may be left out.

The models are of whole rules, so what the file may leave out or set to false is told here. What
editors know of TOML they check by such a schema too.
"""

from typing import Any, Final

from schemas.journey import KINDS, PROFILES
from schemas.journey_defaults import TRIGGERS
from schemas.json_schema import Schema, schema_of, without_null
from schemas.rules import INDICATORS, OTHER_TIER, RFM_TOTALS, TIERS, Rules

_MERGED: Final = ("Limits", "Channels", "Rfm", "JourneyRules", "Place", "Triggers")
"""Tables of which each key has a default of its own."""

_TOLD: Final = "Rules, as TOML. What the file leaves out has the published default, key by key."
_FALSE: Final[Schema] = {"const": False, "description": "Takes it away."}
_CHANGE: Final = "SegmentTriggerChange"
_CHANGED: Final = "What is changed of a trigger that has a default."
_NAMED: Final = {"profile": PROFILES, "tier": (*TIERS, OTHER_TIER)}
"""Kinds whose names are fixed."""

_MORE: Final[dict[str, Schema]] = {
    "Weights": {
        "not": {
            "required": list(INDICATORS),
            "properties": {name: {"const": 0} for name in INDICATORS},
        }
    },
    "Analysis": {"not": {"required": ["start", "window_days"]}},
    "Potential": {"oneOf": [{"required": ["bands"]}, {"required": ["points_per_unit"]}]},
    "Campaign": {"anyOf": [{"required": [name]} for name in (*INDICATORS, "PRFV")]},
}
"""What validators of whole models see to."""


def rules_schema() -> Schema:
    """Return the schema of a rules file."""
    schema = without_null(schema_of(Rules))
    definitions = schema["$defs"]
    for name in _MERGED:
        definitions[name].pop("required", None)
    for name, more in _MORE.items():
        definitions[name] |= more
    del schema["required"]
    schema["description"] = _TOLD
    _lists(definitions)
    _campaigns(schema["properties"]["campaigns"])
    _tiers(schema["properties"]["tiers"])
    _triggers(definitions)
    return schema


def _lists(definitions: Schema) -> None:
    definitions["Analysis"]["properties"]["compare_by"]["uniqueItems"] = True
    definitions["JourneyRules"]["properties"]["hold"]["uniqueItems"] = True
    definitions["Phase"]["properties"]["stages"]["uniqueItems"] = True
    definitions["Potential"]["properties"]["bands"]["minItems"] = 1
    from_first = {"properties": {"from": {"const": RFM_TOTALS[0]}}}
    segments = definitions["Rfm"]["properties"]["segments"]
    segments |= {"minItems": 1, "maxItems": len(RFM_TOTALS), "prefixItems": [from_first]}
    segments["items"] = {"$ref": "#/$defs/RfmSegment"}
    segments["prefixItems"] = [{"allOf": [segments["items"], from_first]}]


def _campaigns(campaigns: Schema) -> None:
    """Let a campaign be taken away; how many are left, defaults included, a schema cannot count."""
    campaigns.pop("maxProperties", None)
    campaigns["additionalProperties"] = {"anyOf": [campaigns["additionalProperties"], _FALSE]}


def _tiers(tiers: Schema) -> None:
    tiers.pop("propertyNames", None)
    limits = tiers["additionalProperties"]
    tiers |= {"properties": dict.fromkeys(TIERS, limits), "additionalProperties": False}


def _triggers(definitions: Schema) -> None:
    """Let a trigger be changed by parts where it has a default, and be taken away."""
    whole = definitions["SegmentTrigger"]
    definitions[_CHANGE] = {name: value for name, value in whole.items() if name != "required"}
    definitions[_CHANGE] |= {"title": _CHANGE, "description": _CHANGED}
    for kind in KINDS:
        table = definitions["Triggers"]["properties"][kind]
        given = table["additionalProperties"]
        change: Any = given if kind == "profile" else {"$ref": f"#/$defs/{_CHANGE}"}
        names = _NAMED.get(kind, TRIGGERS[kind])
        table["properties"] = {name: {"anyOf": [change, _FALSE]} for name in names}
        table["additionalProperties"] = kind not in _NAMED and {"anyOf": [given, _FALSE]}
