"""The policy document, the rule in it, and what is refused on reading."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.decision import (
    CostMatrix,
    LoanColumns,
    Policy,
    Rule,
    policy_difference,
    segment_text,
)
from scorewright.core.errors import IntegrityError

FIRST = Policy(
    id="demo_default",
    version=1,
    segment="all",
    threshold=0.1,
    costs=CostMatrix(),
    model_digest="a" * 64,
    bundle="b" * 64,
    calibration_digest="c" * 64,
    data_version="demo@123456",
    data_role="out_of_fold",
    method="exact_minimum_cost",
    owner="Risk",
    approver=None,
    effective_from="2026-01-01T00:00:00Z",
    effective_to=None,
    reason="first",
    evidence={"cost": 12.0},
    schema_version=1,
)
POLICY = replace(FIRST, schema_version=2)
WHOLE = replace(
    POLICY,
    version=2,
    threshold=0.2,
    refer_from=0.15,
    refer_to=0.3,
    segment_column="job",
    segments={"none": Rule(0.1, 0.05, 0.2), "3": Rule(0.5)},
    loan_costs=LoanColumns("amount", 0.75, "interest"),
    data_digest="d" * 64,
    made_at="2026-01-01T00:00:00+00:00",
    evidence={"cost": 10.0},
)


def test_the_threshold_itself_is_declined() -> None:
    assert POLICY.decide(0.1) == "decline"
    assert POLICY.decide(0.0999999) == "approve"
    assert not POLICY.has_referrals


def test_a_band_is_referred_from_its_lower_end_to_below_its_upper() -> None:
    assert [WHOLE.decide(p) for p in (0.1499, 0.15, 0.2, 0.2999, 0.3)] == [
        "approve", "refer", "refer", "refer", "decline",
    ]  # fmt: skip
    assert WHOLE.has_referrals


def test_a_segment_is_decided_by_its_own_rule_and_others_by_the_common_one() -> None:
    assert WHOLE.decide(0.12, "none") == "refer"
    assert [WHOLE.decide(0.4, value) for value in (3, 3.0, "3")] == ["approve"] * 3
    assert [WHOLE.decide(0.4, value) for value in (None, float("nan"), "other")] == ["decline"] * 3


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), (float("nan"), None), (True, "true"), (np.bool_(False), "false"), (2.0, "2"),
     (np.float64(2.5), "2.5"), (7, "7"), ("a b", "a b")],
)  # fmt: skip
def test_a_value_is_one_text_wherever_it_came_from(value: object, text: str | None) -> None:
    assert segment_text(value) == text


@given(
    pds=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    jobs=st.lists(st.sampled_from(["none", "3", "other", None]), min_size=30, max_size=30),
)
def test_many_are_decided_as_one_by_one(pds: list[float], jobs: list[str | None]) -> None:
    segments = jobs[: len(pds)]
    decisions, thresholds = WHOLE.decide_all(np.array(pds), segments)
    assert decisions.tolist() == [WHOLE.decide(p, s) for p, s in zip(pds, segments, strict=True)]
    assert thresholds.tolist() == [WHOLE.rule_of(s).threshold for s in segments]
    plain, same = POLICY.decide_all(np.array(pds))
    assert plain.tolist() == ["decline" if p >= 0.1 else "approve" for p in pds]
    assert set(same.tolist()) == {0.1}


@pytest.mark.parametrize("policy", [FIRST, POLICY, WHOLE])
def test_a_policy_survives_its_bytes(policy: Policy) -> None:
    again = Policy.from_bytes(policy.to_bytes())
    assert again == policy
    assert again.digest == policy.digest
    assert again.to_bytes() == policy.to_bytes()
    assert replace(policy, threshold=0.11).digest != policy.digest


def test_a_document_of_the_first_version_keeps_its_bytes_and_digest() -> None:
    document = json.loads(FIRST.to_bytes())
    assert sorted(document) == [
        "approver", "bundle", "calibration_digest", "costs", "data_role", "data_version",
        "effective_from", "effective_to", "evidence", "id", "method", "model_digest", "owner",
        "reason", "schema_version", "segment", "threshold", "version",
    ]  # fmt: skip
    assert Policy.from_bytes(FIRST.to_bytes()).schema_version == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"threshold": "0.1"}, "threshold"),
        ({"threshold": True}, "threshold"),
        ({"threshold": -0.1}, "threshold"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"schema_version": 3}, "schema_version"),
        ({"schema_version": None}, "schema_version"),
        ({"version": -1}, "version"),
        ({"version": 1.0}, "version"),
        ({"costs": None}, "costs"),
        ({"costs": {"false_negative": -1, "false_positive": 1}}, "costs.false_negative"),
        ({"surprise": 1}, "surprise"),
        ({"owner": None}, "owner"),
        ({"approver": 7}, "approver"),
        ({"data_role": "training"}, "data_role"),
        ({"evidence": []}, "evidence"),
        ({"effective_from": "2026-01-01"}, "effective_from"),
        ({"effective_from": "soon"}, "effective_from"),
        ({"effective_to": "2025-01-01T00:00:00Z"}, "effective_to"),
        ({"refer_from": 0.05}, "refer_to"),
        ({"refer_from": 0.2, "refer_to": 0.3}, "threshold"),
        ({"segments": {"a": {"threshold": 0.1}}, "segment_column": "job"}, "segments.a"),
        ({"segments": {"a": {"threshold": 2, "refer_from": None, "refer_to": None}},
          "segment_column": "job"}, "segments.a.threshold"),
        ({"segments": {"a": {"threshold": 0.2, "refer_from": None, "refer_to": None}}},
         "segment_column"),
        ({"segments": []}, "segments"),
        ({"loan_costs": {"exposure": "a"}}, "loan_costs"),
        ({"loan_costs": {"exposure": "a", "margin": "b", "loss_given_default": 2}},
         "loan_costs.loss_given_default"),
        ({"made_at": "then"}, "made_at"),
    ],
)  # fmt: skip
def test_a_changed_document_is_refused_with_the_field(change: dict[str, Any], field: str) -> None:
    document = json.loads(POLICY.to_bytes()) | change
    with pytest.raises(IntegrityError, match=f"'{field}'") as caught:
        Policy.from_bytes(json.dumps(document).encode())
    assert caught.value.code == "policy-invalid"


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"\xff", b'{"schema_version": 2}'])
def test_what_is_no_policy_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        Policy.from_bytes(data)
    assert caught.value.code == "policy-invalid"


def test_a_difference_names_every_field_that_changed_and_by_how_much() -> None:
    changes = {c.field: c for c in policy_difference(FIRST, WHOLE)}
    assert changes["threshold"].change == pytest.approx(0.1)
    assert (changes["refer_from"].before, changes["refer_from"].after) == (None, 0.15)
    assert changes["segments.none.threshold"].after == 0.1
    assert changes["loan_costs.exposure"].after == "amount"
    assert changes["evidence.cost"].change == -2.0
    assert "owner" not in changes
    assert policy_difference(WHOLE, WHOLE) == ()
