"""Controls, and findings held against what was accepted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from scorewright.core.findings import Finding, Severity
from scorewright.core.leakage import adversarial_finding, settle, shuffled_label_finding


@dataclass(frozen=True)
class _Accepted:
    code: str
    column: str
    reason: str = "checked with the data owner"


def _finding(code: str, subject: str, severity: Severity = "error") -> Finding:
    return Finding(code, severity, subject, "message", "remedy")


def test_errors_are_open_until_accepted() -> None:
    strong, named = _finding("LEAK-001", "pay"), _finding("LEAK-003", "pay")
    note = _finding("LEAK-006", "applications", "warning")
    accepted, stale = _Accepted("LEAK-001", "pay"), _Accepted("LEAK-001", "gone")
    settled = settle([strong, named, note], [accepted, stale])
    assert settled.open == (named,)
    assert settled.accepted == ((strong, accepted),)
    assert settled.notes == (note,)
    assert settled.unused == (stale,)


def test_nothing_is_lost_and_nothing_doubled() -> None:
    findings = [
        _finding("LEAK-001", "a"),
        _finding("LEAK-001", "b"),
        _finding("LEAK-008", "c", "info"),
    ]
    twice = [_Accepted("LEAK-001", "a", "the first reason"), _Accepted("LEAK-001", "a", "second")]
    settled = settle(findings, twice)
    assert [*settled.open, *(f for f, _ in settled.accepted), *settled.notes] == [
        findings[1], findings[0], findings[2],
    ]  # fmt: skip
    assert settled.accepted[0][1].reason == "the first reason"
    assert settled.unused == ()


def test_accepting_a_warning_is_not_stale() -> None:
    settled = settle([_finding("LEAK-006", "t", "warning")], [_Accepted("LEAK-006", "t")])
    assert settled.unused == ()
    assert len(settled.notes) == 1


def test_the_null_standard_error_is_that_of_random_scores() -> None:
    """Of random AUCs about 0.27 % lie outside three standard errors; none of the usual ones."""
    rng = np.random.default_rng(5)
    y = np.r_[np.ones(60), np.zeros(300)]
    aucs = [float(roc_auc_score(y, rng.random(360))) for _ in range(2_000)]
    found = [a for a in aucs if shuffled_label_finding(a, 60, 300) is not None]
    assert len(found) < 20
    edge = 3 * float(np.std(aucs))
    assert shuffled_label_finding(0.5 + 1.1 * edge, 60, 300) is not None
    assert shuffled_label_finding(0.5 + 0.9 * edge, 60, 300) is None


@pytest.mark.parametrize("auc", [0.3, 0.7])
def test_learning_from_shuffled_labels_is_an_error(auc: float) -> None:
    finding = shuffled_label_finding(auc, 200, 800)
    assert finding is not None
    assert (finding.code, finding.severity) == ("LEAK-005", "error")
    assert finding.evidence["low"] < 0.5 < finding.evidence["high"]
    assert f"data accept LEAK-005 {finding.subject} --reason" in finding.remedy


def test_the_adversarial_auc_is_information() -> None:
    finding = adversarial_finding(0.8123456789)
    assert (finding.code, finding.severity) == ("LEAK-008", "info")
    assert finding.evidence["auc"] == 0.812346
