"""The search space: for every parameter the values a trial may draw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from scorewright.core.errors import UsageError
from scorewright.core.tuning.defaults import DEFAULT_SPACES

__all__ = [
    "Choices",
    "Range",
    "Space",
    "default_space",
    "parse_space",
]

_SCALARS = (bool, int, float, str)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between two ends, both included.

    Attributes:
        low, high: The ends; ``low < high``.
        log: Whether the logarithm is drawn evenly.
        step: Distance of the values that may be drawn; None for any.
        is_integer: Whether only whole numbers are drawn.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    is_integer: bool = False

    def holds(self, value: Any) -> bool:  # noqa: ANN401 - whatever a set names
        """Return whether a value could be drawn."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if not self.low <= value <= self.high or (self.is_integer and value != int(value)):
            return False
        if self.step is None:
            return True
        steps = (value - self.low) / self.step
        return math.isclose(steps, round(steps), abs_tol=1e-9)

    @property
    def values(self) -> tuple[Any, ...]:
        """Both ends, as they may be drawn."""
        kind = int if self.is_integer else float
        return kind(self.low), kind(self.high)

    def to_dict(self) -> dict[str, Any]:
        """Return it as the settings write it."""
        kind = int if self.is_integer else float
        written: dict[str, Any] = {"low": kind(self.low), "high": kind(self.high)}
        if self.log:
            written["log"] = True
        if self.step is not None:
            written["step"] = kind(self.step)
        return written


@dataclass(frozen=True, slots=True)
class Choices:
    """A few values, in no order."""

    values: tuple[Any, ...]

    def holds(self, value: Any) -> bool:  # noqa: ANN401 - whatever a set names
        """Return whether a value could be drawn; 1, 1.0 and true are not the same."""
        return any(value == own and type(value) is type(own) for own in self.values)

    def to_dict(self) -> dict[str, Any]:
        """Return it as the settings write it."""
        return {"choices": list(self.values)}


Space = Mapping[str, Range | Choices]


def parse_space(space: Mapping[str, Mapping[str, Any]]) -> dict[str, Range | Choices]:
    """Read ``[tuning.space]``.

    A range of whole numbers draws whole numbers: write ``low = 1.0`` for others.

    Args:
        space: Parameter -> ``{low, high, log, step}`` or ``{choices}``.

    Raises:
        UsageError: ``tuning-space``.
    """
    return {name: _dimension(name, entry) for name, entry in space.items()}


def default_space(learner: str) -> dict[str, Range | Choices]:
    """Return the space that is searched when the settings give none.

    Args:
        learner: Name of the learner.

    Raises:
        UsageError: ``tuning-space``: the learner has none, or nothing to search.
    """
    if learner not in DEFAULT_SPACES:
        raise UsageError(
            f"The learner '{learner}' has no search space of its own.",
            remedy="Declare one under [tuning.space], with lines such as "
            "max_depth = { low = 2, high = 8 }; or list [[tuning.sets]] and set "
            'sampler = "manual" under [tuning].',
            code="tuning-space",
        )
    return parse_space(DEFAULT_SPACES[learner])


def _dimension(name: str, entry: Mapping[str, Any]) -> Range | Choices:
    known = ("choices", "low", "high", "log", "step")
    for key in entry:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            raise _refused(name, f"'{key}' is not known" + (f"; '{near[0]}'?" if near else ""))
    if "choices" in entry:
        return _choices(name, entry)
    if "low" not in entry or "high" not in entry:
        raise _refused(name, "it has neither low and high nor choices")
    return _range(name, entry)


def _choices(name: str, entry: Mapping[str, Any]) -> Choices:
    values = entry["choices"]
    if len(entry) > 1:
        raise _refused(name, "choices stand alone, without low, high, log and step")
    if not isinstance(values, list) or not values:
        raise _refused(name, "choices should be a list with at least one value")
    if any(not isinstance(value, _SCALARS) for value in values):
        raise _refused(name, "choices should be numbers, texts, true or false")
    if len({(type(value), value) for value in values}) < len(values):
        raise _refused(name, "a choice stands there twice")
    return Choices(tuple(values))


def _range(name: str, entry: Mapping[str, Any]) -> Range:
    numbers = [entry[key] for key in ("low", "high", "step") if entry.get(key) is not None]
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        raise _refused(name, "low, high and step should be numbers")
    if any(not math.isfinite(n) for n in numbers):
        raise _refused(name, "low, high and step should be finite")
    low, high, log, step = entry["low"], entry["high"], entry.get("log", False), entry.get("step")
    if not isinstance(log, bool):
        raise _refused(name, "log should be true or false")
    if low >= high:
        raise _refused(name, f"low ({low}) should be below high ({high})")
    if log and low <= 0:
        raise _refused(name, f"with log = true, low should be above 0, not {low}")
    if step is not None and (step <= 0 or log):
        raise _refused(name, "step should be above 0, and does not go with log")
    whole = all(isinstance(n, int) for n in numbers)
    return Range(low, high, log, step, whole)


def _refused(name: str, what: str) -> UsageError:
    return UsageError(
        f"The search space of '{name}' cannot be read: {what}.",
        remedy=f"Write {name} = {{ low = 8, high = 64, log = true }} or "
        f"{name} = {{ choices = [0.5, 1.0] }} under [tuning.space].",
        code="tuning-space",
    )
