"""The rules' `[journey]`: its defaults, what a file changes, and what is refused on which line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.journey import HOLDS, KINDS, PROFILES, JourneyRules
from schemas.rules import RulesError, load_rules, read_rules

EXAMPLE = Path(__file__).parents[2] / "examples" / "nyxter.toml"

PHASES = {
    "Aquisição e Prospecção": ["Interesse", "Apresentação", "Proposta", "Fechamento"],
    "Onboarding e Implementação": [
        "Onboarding Corporativo",
        "Onboarding Suporte",
        "Setup Infraestrutura",
        "Onboarding Projeto",
        "Projeto Implantação",
        "Operação Assistida",
    ],
    "Sustentação e Suporte": ["Suporte Técnico", "Suporte ADM"],
    "Expansão e Inovação": ["Atualização", "Novos Negócios"],
}
STAGES = [stage for stages in PHASES.values() for stage in stages]
OWN_PHASES = 'phases = [{ name = "Todas", stages = ["Etapa"] }]\n'
TRIGGER = '{ stage = "Proposta", actions = ["ligar"] }'


def journey(text: str = "") -> JourneyRules:
    return read_rules(text).journey


def named(rules: JourneyRules) -> dict[str, list[str]]:
    """By kind, the segments that have a trigger."""
    return {kind: list(getattr(rules.triggers, kind)) for kind in KINDS}


EVERYTHING = {
    "profile": [
        "Novos Clientes",
        "Clientes em Expansão",
        "Clientes Leais",
        "Clientes Estratégicos",
    ],
    "tier": ["vip", "medio", "pequeno"],
    "campaign": ["fidelizacao", "retencao", "recuperacao", "reativacao"],
    "rfm": ["Em Atenção", "Em Ascensão", "Leais", "Campeões"],
}


def test_the_published_journey_is_the_default() -> None:
    rules = journey()
    assert {phase.name: list(phase.stages) for phase in rules.phases} == PHASES
    assert rules.profiles["Novos Clientes"].stages == tuple(PHASES["Onboarding e Implementação"])
    assert rules.profiles["Clientes Leais"].stages == tuple(STAGES[-4:])
    assert rules.profiles["Clientes Estratégicos"].actions == (
        "comitê de relacionamento executivo",
        "apresentação de inovações",
        "projetos conjuntos",
    )
    assert (rules.cap_per_week, rules.cooldown_days, rules.hold) == (3, 30, HOLDS)


def test_every_segment_of_the_defaults_has_a_trigger() -> None:
    rules = journey()
    assert named(rules) == EVERYTHING
    assert tuple(EVERYTHING["profile"]) == PROFILES
    triggers = [t for kind in KINDS[1:] for t in getattr(rules.triggers, kind).values()]
    assert all(trigger.stage in STAGES for trigger in triggers)
    assert all(trigger.actions and trigger.channel is None for trigger in triggers)


def test_the_example_says_the_defaults_of_the_journey() -> None:
    assert load_rules(EXAMPLE).journey == journey()


def test_a_trigger_is_changed_key_by_key() -> None:
    changed = journey(
        '[journey.triggers.campaign.retencao]\nchannel = "loja"\ncooldown_days = 0\n'
        '[journey.triggers.profile."Clientes Leais"]\nstage = "Fechamento"\n'
        '[journey.profiles."Clientes Leais"]\nactions = ["visita"]\n'
    )
    before, after = journey().triggers.campaign["retencao"], changed.triggers.campaign["retencao"]
    assert after == before.model_copy(update={"channel": "loja", "cooldown_days": 0})
    loyal = changed.triggers.profile["Clientes Leais"]
    assert (loyal.stage, loyal.actions) == ("Fechamento", None)
    assert changed.profiles["Clientes Leais"].actions == ("visita",)
    assert changed.profiles["Clientes Leais"].stages == journey().profiles["Clientes Leais"].stages
    assert named(changed) == EVERYTHING


GONE = [
    ("[journey.triggers.campaign]\nretencao = false", "campaign", "retencao"),
    ("[journey.triggers.tier]\nvip = false", "tier", "vip"),
    ('[journey.triggers.rfm]\n"Campeões" = false', "rfm", "Campeões"),
    ('[journey.triggers.profile]\n"Clientes Leais" = false', "profile", "Clientes Leais"),
    ("[campaigns]\nretencao = false", "campaign", "retencao"),
    (
        "[campaigns]\nretencao = false\n[journey.triggers.campaign]\nretencao = false",
        "campaign",
        "retencao",
    ),
]


@pytest.mark.parametrize(("text", "kind", "segment"), GONE)
def test_a_trigger_is_taken_away(text: str, kind: str, segment: str) -> None:
    left = [name for name in EVERYTHING[kind] if name != segment]
    assert named(journey(text)) == EVERYTHING | {kind: left}


def test_segments_of_ones_own_have_the_triggers_that_the_file_gives() -> None:
    rules = journey(
        '[campaigns]\nnatal = { R = "> 5" }\npascoa = { R = "> 6" }\n'
        f"[journey.triggers.campaign]\nnatal = {TRIGGER}\n"
        '[rfm]\nsegments = [{ from = 3, name = "Leais" }, { from = 9, name = "Ouro" }]\n'
        f'[journey.triggers.rfm]\n"Ouro" = {TRIGGER}\n'
    )
    campaigns = [*EVERYTHING["campaign"], "natal"]
    assert named(rules) == EVERYTHING | {"campaign": campaigns, "rfm": ["Leais", "Ouro"]}
    assert rules.triggers.campaign["natal"].actions == ("ligar",)


def test_phases_of_ones_own() -> None:
    triggers = [
        f"[journey.triggers.{kind}]\n" + "\n".join(f'"{name}" = false' for name in EVERYTHING[kind])
        for kind in KINDS
    ]
    places = [f'[journey.profiles."{name}"]\nstages = ["Etapa"]' for name in PROFILES]
    rules = journey("\n".join([f"[journey]\n{OWN_PHASES}", *triggers, *places]))
    assert [phase.stages for phase in rules.phases] == [("Etapa",)]
    assert named(rules) == {kind: [] for kind in KINDS}


CHANGES = [
    "[journey]\ncap_per_week = 4",
    "[journey]\ncooldown_days = 0",
    '[journey]\nhold = ["model"]',
    "[journey]\nhold = []",
    '[journey.profiles."Clientes Leais"]\nactions = ["visita"]',
    "[journey.triggers.tier]\nvip = false",
    '[journey.triggers.tier.vip]\nstage = "Fechamento"',
    '[journey.triggers.tier.vip]\nactions = ["visita"]',
    '[journey.triggers.tier.vip]\nchannel = "loja"',
    "[journey.triggers.tier.vip]\ncooldown_days = 30",
]


def test_every_change_of_the_journey_is_another_version() -> None:
    assert len({read_rules(text).version for text in ["", *CHANGES]}) == len(CHANGES) + 1


PIECES = [
    "[journey]\ncap_per_week = 7\nhold = {hold}",
    "[journey.triggers.tier.vip]\ncooldown_days = 1",
    "[journey.triggers.tier.medio]\ncooldown_days = 2",
    '[journey.triggers.rfm.Leais]\nchannel = "loja"',
    '[journey.profiles."Clientes Leais"]\nactions = ["a"]',
    '[journey.profiles."Novos Clientes"]\nactions = ["b"]',
]


@settings(max_examples=30, deadline=None)
@given(st.permutations(PIECES), st.permutations(['"model"', '"rules"', '"first_score"']))
def test_the_order_of_the_file_is_no_matter(pieces: list[str], hold: list[str]) -> None:
    written, shuffled = (
        read_rules("\n".join(some).replace("{hold}", f"[{', '.join(holds)}]"))
        for some, holds in ((PIECES, [f'"{name}"' for name in HOLDS]), (pieces, hold))
    )
    assert shuffled == written
    assert shuffled.version == written.version


CAMPAIGN = "[journey.triggers.campaign]\n"
REFUSED = {
    "a campaign that is not there": (
        f"# rules\n{CAMPAIGN}natal = {TRIGGER}",
        3,
        "campaign.natal: the rules have no campaign of this name, but fidelizacao, retencao, rec",
    ),
    "a campaign that the rules removed": (
        f"[campaigns]\nretencao = false\n{CAMPAIGN}retencao = {TRIGGER}",
        4,
        "no campaign of this name",
    ),
    "taking away what never was": (f"{CAMPAIGN}retensao = false", 2, "no campaign of this name"),
    "a tier that is not there": (
        f"[journey.triggers.tier]\nouro = {TRIGGER}",
        2,
        "no tier of this name, but vip, medio, pequeno",
    ),
    "an RFM segment that is not there": (
        f'rfm.segments = [{{ from = 3, name = "A" }}]\n[journey.triggers.rfm]\nLeais = {TRIGGER}',
        3,
        "no rfm of this name, but A",
    ),
    "a profile that is not there": (
        '[journey.triggers.profile."Clientes Novos"]\ncooldown_days = 3',
        1,
        "no profile of this name, but Novos Clientes, Clientes em Expansão",
    ),
    "a place of a profile that is not there": (
        '[journey.profiles."Novos"]\nstages = ["Proposta"]\nactions = ["a"]',
        1,
        "Novos Clientes",
    ),
    "a kind that is not there": ("[journey.triggers.state]\nSC = false", 1, "unknown key"),
    "an unknown key of the journey": ("[journey]\ncap = 3", 2, "unknown key"),
    "an unknown key of a trigger": ("[journey.triggers.tier.vip]\nfase = 1", 2, "unknown key"),
    "a stage that is not there": (
        '\n[journey.triggers.tier.vip]\nchannel = "a"\nstage = "Prospota"',
        4,
        "journey.triggers.tier.vip.stage: no phase has the stage Prospota",
    ),
    "a stage of a profile's trigger that is not there": (
        '[journey.triggers.profile."Clientes Leais"]\nstage = "Prospota"',
        2,
        "no phase has the stage Prospota",
    ),
    "a stage of a place that is not there": (
        '[journey.profiles."Clientes Leais"]\nstages = ["Proposta", "Prospota"]',
        2,
        "no phase has the stage Prospota, of profiles.Clientes Leais",
    ),
    "phases without the stages of the defaults": (
        f"[journey]\n{OWN_PHASES}",
        2,
        "no phase has the stage Proposta, of triggers.campaign.recuperacao",
    ),
    "a stage in two phases": (
        '[journey]\nphases = [{ name = "A", stages = ["a"] }, { name = "B", stages = ["a"] }]',
        2,
        "names a twice",
    ),
    "two phases of one name": (
        '[journey]\nphases = [{ name = "A", stages = ["a"] }, { name = "A", stages = ["b"] }]',
        2,
        "names A twice",
    ),
    "a phase without stages": ('[[journey.phases]]\nname = "A"\nstages = []', 3, "at least 1"),
    "no phases": ("[journey]\nphases = []", 2, "at least 1"),
    "a campaign's trigger without a stage": (
        f'[campaigns]\nnatal = {{ R = "> 5" }}\n{CAMPAIGN}natal = {{ actions = ["a"] }}',
        4,
        "Field required",
    ),
    "no actions": ("[journey.triggers.tier.vip]\nactions = []", 2, "at least 1"),
    "eleven actions": (f"[journey.triggers.tier.vip]\nactions = {['a'] * 11}", 2, "at most 10"),
    "an action without words": ('[journey.triggers.tier.vip]\nactions = [""]', 2, "at least 1"),
    "a channel without name": ('[journey.triggers.tier.vip]\nchannel = ""', 2, "at least 1"),
    "a trigger that is no table": (f"{CAMPAIGN}retencao = true", 2, "dictionary"),
    "triggers that are no table": ("[journey]\ntriggers = 1", 2, "dictionary"),
    "triggers of a kind that are no table": ("[journey.triggers]\ntier = 1", 2, "dictionary"),
    "profiles that are no table": ("[journey]\nprofiles = 1", 2, "dictionary"),
    "a journey that is no table": ("journey = 1", 1, "dictionary"),
    "a negative cap": ("[journey]\ncap_per_week = -1", 2, "greater than or equal to 0"),
    "a cap too great": ("[journey]\ncap_per_week = 1001", 2, "less than or equal to 1000"),
    "a cap that is no number": ("[journey]\ncap_per_week = true", 2, "valid integer"),
    "a negative cool-down": ("[journey]\ncooldown_days = -1", 2, "greater than or equal to 0"),
    "a cool-down of a trigger in words": (
        '[journey.triggers.tier.vip]\ncooldown_days = "30"',
        2,
        "valid integer",
    ),
    "a cause that is never held": ('[journey]\nhold = ["customer"]', 2, "first_score"),
    "a cause twice": ('[journey]\nhold = ["rules", "rules"]', 2, "names rules twice"),
    "causes that are no list": ('[journey]\nhold = "rules"', 2, "tuple"),
}


@pytest.mark.parametrize(("text", "line", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_the_line_and_the_reason_of_what_is_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(RulesError) as refused:
        read_rules(text, "f.toml")
    told = str(refused.value).splitlines()
    assert any(one.startswith(f"f.toml, line {line}: ") and reason in one for one in told), told


def test_other_sections_that_are_wrong_are_told_beside_the_journey() -> None:
    text = f"[rfm]\nsegments = 3\n[campaigns]\nnatal = 3\n{CAMPAIGN}natal = {TRIGGER}\nx = 5"
    with pytest.raises(RulesError) as refused:
        read_rules(text, "f")
    told = [one.split(":")[0] for one in str(refused.value).splitlines()]
    assert sorted(set(told)) == ["f, line 2", "f, line 4", "f, line 7"]
