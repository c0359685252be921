"""What ``init`` is not sure of, one plain line each."""

from __future__ import annotations

import polars as pl

from scorewright.core.contracts import ColumnType, Contract
from scorewright.core.tables import (
    Roles,
    clean_text,
    holds_comma_numbers,
    looks_like_dates,
    plain_text,
)

__all__ = ["init_warnings"]

_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)
_OUTCOMES = 2
_HALF = 0.5
_SHOWN = 10


def init_warnings(
    frame: pl.DataFrame, contract: Contract, roles: Roles, bad_rate: float
) -> tuple[str, ...]:
    """Say what a person should look at before training.

    Args:
        frame: The table; CSV columns as text.
        contract: The contract inferred from it.
        roles: What was guessed; what the user said counts as known.
        bad_rate: Share of bads among the rows with an outcome, from 0 to 1.

    Returns:
        Sentences, each with what to do about it; those on the outcome come first.
    """
    outcome = plain_text(clean_text(frame.get_column(roles.target or "")))
    filled = outcome.drop_nulls()
    return (
        *_of_guess(roles, bad_rate),
        *_of_values(filled, roles),
        *_of_missing(len(outcome) - len(filled), roles),
        *_of_columns(frame, contract),
    )


def _of_guess(roles: Roles, bad_rate: float) -> list[str]:
    found = []
    if not roles.is_known_target:
        found.append(
            f"The target '{roles.target}' is a guess: no column has the name of an outcome. "
            "Name it with --target and --bad-value if that is wrong."
        )
    if not roles.is_known_bad_value:
        found.append(
            f"That '{roles.bad_value}' is the bad value of '{roles.target}' is a guess: it is "
            "the rarest value. Say it with --target and --bad-value if that is wrong."
        )
    if bad_rate > _HALF:
        found.append(
            f"{100 * bad_rate:.1f} % of the rows are bad ('{roles.target}' is "
            f"'{roles.bad_value}'), which is rare for loans. If good and bad are the wrong way "
            "round, say --target and --bad-value."
        )
    return found


def _of_values(filled: pl.Series, roles: Roles) -> list[str]:
    values = filled.unique().sort().to_list()
    if len(values) <= _OUTCOMES:
        return []
    good = [value for value in values if value != roles.bad_value]
    shown = ", ".join(good[:_SHOWN]) + (", ..." if len(good) > _SHOWN else "")
    warning = (
        f"The target '{roles.target}' has {len(values)} values. Bad is '{roles.bad_value}'; "
        f"counts as good: {shown}. Derive an outcome column of two values, without the loans "
        "that are not decided yet, and name it with --target and --bad-value."
    )
    return [warning]


def _of_missing(missing: int, roles: Roles) -> list[str]:
    if missing == 0:
        return []
    rows = "1 row has" if missing == 1 else f"{missing:,} rows have"
    warning = (
        f"{rows} no outcome in '{roles.target}': it is not known (yet). Remove these rows or "
        "wait for them; training refuses them."
    )
    return [warning]


def _of_columns(frame: pl.DataFrame, contract: Contract) -> list[str]:
    found = []
    for column in contract.columns:
        if column.name == contract.target or column.type not in _TEXTS:
            continue
        texts = clean_text(frame.get_column(column.name))
        if looks_like_dates(texts):
            found.append(
                f"Column '{column.name}' looks like a date, not ISO, and its order of day and "
                "month is open: kept from the model. Write it as YYYY-MM-DD."
            )
        elif holds_comma_numbers(texts):
            found.append(
                f"Column '{column.name}' looks like numbers with a comma, which may mean "
                "decimals or thousands: taken as text. Write it with a decimal point and no "
                "other sign."
            )
    return found
