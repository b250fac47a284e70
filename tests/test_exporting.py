"""Exports from topics in memory: what is new, runs that die, who is forgotten, whose topics."""

import doctest
import importlib
import shutil
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from cache_samples import profile
from export_topics import (
    TODAY,
    Topics,
    change,
    column,
    erasure,
    export,
    held,
    trigger,
)

from schemas.outputs import JourneyTriggered, SegmentChanged
from schemas.rules import read_rules
from streams.exporting import directory as directory_module
from streams.exporting.directory import META, Directory
from streams.exporting.forgetting import forget
from streams.exporting.source import Source
from streams.exporting.star import SUBJECTS, TABLES
from streams.exporting.state import BadDirectory
from streams.place import Place
from streams.tabular import FORMATS, Format
from streams.topics import PROFILES, SEGMENT_EVENTS


class Killed(BaseException):
    """A process died."""


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch) -> Topics:
    """Two days of two customers, and what they stand at."""
    made = Topics()
    made.install(monkeypatch)
    made.tell(change("K1", 1, "2026-11-21"), trigger("K1", 2, "2026-11-21"), change("K1", 3))
    made.tell(change("K2", 1), trigger("K2", 2, suppressed="cool_down"), partition=1)
    made.stand("K1", tier="medio")
    made.stand("K1", tier="vip", campaigns=["retencao", "fidelizacao"])
    made.stand("K2", partition=1, rfm=None)
    return made


def grown(topics: Topics) -> None:
    """What comes a day later: one customer more, one who is gone."""
    topics.tell(change("K3", 1), change("K3", 2, "2026-11-23"), trigger("K3", 3, "2026-11-23"))
    topics.stand("K3")
    topics.add(PROFILES, "K2", None, 1)


@pytest.mark.parametrize("module", ["schema", "facts", "standings", "star", "dimensions"])
def test_examples_in_the_code(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"streams.exporting.{module}"))
    assert outcome.attempted
    assert not outcome.failed


def test_the_samples_are_in_the_published_shape() -> None:
    for event in (change("K1", 1), erasure("K1", 2)):
        assert SegmentChanged.model_validate(event).model_dump(mode="json") == event
    event = trigger("K1", 1)
    assert JourneyTriggered.model_validate(event).model_dump(mode="json") == event


