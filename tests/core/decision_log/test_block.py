"""A block is its records, one for one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scorewright.core.decision_log import DecisionBlock, LoggedDecision

COMMON = LoggedDecision(
    decision_id="", at=5, request_id="b1", role="champion", variant="champion", propensity=1.0,
    answers=None, caller="c", tenant="t", idempotency=None, subject=None, bundle="b",
    model_digest="m", policy="p@1", policy_digest="d", pd=0.0, decision="", threshold=0.0,
)  # fmt: skip


def test_records_are_made_where_they_are_asked_for() -> None:
    flags = {"stale_bundle": None}
    block = DecisionBlock(
        COMMON, ["x-1", "x-2"], ["s", None], [0.1, 0.2], ["approve", "decline"], [0.3, 0.15],
        [b'{"a":1}', b'{"a":null}'], [flags, flags],
    )  # fmt: skip
    one = replace(
        COMMON, decision_id="x-1", subject="s", pd=0.1, decision="approve", threshold=0.3,
        inputs={"a": 1}, flags=flags,
    )  # fmt: skip
    two = replace(
        COMMON, decision_id="x-2", pd=0.2, decision="decline", threshold=0.15,
        inputs={"a": None}, flags=flags,
    )  # fmt: skip
    assert len(block) == 2
    assert list(block) == [one, two]
    assert block[1:] == [two]
    assert block[-1] == two
    with pytest.raises(IndexError):
        _ = block[2]
