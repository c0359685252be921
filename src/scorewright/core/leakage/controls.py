"""Controls that need a model: shuffled labels, and development against out of time."""

from __future__ import annotations

import math

from scorewright.core.findings import Finding
from scorewright.core.leakage.limits import answer

__all__ = ["adversarial_finding", "shuffled_label_finding"]

#: Subjects of findings that are about no column.
SHUFFLE = "shuffle-control"
OUT_OF_TIME = "out-of-time"
#: Standard errors a cross-validated AUC on shuffled labels may lie away from 0.5.
STANDARD_ERRORS = 3.0


def shuffled_label_finding(auc: float, n_bad: int, n_good: int) -> Finding | None:
    """Judge the cross-validated AUC on shuffled labels: LEAK-005 outside 0.5 +- 3 SE.

    Args:
        auc: Cross-validated AUC of the learner on shuffled labels.
        n_bad: Bads among the scored rows, at least 1.
        n_good: Goods among them, at least 1.

    Returns:
        The finding, or None where all is well. The standard error without any relation is
        ``sqrt((n1 + n0 + 1) / (12 n1 n0))`` (Mann and Whitney 1947).
    """
    se = math.sqrt((n_bad + n_good + 1) / (12.0 * n_bad * n_good))
    if abs(auc - 0.5) <= STANDARD_ERRORS * se:
        return None
    low, high = 0.5 - STANDARD_ERRORS * se, 0.5 + STANDARD_ERRORS * se
    return Finding(
        code="LEAK-005",
        severity="error",
        subject=SHUFFLE,
        message=f"With shuffled labels the AUC is {auc:.3f}, outside {low:.3f} to {high:.3f}: "
        "the validation itself lets the outcome through.",
        remedy=answer(
            "LEAK-005",
            SHUFFLE,
            "Make sure that everything fitted is fitted inside the fold",
        ),
        evidence={"auc": round(auc, 6), "low": round(low, 6), "high": round(high, 6)},
    )


def adversarial_finding(auc: float) -> Finding:
    """Report how well a model tells out-of-time rows from development rows: LEAK-008.

    Args:
        auc: Cross-validated AUC with "is out of time" as the label; 0.5 means no difference.
    """
    return Finding(
        code="LEAK-008",
        severity="info",
        subject=OUT_OF_TIME,
        message=f"A model tells out-of-time rows from development rows with an AUC of {auc:.3f} "
        "(0.5 would mean that they look alike).",
        remedy="Where it is high, look for columns that carry the date or have changed meaning.",
        evidence={"auc": round(auc, 6)},
    )
