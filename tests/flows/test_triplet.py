"""Development, validation and out of time side by side, held against other implementations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from tests.fakes.training import MakeWorld, loans, settings

from scorewright.core.report import Section
from scorewright.flows.report import training_report
from scorewright.flows.train import TrainResult
from scorewright.flows.triplet import triplet_section

QUIET = {"leakage": {"shuffle_control": False}}


def _row(name: str, y: np.ndarray, pd: np.ndarray, rows: int | None = None) -> tuple[str, ...]:
    """Compute one line of the table with other libraries."""
    logit = np.log(pd / (1 - pd))[:, None]
    slope = LogisticRegression(C=np.inf, tol=1e-10).fit(logit, y).coef_[0, 0]
    return (
        name,
        f"{roc_auc_score(y, pd):.3f}",
        f"{ks_2samp(pd[y == 1], pd[y == 0]).statistic:.3f}",
        f"{brier_score_loss(y, pd):.4f}",
        f"{slope:.3f}",
        f"{100 * y.mean():.2f} %",
        f"{rows or len(y):,}",
    )


def _table(section: Section) -> tuple[tuple[str, ...], ...]:
    assert section.table is not None
    assert section.table.columns[0] == "sample"
    return section.table.rows


@pytest.fixture
def dated(world: MakeWorld) -> TrainResult:
    days = [date(2024, 1, 1) + timedelta(days=i // 3) for i in range(900)]
    here = world(loans(900).with_columns(pl.Series("decided", days)))
    return here.train(settings(data={"decision_date": "decided"}, **QUIET))


def test_three_samples_stand_side_by_side(dated: TrainResult) -> None:
    # Given labels and scores of the three samples
    validated = dated.validated
    prepared, a = validated.prepared, validated.assessment
    score = validated.out_of_fold.oot_score
    assert score is not None
    oot = a.calibration.calibration.apply(score)
    # When
    learned, unseen, later = _table(triplet_section(dated))
    # Then
    assert unseen == _row("validation", a.y, a.pd)
    assert later == _row("out of time", prepared.y[prepared.plan.is_oot], oot)
    twins = [
        _row("", y, a.calibration.calibration.apply(score))
        for y, score in validated.out_of_fold.train_folds
    ]
    for column in (1, 2, 3, 4):
        mean = np.mean([float(row[column]) for row in twins])
        assert float(learned[column]) == pytest.approx(mean, abs=1.1e-3)
    assert learned[5:] == unseen[5:]
    # And the report holds the section once
    ids = [section.id for section in training_report(dated).sections]
    assert ids.count("samples") == 1


@pytest.mark.parametrize(
    ("oot", "words"),
    [
        (0.700, "0.100 lower than in validation (4.0 standard errors): that is more than chance"),
        (0.780, "0.020 lower than in validation (0.8 standard errors): chance alone explains"),
        (0.900, "0.100 higher than in validation (4.0 standard errors): that is more than chance"),
    ],
)
def test_the_sentence_says_whether_the_fall_is_real(
    dated: TrainResult, oot: float, words: str
) -> None:
    # Given figures made by hand: errors of 0.015 and 0.02 are 0.025 together
    hand = {
        "train_roc_auc": 0.95, "roc_auc": 0.8, "roc_auc_se": 0.015,
        "oot_roc_auc": oot, "oot_roc_auc_se": 0.02,
    }  # fmt: skip
    prose = triplet_section(replace(dated, metrics=dict(dated.metrics) | hand)).prose
    assert "0.950 on rows the models have learned and 0.800 on rows they never saw" in prose
    assert f"decided from {dated.validated.prepared.plan.cut} on" in prose
    assert words in prose


def test_without_dates_there_are_two_samples_and_no_claim_of_later_ones(world: MakeWorld) -> None:
    section = triplet_section(world().train(settings(**QUIET)))
    assert [row[0] for row in _table(section)] == ["development", "validation"]
    assert "nothing is known of later applicants" in section.prose