class TestWhatIsNew:
    @pytest.mark.usefixtures("topics")
    def test_a_first_run_writes_all_there_is(self, tmp_path: Path) -> None:
        report = export(tmp_path)
        assert report.rows == {
            "fact_transitions": (3, 2),
            "fact_triggers": (2, 2),
            "fact_profiles": (2, 1),
            "dim_customer": (2, 1),
            "fact_members": (8, 1),
        }
        assert column(tmp_path, "fact_transitions", "event_id") == ["K1-1", "K1-3", "K2-1"]
        assert column(tmp_path, "fact_triggers", "event_id", "fired") == [
            ("K1-2", True),
            ("K2-2", False),
        ]
        assert column(tmp_path, "dim_customer", "customer_id", "tier") == [
            ("K1", "vip"),
            ("K2", "pequeno"),
        ]
        assert (
            column(tmp_path, "fact_members", "customer_id", "segment_key")
            == [
                ("K1", "campaign:fidelizacao"),
                ("K1", "campaign:retencao"),
                ("K1", "profile:Clientes Leais"),
                ("K1", "rfm:Em Atenção"),
                ("K1", "tier:vip"),
                ("K2", "campaign:fidelizacao"),
                ("K2", "profile:Clientes Leais"),
                ("K2", "tier:pequeno"),
            ][: len(column(tmp_path, "fact_members", "segment_key"))]
        )

    @pytest.mark.usefixtures("topics")
    def test_a_second_run_changes_nothing(self, tmp_path: Path) -> None:
        export(tmp_path)
        before = held(tmp_path)
        report = export(tmp_path)
        assert held(tmp_path) == before
        assert report.rows["fact_transitions"] == (0, 0)

    def test_runs_add_up_to_one_run(self, topics: Topics, tmp_path: Path) -> None:
        export(tmp_path / "often", today=TODAY)
        grown(topics)
        export(tmp_path / "often", today=TODAY)
        export(tmp_path / "often", ["triggers"], today=TODAY)
        export(tmp_path / "once", today=TODAY)
        assert held(tmp_path / "often") == held(tmp_path / "once")

    def test_subjects_go_on_each_by_itself(self, topics: Topics, tmp_path: Path) -> None:
        export(tmp_path / "often", ["triggers"])
        assert set(held(tmp_path / "often")) & {"fact_transitions", "fact_members"} == set()
        grown(topics)
        export(tmp_path / "often", ["transitions", "members"])
        export(tmp_path / "often", ["triggers", "profiles"])
        export(tmp_path / "once")
        assert held(tmp_path / "often") == held(tmp_path / "once")

    def test_a_snapshot_is_replaced_on_its_day_and_kept_after_it(
        self, topics: Topics, tmp_path: Path
    ) -> None:
        export(tmp_path)
        grown(topics)
        export(tmp_path)
        assert column(tmp_path, "fact_profiles", "customer_id") == ["K1", "K3"]
        topics.stand("K4")
        export(tmp_path, today=date(2026, 11, 24))
        assert column(tmp_path, "fact_profiles", "day", "customer_id") == [
            (TODAY, "K1"),
            (TODAY, "K3"),
            *((date(2026, 11, 24), customer) for customer in ("K1", "K3", "K4")),
        ]
        assert column(tmp_path, "dim_customer", "customer_id") == ["K1", "K3", "K4"]

    def test_when_everybody_is_gone_the_day_is_empty(self, topics: Topics, tmp_path: Path) -> None:
        export(tmp_path)
        for number, customer in enumerate(("K1", "K2")):
            topics.add(PROFILES, customer, None, number)
        export(tmp_path)
        assert held(tmp_path)["fact_members"] == []
        assert held(tmp_path)["dim_customer"] == []

    def test_what_cannot_be_read_is_told_and_passed_over(
        self, topics: Topics, tmp_path: Path
    ) -> None:
        topics.add(SEGMENT_EVENTS, "K1", b"{")
        topics.tell({"type": "nyxter.segment.changed.v1", "subject": "K1", "data": {}})
        topics.tell({"type": "nyxter.of-tomorrow.v1", "subject": "K1"})
        topics.add(PROFILES, "K9", {"customer_id": "K9"})
        report = export(tmp_path)
        assert report.met.unreadable == 3
        assert report.met.first_unreadable == f"{SEGMENT_EVENTS}, partition 0, offset 3"
        assert column(tmp_path, "dim_customer", "customer_id") == ["K1", "K2"]

    def test_what_the_broker_dropped_before_is_told(self, topics: Topics, tmp_path: Path) -> None:
        export(tmp_path)
        grown(topics)
        topics.dropped[Place(SEGMENT_EVENTS, 0)] = 5
        assert export(tmp_path).lost == 2
        assert "K3-2" not in column(tmp_path, "fact_transitions", "event_id")[:3]

    def test_the_first_run_has_lost_nothing(self, topics: Topics, tmp_path: Path) -> None:
        topics.dropped[Place(SEGMENT_EVENTS, 0)] = 2
        assert export(tmp_path).lost == 0
        assert column(tmp_path, "fact_transitions", "event_id") == ["K1-3", "K2-1"]

    def test_a_value_beyond_all_reason_does_not_stop_the_rest(
        self, topics: Topics, tmp_path: Path
    ) -> None:
        raw = {**profile("K9")["raw"], "value": "9" * 40, "potential": None}
        topics.stand("K9", raw=raw)
        export(tmp_path, ["profiles"])
        assert column(tmp_path, "dim_customer", "customer_id", "value")[2] == ("K9", None)


