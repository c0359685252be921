"""The whole audit over real stores: the inherited mess, and a tracked training."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fakes.audited_stores import conventions, rule_book
from tests.stores.story import NOW, Story, build_story

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.audit_rules import PredictionTables
from scorewright.adapters.database_stores import SqliteStore
from scorewright.adapters.file_stores import FileStore
from scorewright.core.audit import AuditReport, ProjectFacts
from scorewright.flows.events import Event, StageDone
from scorewright.flows.store.audit_store import AuditOptions, AuditTools, audit_store
from scorewright.flows.store.ports import OpenedStore

HEAD = "dc11669786a5"


class At:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW / 1000, UTC)

    def elapsed(self) -> float:
        return 0.0


@dataclass
class Audits:
    """Audits of the story, with what they told on the way."""

    story: Story
    told: list[Event] = field(default_factory=list)

    def of(self, folder: Path, *, is_hashed: bool = True, reads: bool = True) -> AuditReport:
        files = LocalArtifacts(folder)
        is_tree = folder == self.story.notebooks
        reader = FileStore(folder) if is_tree else SqliteStore(self.story.database, HEAD)
        tools = AuditTools(
            At(), PredictionTables(), conventions(), rule_book(), notify=self.told.append
        )
        facts = ProjectFacts(str(self.story.folder), ("notebooks/mlruns",))
        return audit_store(
            OpenedStore(str(folder), reader, files, folder),
            tools,
            AuditOptions(is_hashed=is_hashed, reads_predictions=reads, facts=facts),
        )


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Audits:
    return Audits(build_story(tmp_path_factory.mktemp("story")))


def _runs(report: AuditReport, code: str) -> set[str]:
    return {run for f in report.findings if f.code == code for run in f.run_ids}


def test_every_fault_of_the_mess_is_found(audits: Audits) -> None:
    story = audits.story
    report = audits.of(story.notebooks)
    assert report.score == "0/7 criteria passed (0 %)"
    assert (report.counts["runs"], report.counts["runs_deleted"]) == (42, 38)
    assert _runs(report, "RUN-007") == set(story.production)
    assert _runs(report, "RUN-009") == set(story.production)
    assert _runs(report, "RUN-010") == {story.liar}
    assert _runs(report, "RUN-001") == set(story.running)
    assert set(story.trials.values()) <= _runs(report, "CONV-001")
    assert _runs(report, "RUN-004") == {*story.active} - {story.liar, *story.running}
    assert story.liar in _runs(report, "FILE-002")
    (liar,) = [f for f in report.findings if f.code == "RUN-010"]
    assert "roc_auc 0.812, its predictions give 0.784" in liar.message
    location = {f.code for f in report.findings if f.criterion == "location"}
    assert location == {"STORE-001", "STORE-002", "STORE-003", "STORE-004"}


def test_the_root_has_its_own_faults(audits: Audits) -> None:
    story = audits.story
    report = audits.of(story.database.parent)
    found = {f.code: f for f in report.findings}
    assert _runs(report, "RUN-001") == set(story.root_running)
    model, number = story.orphan_version
    for code in ("MODEL-001", "MODEL-002"):
        assert [s.id for s in found[code].subjects] == [f"{model}/{number}"]
    assert "STORE-004" not in found
    assert "RUN-009" not in found
    (nobodys,) = found["FILE-001"].subjects
    assert nobodys.id == str(story.dangling[1])


def test_an_audit_changes_nothing_and_says_the_same_again(audits: Audits) -> None:
    before = {p: p.read_bytes() for p in audits.story.folder.rglob("*") if p.is_file()}
    first = audits.of(audits.story.notebooks).to_json()
    assert audits.of(audits.story.notebooks).to_json() == first
    assert {p: p.read_bytes() for p in audits.story.folder.rglob("*") if p.is_file()} == before


def test_without_digests_copies_are_a_hint_and_without_evidence_nobody_lies(
    audits: Audits,
) -> None:
    report = audits.of(audits.story.notebooks, is_hashed=False, reads=False)
    found = {f.code: f for f in report.findings}
    assert found["FILE-002"].severity == "info"
    assert "contents not compared" in found["FILE-002"].message
    assert "RUN-010" not in found
    assert report.counts["predictions_read"] == 0


def test_progress_is_told(audits: Audits) -> None:
    audits.told.clear()
    report = audits.of(audits.story.notebooks)
    done = [event for event in audits.told if isinstance(event, StageDone)]
    assert done[-2:] == [
        StageDone("predictions", "1 of 1 files hold labels and scores"),
        StageDone("rules", report.score),
    ]
