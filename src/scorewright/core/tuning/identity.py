"""What makes two studies, and two trials, the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.digests import canonical_json, sha256_hex

__all__ = ["cell_digest", "differences", "fold_digest", "set_digest", "study_identity"]


def fold_digest(folds: tuple[npt.NDArray[np.int64], ...]) -> str:
    """Return the digest of the folds of all rows, every repeat included."""
    return sha256_hex(b"".join(np.ascontiguousarray(fold, "<i8").tobytes() for fold in folds))


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
