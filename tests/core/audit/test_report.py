"""Criteria, score and findings as a whole."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.audited_stores import StoreDraft, audited, findings, rule_book

from scorewright.core.audit import (
    CRITERIA,
    Hit,
    ModelState,
    Rule,
    StoreView,
    Subject,
    TriedModel,
    audit,
)
from scorewright.core.audit import rule_book as make_book
from scorewright.core.errors import UsageError
from scorewright.core.findings import Finding
from scorewright.core.snapshot import SourceKind


@settings(max_examples=8, deadline=None)
@given(runs=st.integers(0, 12))
def test_a_perfect_store_passes_everything(runs: int) -> None:
    report = audited(StoreDraft.perfect(runs))
    assert report.findings == ()
    assert report.score == "7/7 criteria passed (100 %)"
    assert [c.name for c in report.criteria] == list(CRITERIA)
    assert all(c.state == "pass" and c.share == 1.0 for c in report.criteria)


def test_one_criterion_broken_is_six_of_seven() -> None:
    draft = StoreDraft.perfect(4)
    draft.drop("params", f"{3:032x}", "n_rows")
    report = audited(draft)
    assert report.score == "6/7 criteria passed (86 %)"
    (broken,) = [c for c in report.criteria if c.state != "pass"]
    assert (broken.name, broken.state) == ("parameters", "partial")
    assert (broken.share, broken.runs_concerned, broken.codes) == (0.75, 1, ("CONV-004",))


@pytest.mark.parametrize(("spoiled", "state"), [(0, "pass"), (2, "partial"), (3, "fail")])
def test_a_criterion_fails_below_half_of_the_runs(spoiled: int, state: str) -> None:
    draft = StoreDraft.perfect(4)
    for number in range(spoiled):
        draft.drop("params", f"{number:032x}", "n_rows")
    (parameters,) = [c for c in audited(draft).criteria if c.name == "parameters"]
    assert (parameters.state, parameters.share) == (state, 1 - spoiled / 4)


def test_an_error_of_the_store_itself_fails_a_criterion() -> None:
    draft = StoreDraft.perfect(4)
    draft.more["findings"] = (
        Finding("STORE-020", "error", "mlflow.db", "Page 7 is damaged.", "", {"page": 7}),
    )
    report = audited(draft)
    (database,) = [c for c in report.criteria if c.name == "database"]
    assert (database.state, database.share) == ("fail", 1.0)
    assert "Page 7 is damaged" in findings(draft)["STORE-020"].message


def test_notes_break_nothing() -> None:
    draft = StoreDraft.perfect(1)
    draft.model("credit_scoring_lgbm")
    report = audited(draft)
    assert [f.code for f in report.findings] == ["MODEL-006"]
    assert report.passed == 7
    assert report.reaches("info")
    assert not report.reaches("warning")


def test_deleted_runs_are_counted_not_judged() -> None:
    draft = StoreDraft.perfect(3)
    draft.change(f"{0:032x}", name="test", status="RUNNING", lifecycle_stage="deleted")
    draft.experiment("9", "Test", "deleted")
    draft.change(f"{1:032x}", name="test", experiment_id="9")
    report = audited(draft)
    assert report.findings == ()
    assert (report.counts["runs"], report.counts["runs_deleted"]) == (1, 2)
    assert report.counts["experiments_deleted"] == 1


def test_a_finding_names_the_first_five_and_keeps_all() -> None:
    draft = StoreDraft.perfect(7)
    for number in range(7):
        draft.drop("tags", f"{number:032x}", "mlflow.note.content")
    finding = findings(draft)["CONV-009"]
    assert finding.headline == "CONV-009 · no description · 7 runs"
    assert finding.message.endswith("exp04_cv_domain_balanced (00000000); and 2 more.")
    assert finding.run_ids == tuple(f"{n:032x}" for n in range(7))
    assert finding.remedy == "scorewright store plan /srv/credit/mlruns/mlflow.db --fix CONV-009"
    shared = finding.to_finding()
    assert (shared.code, shared.severity, shared.subject) == ("CONV-009", "warning", "7 runs")


def test_the_remedy_can_be_pasted_whatever_the_folder_is_called() -> None:
    draft = StoreDraft.perfect(1)
    draft.source = replace(draft.source, location="/srv/my credit/mlflow.db")
    draft.tag(f"{0:032x}", "stage", "live")
    assert "plan '/srv/my credit/mlflow.db' --fix" in findings(draft)["CONV-005"].remedy


@pytest.mark.parametrize("kind", [SourceKind.FILES, SourceKind.SERVER, SourceKind.MYSQL])
def test_where_no_plan_can_change_a_store_the_remedy_begins_before(kind: SourceKind) -> None:
    draft = StoreDraft.perfect(1)
    draft.source = replace(draft.source, location="/srv/my credit/mlruns", kind=kind)
    draft.tag(f"{0:032x}", "stage", "live")
    assert findings(draft)["CONV-005"].remedy == (
        "consolidate first: scorewright store consolidate '/srv/my credit/mlruns' --into mlflow.db;"
        " then scorewright store plan mlflow.db --fix CONV-005"
    )


@pytest.mark.parametrize("kind", [SourceKind.FILES, SourceKind.SERVER])
def test_models_behind_a_server_are_brought_here_before_they_are_tried(kind: SourceKind) -> None:
    draft = StoreDraft.perfect(1)
    draft.source = replace(draft.source, location="http://127.0.0.1:5000", kind=kind)
    draft.more["tried_models"] = (
        TriedModel("run", f"{0:032x}", "model", ModelState.NOT_TRIED, "a pickle", "sklearn"),
    )
    is_away = kind is SourceKind.SERVER
    first = (
        "consolidate first: scorewright store consolidate http://127.0.0.1:5000 --into mlflow.db"
    )
    tried = "mlflow.db" if is_away else "http://127.0.0.1:5000"
    remedy = findings(draft)["MODEL-008"].remedy
    assert remedy.startswith(f"{first}; then " if is_away else "decide: ")
    assert f"store audit {tried} --probe-models --load-pickles" in remedy


def test_the_order_is_severity_criterion_code_and_json_is_canonical() -> None:
    draft = StoreDraft.perfect(3)
    for number in range(3):
        draft.drop("metrics", f"{number:032x}", "ks")
        draft.drop("tags", f"{number:032x}", "project")
        draft.change(f"{number:032x}", name="run_1")
    report = audited(draft)
    assert [f.code for f in report.findings] == ["CONV-003", "CONV-005", "CONV-001"]
    draft.rows["metrics"].reverse()
    draft.rows["tags"].reverse()
    assert audited(draft).to_json() == report.to_json()
    document = json.loads(report.to_json())
    assert document["passed"] == 4
    assert document["findings"][0]["hits"][0]["detail"] == {"missing": {"ranking": ["ks"]}}


def _always(view: StoreView) -> list[Hit]:
    return [Hit(tuple(view.subjects(view.names)), "just so", {"n": len(view.names)})]


OWN = Rule("ACME-001", "naming", "warning", "not ours", "call us", _always)


def test_rules_of_others_take_part() -> None:
    draft = StoreDraft.perfect(2)
    report = audit(draft.given(), [*rule_book(), OWN])
    assert [f.code for f in report.findings] == ["ACME-001"]
    assert report.passed == 6


def test_a_severity_can_be_changed_and_a_rule_switched_off() -> None:
    draft = StoreDraft.perfect(2)
    draft.change(f"{0:032x}", name="run_1")
    assert audited(draft).passed == 6
    assert audited(draft, {"CONV-001": "off"}).findings == ()
    noted = audited(draft, {"CONV-001": "info"})
    assert (noted.passed, noted.findings[0].severity) == (7, "info")
    assert audited(draft, {"CONV-001": "error"}).reaches("error")


def test_an_override_holds_for_every_hit_of_a_rule() -> None:
    draft = StoreDraft.perfect(1)
    draft.more["findings"] = (Finding("STORE-021", "error", "params", "3 rows.", ""),)
    assert audited(draft).findings[0].severity == "error"
    assert audited(draft, {"STORE-021": "info"}).findings[0].severity == "info"


def test_what_the_book_refuses() -> None:
    with pytest.raises(UsageError, match="no audit rule 'RUN-099'") as unknown:
        rule_book({"RUN-099": "off"})
    assert unknown.value.code == "audit-rule-unknown"
    assert "RUN-009" in unknown.value.remedy
    with pytest.raises(UsageError, match="cannot have the severity 'fatal'") as severity:
        rule_book({"RUN-001": "fatal"})
    assert severity.value.code == "audit-severity-invalid"
    with pytest.raises(UsageError, match="two audit rules") as twice:
        make_book({"rules": {}}, [OWN, OWN])
    assert twice.value.code == "audit-rule-invalid"
    odd = replace(OWN, criterion="beauty")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="criterion 'beauty'"):
        make_book({"rules": {}}, [odd])
    with pytest.raises(UsageError, match="'ACME-002' has no check"):
        make_book({"rules": {"ACME-002": {}}})


def test_findings_no_rule_speaks_of_are_not_lost() -> None:
    draft = StoreDraft.perfect(1)
    draft.more["found"] = (Finding("FILE-900", "warning", "a/b", "It is odd.", ""),)
    finding = findings(draft)["STORE-099"]
    assert finding.message.endswith("a/b: FILE-900: It is odd.")
    assert finding.subjects == (Subject("file", "a/b"),)