class TestKilled:
    @pytest.mark.parametrize(
        ("format_", "subjects"), [("parquet", SUBJECTS), ("csv", ["triggers"])]
    )
    def test_at_any_move_nothing_is_half_lost_or_doubled(
        self,
        topics: Topics,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        format_: Format,
        subjects: Any,
    ) -> None:
        export(tmp_path / "whole", subjects, format_)
        shutil.copytree(tmp_path / "whole", tmp_path / "before")
        grown(topics)
        export(tmp_path / "whole", subjects, format_)
        moves = 0
        while True:
            root = tmp_path / str(moves)
            shutil.copytree(tmp_path / "before", root)
            with monkeypatch.context() as patched:
                died = _die_at(moves, patched)
                with suppress(Killed):
                    export(root, subjects, format_)
            if not died:
                break
            _assert_whole_files(root)
            export(root, subjects, format_)
            assert held(root, format_) == held(tmp_path / "whole", format_), moves
            assert not (root / META / "run").exists()
            moves += 1
        assert moves > 8

    def test_before_the_state_nothing_of_the_run_is_there(
        self, topics: Topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export(tmp_path)
        before = held(tmp_path)
        grown(topics)
        with monkeypatch.context() as patched:
            _die_at(0, patched)
            with pytest.raises(Killed):
                export(tmp_path)
        assert held(tmp_path) == before

    @pytest.mark.usefixtures("topics")
    def test_a_run_that_fails_clears_up(self, tmp_path: Path) -> None:
        with suppress(Killed), Directory.held(tmp_path, "csv") as opened:
            (opened.run / "part").write_text("K1")
            raise Killed
        assert not (tmp_path / META / "run").exists()


def _die_at(move: int, patched: pytest.MonkeyPatch) -> list[int]:
    """Let the process die before a move is made; nothing is cleared up then. Filled when it did."""
    died: list[int] = []
    real, seen = Path.replace, []

    def replace(self: Path, to: Path) -> Path:
        if len(seen) == move:
            died.append(move)
            raise Killed
        seen.append(to)
        return real(self, to)

    def clear(*given: Any, **options: Any) -> None:
        if not died:
            rmtree(*given, **options)

    rmtree = shutil.rmtree
    patched.setattr(Path, "replace", replace)
    patched.setattr(directory_module.shutil, "rmtree", clear)
    return died


def _assert_whole_files(root: Path) -> None:
    for table in TABLES:
        for file in (root / table.name).rglob("*.csv"):
            assert file.read_bytes().endswith(b"\r\n")
            pd.read_csv(file, sep=";", decimal=",")


class TestErased:
    def test_rows_of_who_was_erased_leave_all_files(self, topics: Topics, tmp_path: Path) -> None:
        export(tmp_path)
        export(tmp_path, today=date(2026, 11, 24))
        topics.tell(change("K1", 4, "2026-11-23"), erasure("K1", 5), erasure("K1", 6))
        topics.add(PROFILES, "K1", None)
        report = export(tmp_path, ["transitions"], today=date(2026, 11, 24))
        assert report.forgotten == 1
        _assert_nothing_of("K1", tmp_path)
        assert column(tmp_path, "fact_profiles", "customer_id") == ["K2", "K2"]

    @pytest.mark.parametrize("subject", SUBJECTS)
    def test_whatever_is_exported_next(self, topics: Topics, tmp_path: Path, subject: Any) -> None:
        export(tmp_path, [subject])
        topics.tell(erasure("K1", 5))
        topics.add(PROFILES, "K1", None)
        export(tmp_path, ["members"])
        _assert_nothing_of("K1", tmp_path)

    def test_a_new_life_stays(self, topics: Topics, tmp_path: Path) -> None:
        export(tmp_path)
        topics.tell(erasure("K1", 5), change("K1", 6, "2026-11-23"), trigger("K1", 7))
        topics.stand("K1")
        export(tmp_path)
        export(tmp_path)
        assert column(tmp_path, "fact_transitions", "event_id") == ["K1-6", "K2-1"]
        assert column(tmp_path, "fact_triggers", "event_id") == ["K1-7", "K2-2"]
        assert column(tmp_path, "dim_customer", "customer_id") == ["K1", "K2"]

    def test_a_new_life_stays_for_who_exports_its_past_later(
        self, topics: Topics, tmp_path: Path
    ) -> None:
        topics.tell(erasure("K1", 5), change("K1", 6, "2026-11-23"), trigger("K1", 7))
        export(tmp_path, ["triggers"])
        export(tmp_path, ["transitions"])
        assert column(tmp_path, "fact_transitions", "event_id") == ["K1-6", "K2-1"]
        assert column(tmp_path, "fact_triggers", "event_id") == ["K1-7", "K2-2"]

    @pytest.mark.parametrize("format_", FORMATS)
    @pytest.mark.usefixtures("topics")
    def test_forgotten_by_hand(self, tmp_path: Path, format_: Format) -> None:
        export(tmp_path, format_=format_)
        with Directory.held(tmp_path, None) as directory:
            assert directory.state is not None
            assert forget(directory, directory.state, ["K1"]) == 6
        _assert_nothing_of("K1", tmp_path)
        assert [row[0] for row in held(tmp_path, format_)["dim_customer"]] == ["K2"]
        export(tmp_path, ["transitions"], format_)
        assert [row[0] for row in held(tmp_path, format_)["fact_transitions"]] == ["K2-1"]


def _assert_nothing_of(customer: str, root: Path) -> None:
    """Look for an id in every file there is, whatever it is packed in."""
    for rows in [*held(root).values(), *held(root, "csv").values()]:
        assert not any(customer in str(row) for row in rows)
    for file in root.rglob("*"):
        if file.suffix == ".xlsx":
            sheet = openpyxl.load_workbook(file).active
            text = str(list(sheet.iter_rows(values_only=True)))
        elif file.is_file() and file.suffix != ".parquet":
            text = file.read_text("utf-8")
        else:
            continue
        assert customer not in text, file


class TestWhereItCameFrom:
    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            (Source("other", {SEGMENT_EVENTS: "events", PROFILES: "profiles"}), "another broker"),
            (Source("cluster", {SEGMENT_EVENTS: "new", PROFILES: "profiles"}), "made anew"),
            (Source("cluster", {SEGMENT_EVENTS: "events", PROFILES: "new"}), "made anew"),
        ],
    )
    def test_another_broker_and_new_topics_are_refused(
        self, topics: Topics, tmp_path: Path, source: Source, reason: str
    ) -> None:
        export(tmp_path)
        before = held(tmp_path)
        topics.source = source
        with pytest.raises(BadDirectory, match=reason):
            export(tmp_path)
        assert held(tmp_path) == before

    def test_offsets_beyond_the_end_are_refused(self, topics: Topics, tmp_path: Path) -> None:
        export(tmp_path)
        del topics.kept[Place(SEGMENT_EVENTS, 1)][1:]
        with pytest.raises(BadDirectory, match=r"ends at offset 1 of partition 1.* exported, 2"):
            export(tmp_path)

    @pytest.mark.usefixtures("topics")
    def test_another_format_is_refused(self, tmp_path: Path) -> None:
        export(tmp_path)
        with pytest.raises(BadDirectory, match=r"as parquet.* for csv"):
            export(tmp_path, format_="csv")

    @pytest.mark.usefixtures("topics")
    def test_another_layout_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export(tmp_path)
        monkeypatch.setattr(directory_module, "layout", lambda: "other")
        with pytest.raises(BadDirectory, match="another version"):
            export(tmp_path)

    @pytest.mark.usefixtures("topics")
    @pytest.mark.parametrize("text", ["", "{}", '{"version": 2}', "[]"])
    def test_a_state_that_is_none_is_refused(self, tmp_path: Path, text: str) -> None:
        export(tmp_path)
        (tmp_path / META / "state.json").write_text(text)
        with pytest.raises(BadDirectory, match=r"state\.json: not the state"):
            export(tmp_path)

    def test_files_of_others_are_not_touched(self, tmp_path: Path) -> None:
        (tmp_path / "dim_day").mkdir()
        with pytest.raises(BadDirectory, match="dim_day, but not by an export"):
            export(tmp_path)

    def test_two_at_a_time_are_refused(self, tmp_path: Path) -> None:
        with Directory.held(tmp_path, "csv"), pytest.raises(BadDirectory, match="another export"):
            export(tmp_path, format_="csv")


