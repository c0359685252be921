"""Which loans are old enough for their outcome to count.

A loan that defaults early is known as bad at once, while goods of the same age are not known to
be good yet. Who takes the early bads in learns from too many of them, so a loan enters only when
its whole performance window has been seen, good and bad alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.errors import UsageError
from scorewright.core.validation.time import decision_days

__all__ = ["Maturity", "label_maturity"]


@dataclass(frozen=True, slots=True, eq=False)
class Maturity:
    """The rows whose performance window had passed when the outcomes were read.

    Attributes:
        months: Length of the window in calendar months.
        as_of: Day on which the outcomes were read.
        is_mature: Shape (n,), whether the row counts.
        first_young: Decision date from which on rows are too young; None where all count.
        later: Rows decided after `as_of`; they are too young as well.
    """

    months: int
    as_of: date
    is_mature: npt.NDArray[np.bool_]
    first_young: date | None
    later: int

    @property
    def young(self) -> int:
        """How many rows are too young."""
        return int(self.is_mature.size - np.count_nonzero(self.is_mature))

    def sentence(self) -> str:
        """Say for people what was left out and why."""
        rule = f"outcomes count after {self.months} months, read on {self.as_of}"
        if self.first_young is None:
            return f"all {self.is_mature.size:,} rows are old enough: {rule}"
        late = f", {self.later:,} of them decided after that day" if self.later else ""
        return (
            f"{self.young:,} of {self.is_mature.size:,} rows, decided from {self.first_young} on, "
            f"are too young and left out, good and bad alike{late}: {rule}"
        )


def label_maturity(dates: pl.Series | None, months: int, as_of: date | None = None) -> Maturity:
    """Decide which rows count: ``as_of >= decision date + months``.

    Months are calendar months; a day that the later month does not have becomes its last, so
    31 August and six months are 28 or 29 February.

    Args:
        dates: Decision date of each row, shape (n,).
        months: Length of the performance window, at least 1.
        as_of: Day on which the outcomes were read; the newest decision date when None.

    Returns:
        Which rows count.

    Raises:
        UsageError: ``decision-date-missing`` for no column or empty cells,
            ``validation-scheme`` for a column that holds no dates, ``labels-immature`` where
            no row counts.
    """
    days = decision_days(dates, f"Leaving out loans younger than {months} months")
    read = as_of or _newest(days)
    ripe = days.dt.offset_by(f"{months}mo") <= read
    young = days.filter(~ripe)
    first = young.min()
    if not ripe.any():
        began = f"the earliest was decided on {first!s}" if len(days) else "there is none"
        raise UsageError(
            f"No loan is old enough: {began}; outcomes were read on {read} and count after "
            f"{months} months.",
            remedy="Lower performance_months under [validation], set as_of to the day on which "
            "the outcomes were read, or bring older loans.",
            code="labels-immature",
            details={"rows": len(days), "as_of": str(read), "performance_months": months},
        )
    return Maturity(
        months=months,
        as_of=read,
        is_mature=ripe.to_numpy(),
        first_young=first if isinstance(first, date) else None,
        later=int((days > read).sum()),
    )


def _newest(days: pl.Series) -> date:
    newest = days.max()
    # An empty table has no newest day; nothing in it is old enough, which is said above.
    return newest if isinstance(newest, date) else date.max
