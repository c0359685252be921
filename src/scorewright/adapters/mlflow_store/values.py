"""Values as MLflow keeps them: texts, finite numbers, and a digest where a text is too long."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from scorewright.core.digests import sha256_hex, short
from scorewright.core.errors import ScorewrightError

__all__ = ["LONG_PARAMS", "MAX_PARAM", "finite", "param_text", "shortened"]

#: MLflow cuts longer values off.
MAX_PARAM = 6000

LONG_PARAMS = "params_long.json"


def param_text(value: Any) -> str:  # noqa: ANN401 - any value a parameter may have
    """Return a parameter's value as text: JSON for lists and tables, Python's form otherwise."""
    if isinstance(value, Mapping):
        value = dict(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, sort_keys=True, default=str)
    return str(value)


def shortened(text: str) -> str:
    """Return what stands in for a value that is kept whole in `LONG_PARAMS`."""
    digest = short(sha256_hex(text.encode("utf-8")))
    return f"sha256:{digest}, {len(text)} characters, whole in {LONG_PARAMS}"


def finite(name: str, value: float) -> float:
    """Return a metric's value.

    Raises:
        ScorewrightError: ``metric-not-finite``: NaN or infinity, which MLflow stores as 0 or as
            the largest number there is.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ScorewrightError(
            f"The metric '{name}' is {number}, not a number that can be compared.",
            remedy="Look at the data of this run: a fold with one class only, or an empty group.",
            code="metric-not-finite",
        )
    return number