class TestDimensions:
    @pytest.mark.usefixtures("topics")
    def test_days_are_without_gaps(self, tmp_path: Path) -> None:
        export(tmp_path, today=date(2027, 1, 2))
        days = column(tmp_path, "dim_day", "day")
        assert (days[0], days[-1], len(days)) == (date(2026, 1, 1), date(2027, 12, 31), 730)
        assert held(tmp_path)["dim_day"][325] == (
            *(date(2026, 11, 22), 2026, 4, 11, "novembro", "2026-11", 47, 7, "domingo"),
            True,
        )

    @pytest.mark.usefixtures("topics")
    def test_segments_and_stages_are_those_of_the_rules(self, tmp_path: Path) -> None:
        export(tmp_path, ["triggers"])
        rows = held(tmp_path)["dim_segment"]
        assert [row[1:5] for row in rows if row[1] in ("tier", "rfm")] == [
            ("rfm", "Em Atenção", 1, "R + F + V = 3–4"),
            ("rfm", "Em Ascensão", 2, "R + F + V = 5"),
            ("rfm", "Leais", 3, "R + F + V = 6–7"),
            ("rfm", "Campeões", 4, "R + F + V = 8–12"),
            ("tier", "vip", 1, "P ≥ 80, R ≥ 75, F ≥ 90, V ≥ 95"),
            ("tier", "medio", 2, "P ≥ 62, R ≥ 55, F ≥ 70, V ≥ 65"),
            ("tier", "pequeno", 3, "demais"),
        ]
        assert ("reativacao", "R = 0, após a primeira venda") in column(
            tmp_path, "dim_segment", "segment", "condition"
        )
        stages = held(tmp_path)["dim_stage"]
        assert stages[-1] == ("Novos Negócios", "Expansão e Inovação", 4, 14, True)
        assert len(stages) == 14

    def test_every_key_of_a_fact_is_in_its_dimension(self, topics: Topics, tmp_path: Path) -> None:
        topics.tell(change("K1", 8, old="bronze", new="prata"), trigger("K1", 9, stage="Fim"))
        export(tmp_path)
        export(tmp_path, ["triggers"], rules=read_rules("[campaigns]\nretencao = false"))
        known = set(column(tmp_path, "dim_segment", "segment_key"))
        named = {key for at in ("old", "new") for key in _keys(tmp_path, f"{at}_segment_key")}
        assert {"tier:bronze", "tier:prata"} < named
        assert named | set(column(tmp_path, "fact_members", "segment_key")) <= known
        assert set(column(tmp_path, "fact_triggers", "stage")) <= set(
            column(tmp_path, "dim_stage", "stage")
        )
        in_force = dict(column(tmp_path, "dim_segment", "segment_key", "in_force"))
        assert not in_force["campaign:retencao"]
        assert not in_force["tier:prata"]
        assert in_force["tier:vip"]
        assert len(in_force) == len(column(tmp_path, "dim_segment", "segment_key"))


