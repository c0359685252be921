"""The expressions a feature is made of: a closed tree of small, frozen values.

What they mean, in every engine:

- a missing operand makes a missing result; dividing by zero and anything that is not finite
  (overflow, the root of a negative number) is missing too;
- a comparison with a missing value is missing; ``and``, ``or`` and ``not`` follow Kleene's logic
  (``False and missing`` is ``False``); a filter keeps the rows for which it is true;
- numbers are computed as 64-bit floats; a boolean counts as 0 or 1;
- nobody's ``count`` and ``nunique`` are 0, every other aggregate of nothing is missing;
- of several rows of the same date ``last`` and ``first`` take the greatest value, whatever the
  order of the rows; rows without a date are in no window and are neither last nor first;
- a window holds rows of age 0 and older; of a table that counts months, N months are the N
  youngest ones that may be known: the month of the decision is the first where ``latest`` is 0,
  the month before it where ``latest`` is -1;
- a category that its contract does not list is missing, and so is a cell that is not finite;
- sums are rounded as they come: where one overflows on its way, the order of rows may decide
  whether it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "Aggregate",
    "AggregateKind",
    "Arithmetic",
    "Column",
    "Compare",
    "Expression",
    "Fill",
    "Function",
    "FunctionKind",
    "If",
    "IsIn",
    "IsMissing",
    "Literal",
    "Logic",
    "MissingIf",
    "Not",
    "RowStatistic",
    "RowStatisticKind",
    "Window",
    "WindowUnit",
    "children",
]

Scalar = float | int | str | bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table in whose rows the expression stands, or another feature by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. ``1``, ``1.0`` and ``True`` are three: they make columns of three types."""

    value: Scalar
    _type: type = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Let the type take part in comparisons: to Python, ``1 == 1.0 == True``."""
        object.__setattr__(self, "_type", type(self.value))


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``+``, ``-``, ``*`` or ``/`` of two numbers."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Compare:
    """``==``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Logic:
    """``and`` or ``or`` of two conditions."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    of: Expression


@dataclass(frozen=True, slots=True)
class IsIn:
    """Whether a value is one of a few."""

    of: Expression
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class IsMissing:
    """Whether a value is missing; never missing itself."""

    of: Expression


@dataclass(frozen=True, slots=True)
class MissingIf:
    """A value, missing where it is one of the sentinels (``365243`` for "no date")."""

    of: Expression
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """A value, another where it is missing."""

    of: Expression
    other: Expression


@dataclass(frozen=True, slots=True)
class If:
    """``then if condition else other``; a missing condition counts as false."""

    condition: Expression
    then: Expression
    other: Expression


class FunctionKind(StrEnum):
    """Functions of one number. The logarithm is the natural one of 1 + x."""

    ABS = "abs"
    SQRT = "sqrt"
    LOG1P = "log1p"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one number; missing outside its domain."""

    kind: FunctionKind
    of: Expression


class RowStatisticKind(StrEnum):
    """Statistics over several values of one row; missing values are left out."""

    MEAN = "row_mean"
    MIN = "row_min"
    MAX = "row_max"
    SUM = "row_sum"
    STD = "row_std"
    COUNT = "row_count"


@dataclass(frozen=True, slots=True)
class RowStatistic:
    """A statistic over several values of the same row."""

    kind: RowStatisticKind
    of: tuple[Expression, ...]


class AggregateKind(StrEnum):
    """What many rows of a history become."""

    COUNT = "count"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"
    SUM = "sum"
    STD = "std"
    NUNIQUE = "nunique"
    SHARE = "share"
    LAST = "last"
    FIRST = "first"
    TREND = "trend"
    TIME_SINCE = "time_since"


class WindowUnit(StrEnum):
    """Units of a window; a month is 365.25 / 12 days where the table counts days."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Window:
    """The last so many days, months or years before the decision."""

    length: int
    unit: WindowUnit

    def __str__(self) -> str:
        return f"{self.length} {self.unit}"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate over the rows of a table below the one in whose rows it stands.

    Attributes:
        kind: See `AggregateKind`.
        table: The history that is aggregated.
        of: The value of each row, in the columns of that table; None for ``count`` (rows) and
            ``time_since`` (the table's own date).
        where: Rows for which this is true count.
        window: Rows of this time before the decision count.
    """

    kind: AggregateKind
    table: str
    of: Expression | None = None
    where: Expression | None = None
    window: Window | None = None


Expression = (
    Column
    | Literal
    | Arithmetic
    | Compare
    | Logic
    | Not
    | IsIn
    | IsMissing
    | MissingIf
    | Fill
    | If
    | Function
    | RowStatistic
    | Aggregate
)


def children(node: Expression) -> tuple[Expression, ...]:  # noqa: PLR0911 - one per kind of node
    """Return the expressions directly below a node."""
    match node:
        case Column() | Literal():
            return ()
        case Arithmetic() | Compare() | Logic():
            return (node.left, node.right)
        case Not() | IsIn() | IsMissing() | MissingIf() | Function():
            return (node.of,)
        case Fill():
            return (node.of, node.other)
        case If():
            return (node.condition, node.then, node.other)
        case RowStatistic():
            return node.of
        case Aggregate():
            return tuple(part for part in (node.of, node.where) if part is not None)
