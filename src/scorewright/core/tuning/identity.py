"""What makes two studies, and two trials, the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.digests import canonical_json, sha256_hex

__all__ = [
    "cell_digest",
    "deciding_versions",
    "differences",
    "fold_digest",
    "set_digest",
    "study_identity",
]

#: Packages that fit models: learner -> its own.
_ENGINES = {
    "lgbm": "lightgbm",
    "xgboost": "xgboost",
    "catboost": "catboost",
    "scorecard": "optbinning",
}
#: Learners that fit with what every training has.
_PLAIN = frozenset({"logistic", "random_forest", "woe"})
#: Packages that store and serve; what is read is known by the digest of the data.
_BESIDE = frozenset({"fastapi", "mlflow", "polars", "python", "uvicorn"})


def fold_digest(folds: tuple[npt.NDArray[np.int64], ...]) -> str:
    """Return the digest of the folds of all rows, every repeat included."""
    return sha256_hex(b"".join(np.ascontiguousarray(fold, "<i8").tobytes() for fold in folds))


def deciding_versions(learner: str, versions: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of the packages that decide a learner's figures.

    Args:
        learner: Name of the learner; one that is not known may use every package.
        versions: Package -> version, of all that are installed.
    """
    others: set[str] = set()
    if learner in _ENGINES or learner in _PLAIN:
        others = set(_ENGINES.values()) - {_ENGINES.get(learner)}
    return {n: v for n, v in sorted(versions.items()) if n not in _BESIDE | others}


def study_identity(parts: Mapping[str, Any]) -> dict[str, str]:
    """Return a digest per part of what a study compares its trials on.

    Args:
        parts: Name for people -> JSON value: data, folds, learner, objective ...
    """
    return {name: sha256_hex(canonical_json(value)) for name, value in sorted(parts.items())}


def differences(found: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    """Return the parts in which two studies differ, by name."""
    return sorted(n for n in {*found, *own} if found.get(n) != own.get(n))


def cell_digest(identity: Mapping[str, str], params: Mapping[str, Any]) -> str:
    """Return the digest of everything the figures of a trial follow from.

    Args:
        identity: Of the study.
        params: Complete parameters of the learner.
    """
    plain = {name: _plain(value) for name, value in params.items()}
    return sha256_hex(canonical_json({"study": dict(identity), "params": plain}))


def set_digest(params: Mapping[str, Any]) -> str:
    """Return the digest of a parameter set."""
    return sha256_hex(canonical_json({n: _plain(v) for n, v in params.items()}))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a parameter
    """Make mappings with other keys than text, such as class weights, fit for JSON."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
