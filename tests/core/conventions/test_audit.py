"""What a run lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scorewright.core.conventions import Conventions, RunRecord, missing
from scorewright.core.findings import Finding


def _one(record: RunRecord, conventions: Conventions) -> Finding:
    findings = missing(record, conventions)
    assert len(findings) == 1, findings
    return findings[0]


def test_a_complete_run_lacks_nothing(complete: RunRecord, conventions: Conventions) -> None:
    assert missing(complete, conventions) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "spiffy-loon-749"}, "CONV-001"),
        ({"experiment": "Test"}, "CONV-002"),
        ({"has_model": False}, "CONV-007"),
        ({"inputs": 0}, "CONV-008"),
    ],
)
def test_one_thing_wrong_gives_its_code(
    complete: RunRecord, conventions: Conventions, change: dict[str, Any], code: str
) -> None:
    finding = _one(replace(complete, **change), conventions)
    assert finding.code == code
    assert finding.message
    assert finding.remedy


def test_every_metric_is_asked_for(complete: RunRecord, conventions: Conventions) -> None:
    for name in complete.metrics:
        # Given a run without this one metric
        left = {k: v for k, v in complete.metrics.items() if k != name}
        # When
        finding = _one(replace(complete, metrics=left), conventions)
        # Then it alone is named; train_roc_auc and train_pr_auc are asked for by two groups
        named = {metric for names in finding.evidence["missing"].values() for metric in names}
        assert (finding.code, named) == ("CONV-003", {name})


def test_the_loss_per_iteration_is_asked_of_boosting_only(
    complete: RunRecord, conventions: Conventions
) -> None:
    histories = {k: v for k, v in complete.histories.items() if k != "train_loss"}
    finding = _one(replace(complete, histories=histories), conventions)
    assert finding.evidence["missing"] == {"per_iteration": ["train_loss"]}
    tags = {**complete.tags, "model_type": "dummy"}
    plain = replace(complete, histories=histories, tags=tags, model_type="dummy")
    assert missing(plain, conventions) == []


def test_every_parameter_is_asked_for(complete: RunRecord, conventions: Conventions) -> None:
    for name in complete.params:
        left = {k: v for k, v in complete.params.items() if k != name}
        assert _one(replace(complete, params=left), conventions).code == "CONV-004"


def test_either_of_two_parameters_will_do(complete: RunRecord, conventions: Conventions) -> None:
    params = {k: v for k, v in complete.params.items() if k != "is_unbalance"}
    params["class_weight"] = "None"
    assert missing(replace(complete, params=params), conventions) == []


def test_every_tag_is_asked_for(complete: RunRecord, conventions: Conventions) -> None:
    for name in complete.tags:
        tags = {k: v for k, v in complete.tags.items() if k != name}
        codes = {f.code for f in missing(replace(complete, tags=tags), conventions)}
        if name == "mlflow.runName":  # the record's own name says the same
            assert codes == set()
        elif name == "mlflow.note.content":
            assert codes == {"CONV-009"}
        else:
            assert codes == {"CONV-005"}


def test_a_value_that_is_not_listed_is_named(complete: RunRecord, conventions: Conventions) -> None:
    tags = {**complete.tags, "stage": "prod", "git_commit": "HEAD"}
    finding = _one(replace(complete, tags=tags), conventions)
    assert finding.evidence == {"missing": [], "invalid": {"stage": "prod", "git_commit": "HEAD"}}
    assert "production" in finding.remedy


@pytest.mark.parametrize("fold", ["10-fold CV", "nested CV"])
def test_cross_validation_asks_for_histories(
    complete: RunRecord, conventions: Conventions, fold: str
) -> None:
    # Given a run whose fold values were overwritten instead of kept
    histories = {**complete.histories, "fold_ks": [0.2]}
    tags = {**complete.tags, "validation": fold}
    # When
    finding = _one(replace(complete, histories=histories, tags=tags), conventions)
    # Then
    assert (finding.code, finding.evidence["missing"]) == ("CONV-010", ["fold_ks"])


def test_a_single_split_has_no_folds(complete: RunRecord, conventions: Conventions) -> None:
    tags = {**complete.tags, "validation": "single split"}
    left = {k: v for k, v in complete.metrics.items() if not k.startswith(("mean_", "std_"))}
    record = replace(complete, tags=tags, metrics=left, histories={"train_loss": [0.1]})
    assert missing(record, conventions) == []


def test_every_artifact_is_asked_for(complete: RunRecord, conventions: Conventions) -> None:
    for name in complete.artifacts:
        finding = _one(replace(complete, artifacts=complete.artifacts - {name}), conventions)
        assert (finding.code, finding.evidence["missing"]) == ("CONV-006", [name])


def test_a_failed_run_is_asked_for_names_and_tags_only(
    complete: RunRecord, conventions: Conventions
) -> None:
    # Given a run that died before it logged anything
    record = replace(
        complete, status="FAILED", name="test", metrics={}, histories={}, params={}, tags={},
        artifacts=frozenset(), has_model=False, inputs=0, model_type="",
    )  # fmt: skip
    # When
    codes = [finding.code for finding in missing(record, conventions)]
    # Then
    assert codes == ["CONV-001", "CONV-005", "CONV-009"]
