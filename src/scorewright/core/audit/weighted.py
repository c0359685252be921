"""Figures of weighted rows, as other libraries log them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["WEIGHTED"]

_Labels = npt.NDArray[np.int8]
_Floats = npt.NDArray[np.float64]


def _steps(y: _Labels, p: _Floats, w: _Floats) -> tuple[_Floats, _Floats]:
    """Return the weights of bads and goods above each score, from 0, both of shape (k + 1,)."""
    order = np.argsort(-p, kind="stable")
    # Rows of one score pass together.
    ends = np.r_[np.flatnonzero(np.diff(p[order])), p.size - 1]
    bads = np.cumsum(np.where(y[order] == 1, w[order], 0.0))[ends]
    goods = np.cumsum(np.where(y[order] == 1, 0.0, w[order]))[ends]
    return np.r_[0.0, bads], np.r_[0.0, goods]


def _roc_auc(y: _Labels, p: _Floats, w: _Floats) -> float:
    bads, goods = _steps(y, p, w)
    return float(np.trapezoid(bads / bads[-1], goods / goods[-1]))


def _pr_auc(y: _Labels, p: _Floats, w: _Floats) -> float:
    """Average precision, the sum of precision times the gain in recall."""
    bads, goods = _steps(y, p, w)
    precision = bads[1:] / (bads[1:] + goods[1:])
    return float(np.sum(precision * np.diff(bads / bads[-1])))


def _ks(y: _Labels, p: _Floats, w: _Floats) -> float:
    bads, goods = _steps(y, p, w)
    return float(np.abs(bads / bads[-1] - goods / goods[-1]).max())


def _gini(y: _Labels, p: _Floats, w: _Floats) -> float:
    return 2.0 * _roc_auc(y, p, w) - 1.0


def _brier(y: _Labels, p: _Floats, w: _Floats) -> float:
    return float(np.average((p - y) ** 2, weights=w))


def _log_loss(y: _Labels, p: _Floats, w: _Floats) -> float:
    tiny = float(np.finfo(np.float64).eps)
    safe = np.clip(p, tiny, 1.0 - tiny)
    return float(np.average(-np.log(np.where(y == 1, safe, 1.0 - safe)), weights=w))


#: Name as in `figures.known_figures` -> labels, scores and weights of shape (n,) to the figure.
WEIGHTED: Mapping[str, Callable[[_Labels, _Floats, _Floats], float]] = {
    "roc_auc": _roc_auc,
    "pr_auc": _pr_auc,
    "ks": _ks,
    "gini": _gini,
    "brier": _brier,
    "log_loss": _log_loss,
}
