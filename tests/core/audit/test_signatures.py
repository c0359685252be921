"""Runs held against the conventions by kind get what each would get alone."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.audited_stores import StoreDraft, conventions, findings, rule_book

from scorewright.core.audit import AuditInput, audit
from scorewright.core.audit.signatures import alike_runs
from scorewright.core.audit.view import StoreView, view_of
from scorewright.core.conventions import RunRecord, missing

NAMES = {"CONV-001", "CONV-002"}
VALUES = {
    "model_type": ["lgbm", "logistic", "catboost", "odd", ""],
    "validation": ["5-fold CV", "10-fold CV", "single split", "by eye"],
    "stage": ["candidate", "production", "live", " "],
    "data_version": ["home_credit@3f2a9c", "a@0123456789", "unknown"],
    "mlflow.note.content": ["", "  ", "told", "told otherwise"],
    "project": ["credit_scoring", "other", ""],
    "mlflow.runName": ["", "exp01_cv_domain_none"],
    "foreign": ["1", "2"],
}


def spoiled(seed: int, runs: int) -> StoreDraft:
    """Take away and change at random."""
    rng = random.Random(seed)
    draft = StoreDraft.perfect(runs)
    for table, share in (("metrics", 0.02), ("params", 0.03), ("tags", 0.05)):
        draft.rows[table] = [r for r in draft.rows[table] if rng.random() > share]
    draft.files = [row for row in draft.files if rng.random() > 0.03]
    draft.rows["inputs"] = [row for row in draft.rows["inputs"] if rng.random() > 0.2]
    for number in range(runs):
        run = f"{number:032x}"
        if rng.random() < 0.3:
            draft.change(run, status=rng.choice(["FINISHED", "FAILED", "RUNNING", "KILLED"]))
        if rng.random() < 0.3:
            draft.metric(run, rng.choice(["fold_ks", "train_loss", "ks"]), 1.0, rng.choice([1, 3]))
        for key, values in VALUES.items():
            if rng.random() < 0.3:
                draft.tag(run, key, rng.choice(values))
        if rng.random() < 0.2:
            draft.without_files(run)
    return draft


def alone(draft: StoreDraft, view: StoreView) -> Iterator[tuple[str, str, str]]:
    """Hold each run against the conventions by itself, from its own rows."""
    policy = conventions()
    for row in draft.rows["runs"]:
        run = row["run_id"]
        logged = {m["key"]: m for m in draft.rows["metrics"] if m["run_id"] == run}
        tags = {t["key"]: t["value"] for t in draft.rows["tags"] if t["run_id"] == run}
        paths = frozenset(f["path"] for f in draft.files if f["owner_id"] == run)
        record = RunRecord(
            name=row["name"],
            experiment="credit_scoring_model_selection",
            status=row["status"],
            metrics={key: m["value"] for key, m in logged.items()},
            histories={key: [m["value"]] * m["points"] for key, m in logged.items()},
            params={p["key"]: p["value"] for p in draft.rows["params"] if p["run_id"] == run},
            tags=tags,
            artifacts=paths,
            has_model=run in view.model_files,
            inputs=sum(i["run_id"] == run for i in draft.rows["inputs"]),
            model_type=tags.get("model_type", ""),
        )
        for finding in missing(record, policy):
            if finding.code not in NAMES:
                yield run, finding.code, repr(finding.evidence)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9), runs=st.integers(1, 8))
def test_by_kind_is_as_good_as_one_by_one(seed: int, runs: int) -> None:
    draft = spoiled(seed, runs)
    view = view_of(draft.given())
    by_kind = {
        (subject.id, finding.code, repr(finding.evidence))
        for alike in alike_runs(view)
        for subject in alike.subjects
        for finding in alike.findings
    }
    assert by_kind == set(alone(draft, view))


def test_alike_runs_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = StoreDraft.perfect(40)
    for number in range(20):
        draft.drop("metrics", f"{number:032x}", "ks")
        # Another allowed value makes no other kind.
        draft.tag(f"{number:032x}", "stage", ("candidate", "development")[number % 2])
    looked_at = 0

    def counted(*args: object) -> list[object]:
        nonlocal looked_at
        looked_at += 1
        return missing(*args)  # type: ignore[arg-type,return-value]

    monkeypatch.setattr("scorewright.core.audit.signatures.missing", counted)
    report = audit(draft.given(), rule_book())
    assert looked_at == 2
    assert [f.counted for f in report.findings] == ["20 runs"]


def parents(kind: str) -> StoreDraft:
    draft = StoreDraft.perfect(1)
    run = f"{0:032x}"
    for table in ("metrics", "params", "inputs"):
        draft.rows[table] = []
    draft.without_files(run)
    for key in ("feature_strategy", "sampling_strategy", "model_type", "validation"):
        draft.drop("tags", run, key)
    draft.tag(run, "scorewright.kind", kind)
    return draft


@pytest.mark.parametrize("kind", ["matrix", "study"])
def test_runs_that_hold_others_together_owe_no_figures(kind: str) -> None:
    draft = parents(kind)
    assert findings(draft) == {}
    draft.drop("tags", f"{0:032x}", "project")
    draft.tag(f"{0:032x}", "mlflow.note.content", "")
    draft.change(f"{0:032x}", name="spiffy-loon-749")
    assert findings(draft).keys() == {"CONV-001", "CONV-005", "CONV-009"}


def test_other_kinds_owe_everything() -> None:
    assert {"CONV-003", "CONV-004", "CONV-006"} <= findings(parents("trial")).keys()


def test_what_could_not_be_seen_is_not_held_against_a_run() -> None:
    draft = StoreDraft.perfect(1)
    draft.without_files(f"{0:032x}")
    draft.absent("run", f"{0:032x}", "remote")
    assert findings(draft) == {}
    blind = draft.given()
    unseen = AuditInput(blind.snapshot, blind.conventions, blind.now, has_files=False)
    assert audit(unseen, rule_book()).findings == ()
