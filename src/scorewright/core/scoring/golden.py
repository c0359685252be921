"""Golden rows: applications whose PD was written down when the bundle was made."""

from __future__ import annotations

from collections.abc import Sequence

from scorewright.core.bundles import GoldenRow
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.scoring.scorer import Scorer

__all__ = ["TOLERANCE", "check_golden"]

#: Largest accepted absolute difference of a PD. Another machine may add in another order; a
#: damaged model is off by far more.
TOLERANCE = 1e-9


def check_golden(scorer: Scorer, rows: Sequence[GoldenRow]) -> float:
    """Score the golden rows again.

    Args:
        scorer: The loaded model with its space and calibration.
        rows: Values by name, with rows of histories where there are any, and the PD expected.

    Returns:
        The largest absolute difference, at most `TOLERANCE`.

    Raises:
        IntegrityError: ``bundle-golden-missing`` without rows, ``bundle-golden-mismatch`` when a
            PD differs by more than `TOLERANCE`, when a row lacks a feature, or when the model
            gives something that is not a probability.
    """
    if not rows:
        raise IntegrityError(
            "The bundle holds no golden rows, so nothing can be proved about it.",
            remedy="Train again: 'scorewright train' writes golden rows.",
            code="bundle-golden-missing",
        )
    try:
        differences = [_difference(scorer, row) for row in rows]
    except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
        raise _mismatch("a golden row cannot be scored") from error
    wrong = sum(not difference <= TOLERANCE for difference in differences)  # NaN is wrong too
    largest = max(differences)
    if wrong:
        raise _mismatch(
            f"{wrong} of {len(rows)} golden rows differ, by {largest:.3g} at most", largest
        )
    return largest


def _difference(scorer: Scorer, row: GoldenRow) -> float:
    return abs(scorer.score_application(row.values, row.tables) - float(row.pd))


def _mismatch(what: str, difference: float | None = None) -> IntegrityError:
    return IntegrityError(
        f"The model does not give the PDs the bundle promises: {what}.",
        remedy="Get the bundle again from where it was made, or train again. If only the version "
        "of the learner's library changed, install the one in the manifest.",
        code="bundle-golden-mismatch",
        details={} if difference is None else {"largest_difference": repr(difference)},
    )
