"""One model's figures on the rows it learned from, on rows it never saw, and out of time."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from scorewright.core.report import Section, Table
from scorewright.core.statistics import cox
from scorewright.flows.train import TrainResult

__all__ = ["triplet_section"]

#: Standard errors beyond which a fall out of time is more than chance (two-sided, 5 %).
BEYOND_CHANCE = 1.96
COLUMNS = ("AUC", "KS", "Brier", "Cox slope", "bad rate", "rows")


def triplet_section(result: TrainResult) -> Section:
    """Return development, validation and, where there is one, out of time side by side.

    Development is the mean over the folds of the figures on the rows each fold's model was
    fitted on; validation is out of fold.

    Args:
        result: What training left behind.
    """
    m, rows = result.metrics, len(result.validated.assessment.y)
    table = [
        ("development", *_figures(m, "train_", _fitted_slope(result), m["base_rate"], rows)),
        ("validation", *_figures(m, "", m["cox_slope"], m["base_rate"], rows)),
    ]
    held_out = int(np.count_nonzero(result.validated.prepared.plan.is_oot))
    if held_out:
        slope, rate = m["oot_cox_slope"], m["oot_base_rate"]
        table.append(("out of time", *_figures(m, "oot_", slope, rate, held_out)))
    caption = "Development: mean over the folds, on the rows each model was fitted on."
    shown = Table(("sample", *COLUMNS), tuple(table), caption)
    return Section("samples", "Learned, validated, out of time", _sentence(result), None, shown)


def _figures(
    m: Mapping[str, float], prefix: str, slope: float, rate: float, rows: int
) -> tuple[str, ...]:
    return (
        f"{m[f'{prefix}roc_auc']:.3f}",
        f"{m[f'{prefix}ks']:.3f}",
        f"{m[f'{prefix}brier']:.4f}",
        f"{slope:.3f}",
        f"{100 * rate:.2f} %",
        f"{rows:,}",
    )


def _fitted_slope(result: TrainResult) -> float:
    """Return the mean over the folds of the Cox slope on the rows the fold's model has seen."""
    calibration = result.validated.assessment.calibration.calibration
    folds = [*result.validated.out_of_fold.train_folds]
    folds += [seen for _, seen in result.validated.out_of_fold.repeats]
    return float(np.mean([cox(y, calibration.apply(score)).slope for y, score in folds]))


def _sentence(result: TrainResult) -> str:
    m = result.metrics
    text = (
        f"The AUC is {m['train_roc_auc']:.3f} on rows the models have learned and "
        f"{m['roc_auc']:.3f} on rows they never saw."
    )
    if "oot_roc_auc" not in m:
        return f"{text} No rows are held out by date, so nothing is known of later applicants."
    fall = m["roc_auc"] - m["oot_roc_auc"]
    errors = fall / math.hypot(m["roc_auc_se"], m["oot_roc_auc_se"])
    cut = result.validated.prepared.plan.cut
    verdict = (
        "that is more than chance explains"
        if abs(errors) > BEYOND_CHANCE
        else "chance alone explains that"
    )
    return (
        f"{text} On applications decided from {cut} on it is {m['oot_roc_auc']:.3f}, "
        f"{abs(fall):.3f} {'lower' if fall > 0 else 'higher'} than in validation "
        f"({abs(errors):.1f} standard errors): {verdict}."
    )
