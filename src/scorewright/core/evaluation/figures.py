"""Figures of a validation, named as the conventions name them.

``f`` is the figure on out-of-fold rows, ``fold_f`` its value per fold, ``mean_f`` and ``std_f``
summarise those, ``train_f`` is the mean over folds of the same figure on the rows the fold's
model was fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from scorewright.core.decision import CostMatrix
from scorewright.core.statistics import (
    brier,
    brier_skill,
    confusion,
    cox,
    delong_interval,
    gini,
    hosmer_lemeshow,
    ks,
    log_loss,
    pr_auc,
    roc_auc,
    spiegelhalter,
)

__all__ = [
    "FOLD_FIGURES",
    "fold_figures",
    "summarise_folds",
    "threshold_figures",
    "validation_figures",
]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

#: The figures that are also logged per fold and for the training rows.
FOLD_FIGURES = ("roc_auc", "pr_auc", "ks", "gini", "brier", "log_loss")


def fold_figures(y: Labels, pd: Floats) -> dict[str, float]:
    """Return the figures of one fold.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).

    Returns:
        Values by the names in `FOLD_FIGURES`.
    """
    return {
        "roc_auc": roc_auc(y, pd),
        "pr_auc": pr_auc(y, pd),
        "ks": ks(y, pd).value,
        "gini": gini(y, pd),
        "brier": brier(y, pd),
        "log_loss": log_loss(y, pd),
    }


def validation_figures(y: Labels, pd: Floats) -> dict[str, float]:
    """Return ranking and calibration figures of out-of-fold PDs with their uncertainty.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: Calibrated PDs of shape (n,).

    Returns:
        The figures of `FOLD_FIGURES`, the 95 % DeLong interval of the AUC, the Cox line, the
        Hosmer-Lemeshow and Spiegelhalter p-values, base rate and mean PD.
    """
    interval = delong_interval(y, pd)
    line = cox(y, pd)
    return {
        **fold_figures(y, pd),
        "roc_auc_low": interval.low,
        "roc_auc_high": interval.high,
        "roc_auc_se": interval.se,
        "brier_skill": brier_skill(y, pd),
        "cox_intercept": line.intercept,
        "cox_slope": line.slope,
        "cox_p_value": line.p_value,
        "hosmer_lemeshow_p_value": hosmer_lemeshow(y, pd, independent=True).p_value,
        "spiegelhalter_p_value": spiegelhalter(y, pd).p_value,
        "base_rate": float(np.mean(y)),
        "mean_pd": float(np.mean(pd)),
    }


def threshold_figures(
    y: Labels, pd: Floats, threshold: float, costs: CostMatrix
) -> dict[str, float]:
    """Return what follows from declining at a threshold.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).
        threshold: Applications with ``pd >= threshold`` are declined.
        costs: Costs of the two mistakes.

    Returns:
        The threshold and business groups of the conventions; ``fbeta_score`` uses beta = 2.
    """
    table = confusion(y, pd, threshold)
    cost = table.cost(costs.false_negative, costs.false_positive)
    return {
        "precision": table.precision,
        "recall": table.recall,
        "f1_score": table.f1_score,
        "fbeta_score": table.fbeta_score(2.0),
        "accuracy": table.accuracy,
        "false_positive_rate": table.false_positive_rate,
        "false_negative_rate": table.false_negative_rate,
        "true_positives": float(table.tp),
        "true_negatives": float(table.tn),
        "false_positives": float(table.fp),
        "false_negatives": float(table.fn),
        "business_cost": cost,
        "cost_per_application": cost / len(y),
        "optimal_threshold": threshold,
        "approval_rate": table.approval_rate,
        "default_rate_approved": table.default_rate_approved,
    }


def summarise_folds(
    valid: Sequence[Mapping[str, float]], train: Sequence[Mapping[str, float]]
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Summarise figures over folds.

    Args:
        valid: One mapping per fold, on its validation rows.
        train: One mapping per fold, on the rows its model was fitted on.

    Returns:
        Metrics (``mean_f``, ``std_f`` with n - 1, ``train_f``, ``roc_auc_gap`` = train - mean)
        and histories (``fold_f`` and ``train_fold_f``, one value per fold).
    """
    metrics: dict[str, float] = {}
    histories: dict[str, list[float]] = {}
    for name in FOLD_FIGURES:
        values = [fold[name] for fold in valid]
        twins = [fold[name] for fold in train]
        metrics[f"mean_{name}"] = float(np.mean(values))
        metrics[f"std_{name}"] = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        metrics[f"train_{name}"] = float(np.mean(twins))
        histories[f"fold_{name}"] = values
        histories[f"train_fold_{name}"] = twins
    metrics["roc_auc_gap"] = metrics["train_roc_auc"] - metrics["mean_roc_auc"]
    return metrics, histories
