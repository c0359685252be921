"""The scorer: the same PD by row, matrix and frame, and nothing that is no probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.calibration import Calibration, Isotonic, NoCalibrator
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.scoring import TOLERANCE, Scorer, check_golden
from scorewright.flows.ports import FittedModel

Floats = npt.NDArray[np.float64]


class Says:
    """A model that says what it is told."""

    def __init__(self, answer: Callable[[Floats], Floats]) -> None:
        self._answer = answer

    def predict(self, x: Floats) -> Floats:
        """Return the answer."""
        return self._answer(x)


@pytest.fixture
def scorer(bundle: Bundle, model: FittedModel) -> Scorer:
    return Scorer(model, bundle.space, bundle.calibration, bundle.contract)


def test_row_matrix_and_frame_agree(scorer: Scorer, rows: list[dict[str, Any]]) -> None:
    # Given the same applications in three forms
    matrix = np.vstack([scorer.space.row(row) for row in rows])
    frame = pl.DataFrame(rows, infer_schema_length=None).select(
        "channel", "income", "age", "purpose", "employed"
    )
    # When each is scored
    by_matrix = scorer.score_matrix(matrix)
    by_row = [scorer.score_row(row) for row in rows]
    # Then the PDs are the same to the bit
    assert by_matrix.tolist() == by_row
    assert scorer.score_frame(frame).tolist() == by_row


def test_pd_follows_the_formula_of_the_calibration(
    scorer: Scorer, model: FittedModel, rows: list[dict[str, Any]]
) -> None:
    # Given the raw score of one application
    s = float(model.predict(scorer.space.row(rows[0]).reshape(1, -1))[0])
    # When prior correction and Platt are worked out by hand with omega 1.5, a -0.3, b 0.9
    p = s / (s + 1.5 * (1 - s))
    z = -0.3 + 0.9 * np.log(p / (1 - p))
    # Then that is the PD
    assert scorer.score_row(rows[0]) == pytest.approx(1 / (1 + np.exp(-z)), abs=1e-15)


@given(order=st.permutations(["purpose", "age", "income", "employed", "channel"]))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_order_of_names_changes_nothing(
    scorer: Scorer, rows: list[dict[str, Any]], order: list[str]
) -> None:
    shuffled = {name: rows[3][name] for name in order} | {"stranger": 1}
    assert scorer.score_row(shuffled) == scorer.score_row(rows[3])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.1, 1.1])
def test_what_is_no_probability_is_refused(
    scorer: Scorer, rows: list[dict[str, Any]], value: float
) -> None:
    # Given a model that gives something impossible, and calibrations that would hide it
    for calibrator in (NoCalibrator(), Isotonic((0.0, 1.0), (0.1, 0.9))):
        broken = replace(
            scorer,
            model=Says(lambda x: np.full(len(x), value)),
            calibration=Calibration(1.0, calibrator),
        )
        # When an application is scored, then it is refused and the code says why
        with pytest.raises(ScorewrightError) as caught:
            broken.score_row(rows[0])
        assert caught.value.code == "score-not-finite"


def test_wrong_number_of_scores_is_refused(scorer: Scorer) -> None:
    broken = replace(scorer, model=Says(lambda x: np.full(len(x) + 1, 0.5)))
    with pytest.raises(ScorewrightError) as caught:
        broken.score_matrix(np.zeros((3, 5)))
    assert caught.value.code == "score-not-finite"


def test_golden_rows_agree(scorer: Scorer, bundle: Bundle) -> None:
    assert check_golden(scorer, bundle.golden) == 0.0


@pytest.mark.parametrize(
    ("change", "accepted"), [(0.5 * TOLERANCE, True), (2 * TOLERANCE, False), (np.nan, False)]
)
def test_golden_rows_have_one_tolerance(
    scorer: Scorer, bundle: Bundle, change: float, accepted: bool
) -> None:
    # Given one golden row whose PD is a little off
    off = (*bundle.golden[:-1], replace(bundle.golden[-1], pd=bundle.golden[-1].pd + change))
    # When they are compared, then only less than the tolerance passes
    if accepted:
        assert check_golden(scorer, off) == pytest.approx(change, rel=1e-3)
        return
    with pytest.raises(IntegrityError) as caught:
        check_golden(scorer, off)
    assert caught.value.code == "bundle-golden-mismatch"
    assert "1 of 8 golden rows" in caught.value.message


def test_mismatch_tells_the_largest_difference(scorer: Scorer, bundle: Bundle) -> None:
    off = [replace(row, pd=row.pd + d) for row, d in zip(bundle.golden, (0.1, -0.25), strict=False)]
    with pytest.raises(IntegrityError) as caught:
        check_golden(scorer, off)
    assert float(caught.value.details["largest_difference"]) == pytest.approx(0.25)


def test_without_golden_rows_nothing_is_proved(scorer: Scorer) -> None:
    with pytest.raises(IntegrityError) as caught:
        check_golden(scorer, ())
    assert caught.value.code == "bundle-golden-missing"


def test_golden_row_that_cannot_be_scored_is_a_mismatch(scorer: Scorer) -> None:
    for values in ({}, {"purpose": 1, "age": "old", "income": 1, "employed": 1, "channel": 1}):
        with pytest.raises(IntegrityError) as caught:
            check_golden(scorer, [GoldenRow(values, 0.5)])
        assert caught.value.code == "bundle-golden-mismatch"
