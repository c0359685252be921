"""What a synthetic portfolio is made from: a handful of values, checked once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from scorewright.core.errors import UsageError
from scorewright.core.portfolio.switches import Switches

__all__ = ["MAX_APPLICATIONS", "SCHEMA_VERSION", "PortfolioSpec"]

MAX_APPLICATIONS: Final = 10_000_000
SCHEMA_VERSION: Final = 1
_MAX_SEED: Final = 2**63 - 1
_MAX_YEARS: Final = 20
_MAX_CHUNK: Final = 50_000
_MAX_MATURITY: Final = 3_650
_MAX_LOG_ODDS: Final = 5.0
_DAYS_A_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class PortfolioSpec:
    """Everything a portfolio depends on; the same values give the same rows, bit for bit.

    Attributes:
        applications: Number of applications, 1 to 10 million.
        seed: Seed of everything random, 0 or more.
        start: First possible decision date.
        years: Length of the span of decision dates, in years.
        maturity_days: Days from the decision until the label is known.
        observed_on: Labels that are not known on this day are missing; None knows all.
        chunk_size: Applications in one part; the last part may be smaller.
        switches: What happens to the portfolio on its way.

    Raises:
        UsageError: ``portfolio-spec``, naming the value and its limits.
    """

    applications: int
    seed: int = 42
    start: date = date(2022, 1, 1)
    years: int = 3
    maturity_days: int = 365
    observed_on: date | None = None
    chunk_size: int = 10_000
    switches: Switches = field(default_factory=Switches)

    def __post_init__(self) -> None:
        for name, low, high in (
            ("applications", 1, MAX_APPLICATIONS),
            ("seed", 0, _MAX_SEED),
            ("years", 1, _MAX_YEARS),
            ("maturity_days", 0, _MAX_MATURITY),
            ("chunk_size", 1, _MAX_CHUNK),
        ):
            _refuse_outside(name, getattr(self, name), low, high)
        _refuse_start(self)
        _refuse_switches(self)

    @property
    def days(self) -> int:
        """Number of days in the span of decision dates."""
        return round(self.years * _DAYS_A_YEAR)

    @property
    def end(self) -> date:
        """Last possible decision date."""
        return self.start + timedelta(days=self.days - 1)

    @property
    def chunks(self) -> int:
        """Number of parts."""
        return -(-self.applications // self.chunk_size)

    def size_of(self, index: int) -> int:
        """Return the number of applications in a part.

        Raises:
            UsageError: ``portfolio-spec`` for an index outside the portfolio.
        """
        _refuse_outside("chunk index", index, 0, self.chunks - 1)
        return min(self.chunk_size, self.applications - index * self.chunk_size)

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as a JSON document; dates are ISO text."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value


def _refuse_outside(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(
            f"The portfolio's {name} is {value}; it must lie between {low} and {high}.",
            remedy=f"Give a value of {name} between {low} and {high}.",
            code="portfolio-spec",
            details={"name": name, "value": value, "low": low, "high": high},
        )


def _refuse_start(spec: PortfolioSpec) -> None:
    low, high = date(1970, 1, 1), date(2200, 1, 1)
    if not low <= spec.start <= high:
        raise _bad_date("start", spec.start, low, high)
    if spec.observed_on is not None and spec.observed_on < spec.start:
        raise _bad_date("observed_on", spec.observed_on, spec.start, date.max)


def _refuse_switches(spec: PortfolioSpec) -> None:
    for name, low, high, value in _strengths(spec.switches):
        _refuse_outside(name, value, low, high)
    for name, day in _starts(spec.switches):
        if not spec.start <= day <= spec.end:
            raise _bad_date(f"{name}.start", day, spec.start, spec.end)


def _strengths(switches: Switches) -> Iterator[tuple[str, float, float, float]]:
    if switches.macro_drift:
        strength = switches.macro_drift.strength
        yield "macro_drift.strength", -_MAX_LOG_ODDS, _MAX_LOG_ODDS, strength
    if switches.population_shift:
        yield "population_shift.strength", -3.0, 3.0, switches.population_shift.strength
    if switches.bureau_outage:
        yield "bureau_outage.days", 1, _MAX_YEARS * 366, switches.bureau_outage.days
    if switches.policy_change:
        yield "policy_change.strength", 0.0, 0.9, switches.policy_change.strength


def _starts(switches: Switches) -> Iterator[tuple[str, date]]:
    for name in ("macro_drift", "population_shift", "bureau_outage", "policy_change"):
        switch = getattr(switches, name)
        if switch is not None and switch.start is not None:
            yield name, switch.start


def _bad_date(name: str, value: date, low: date, high: date) -> UsageError:
    return UsageError(
        f"The portfolio's {name} is {value}; it must lie between {low} and {high}.",
        remedy=f"Give a date of {name} between {low} and {high}, as YYYY-MM-DD.",
        code="portfolio-spec",
        details={"name": name, "value": str(value), "low": str(low), "high": str(high)},
    )
