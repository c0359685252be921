"""Which figure of which rows a metric's name speaks of."""

from __future__ import annotations

import re

__all__ = ["ROLES", "role_of", "role_of_file", "spoken"]

#: Figure -> what people call it.
_NAMES = {
    "roc_auc": ("roc_auc", "auc", "auroc", "auc_roc", "rocauc", "roc_auc_score"),
    "pr_auc": ("pr_auc", "average_precision", "average_precision_score", "auprc", "auc_pr"),
    "ks": ("ks", "ks_stat", "ks_statistic"),
    "gini": ("gini", "gini_coefficient"),
    "brier": ("brier", "brier_score", "brier_score_loss"),
    "log_loss": ("log_loss", "logloss", "binary_logloss", "cross_entropy"),
}
#: Role of rows -> what people call it.
ROLES = {
    "training": ("train", "training", "fit", "development_train"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "holdout", "hold_out", "evaluation", "eval"),
    "oot": ("oot", "out_of_time"),
    "oof": ("oof", "out_of_fold", "cv"),
}
_FIGURE = {alias: name for name, aliases in _NAMES.items() for alias in aliases}
_ROLE = {alias: name for name, aliases in ROLES.items() for alias in aliases}


def spoken(metric: str) -> tuple[str, str] | None:
    """Return figure and role of a metric, the role "" where it names none.

    Args:
        metric: Such as ``roc_auc``, ``test_auc``, ``brier_score.valid``, ``AUC/oof``.

    Returns:
        None where it is another figure.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", metric.lower()).strip("_")
    if plain in _FIGURE:
        return _FIGURE[plain], ""
    for alias, role in _ROLE.items():
        for rest in (plain.removeprefix(f"{alias}_"), plain.removesuffix(f"_{alias}")):
            if rest != plain and rest in _FIGURE:
                return _FIGURE[rest], role
    return None


def role_of(word: str) -> str:
    """Return the role that a word of a role column names; the word itself where it is unknown."""
    return _ROLE.get(word.strip().lower().replace(" ", "_").replace("-", "_"), word)


def role_of_file(path: str) -> str:
    """Return the role that a file's name or folder tells, "" where it tells none.

    Args:
        path: Below the run's artifacts.
    """
    words = f"_{re.sub(r'[^a-z0-9]+', '_', path.lower())}_"
    found = {role for alias, role in _ROLE.items() if f"_{alias}_" in words}
    return next(iter(found)) if len(found) == 1 else ""