def _keys(root: Path, name: str) -> set[str]:
    return {key for key in column(root, "fact_transitions", name) if key is not None}


class TestFormats:
    @pytest.mark.parametrize("format_", ["csv", "xlsx"])
    def test_a_file_a_day_holds_what_parquet_does(
        self, topics: Topics, tmp_path: Path, format_: Format
    ) -> None:
        export(tmp_path / "it", format_=format_)
        grown(topics)
        export(tmp_path / "it", format_=format_)
        export(tmp_path / "parquet")
        assert held(tmp_path / "it", format_) == held(tmp_path / "parquet")
        read = {table.name: _read(tmp_path / "it" / table.name) for table in TABLES}
        for name, rows in held(tmp_path / "parquet").items():
            assert len(read[name]) == len(rows)
        assert sorted(read["fact_transitions"]["event_id"]) == column(
            tmp_path / "parquet", "fact_transitions", "event_id"
        )
        assert sorted(path.name for path in (tmp_path / "it" / "fact_triggers").iterdir()) == [
            f"2026-11-{day}.{format_}" for day in (21, 22, 23)
        ]


def _read(place: Path) -> pd.DataFrame:
    files = sorted(place.iterdir())
    if files[0].suffix == ".csv":
        return pd.concat([pd.read_csv(file, sep=";", decimal=",") for file in files])
    return pd.concat([pd.read_excel(file) for file in files])
