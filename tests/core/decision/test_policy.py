"""The policy document and the rule in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scorewright.core.decision import CostMatrix, Policy
from scorewright.core.errors import IntegrityError

POLICY = Policy(
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
)


def test_the_threshold_itself_is_declined() -> None:
    assert POLICY.decide(0.1) == "decline"
    assert POLICY.decide(0.0999999) == "approve"


def test_a_policy_survives_its_bytes() -> None:
    again = Policy.from_bytes(POLICY.to_bytes())
    assert again == POLICY
    assert again.digest == POLICY.digest
    assert replace(POLICY, threshold=0.11).digest != POLICY.digest


@pytest.mark.parametrize(
    "change",
    [{"threshold": "0.1"}, {"schema_version": 2}, {"costs": None}, {"surprise": 1}],
)
def test_a_changed_document_is_refused(change: dict[str, object]) -> None:
    document = json.loads(POLICY.to_bytes()) | change
    with pytest.raises(IntegrityError) as caught:
        Policy.from_bytes(json.dumps(document).encode())
    assert caught.value.code == "policy-invalid"
