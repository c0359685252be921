"""Loans elsewhere, as the credit bureau reports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from scorewright.core.portfolio.draws import (
    Array,
    Bools,
    Columns,
    Floats,
    Ints,
    cents,
    chance,
    frame,
    normal,
    pick,
    ragged,
    sometimes,
    text,
    uniform,
    whole,
)
from scorewright.core.portfolio.latent import Latent

__all__ = [
    "BUREAU_COLUMNS",
    "MAX_BUREAU",
    "Accounts",
    "bureau_loans",
]

MAX_BUREAU: Final = 40
_FIRST_ID: Final = 5_000_000
_OLDEST: Final = 2_921
_AMOUNT: Final = pl.Float64()
_DAY: Final = pl.Int32()

BUREAU_COLUMNS: Final[dict[str, pl.DataType]] = {
    "SK_ID_CURR": pl.Int32(),
    "SK_ID_BUREAU": pl.Int32(),
    "CREDIT_ACTIVE": pl.String(),
    "CREDIT_CURRENCY": pl.String(),
    "DAYS_CREDIT": _DAY,
    "CREDIT_DAY_OVERDUE": pl.Int16(),
    "DAYS_CREDIT_ENDDATE": _DAY,
    "DAYS_ENDDATE_FACT": _DAY,
    "AMT_CREDIT_MAX_OVERDUE": _AMOUNT,
    "CNT_CREDIT_PROLONG": pl.Int8(),
    "AMT_CREDIT_SUM": _AMOUNT,
    "AMT_CREDIT_SUM_DEBT": _AMOUNT,
    "AMT_CREDIT_SUM_LIMIT": _AMOUNT,
    "AMT_CREDIT_SUM_OVERDUE": _AMOUNT,
    "CREDIT_TYPE": pl.String(),
    "DAYS_CREDIT_UPDATE": _DAY,
    "AMT_ANNUITY": _AMOUNT,
}

_CARD: Final = 1
_HOPELESS: Final = 360  # days late after which a loan may count as bad debt
_CURRENCIES: Final = ("currency 1", "currency 2", "currency 3", "currency 4")
_ACTIVE: Final = ("Closed", "Active", "Sold", "Bad debt")
_TYPES: Final = (
    "Consumer credit", "Credit card", "Car loan", "Mortgage", "Microloan",
    "Loan for business development", "Another type of loan", "Unknown type of loan",
    "Loan for working capital replenishment", "Cash loan (non-earmarked)", "Real estate loan",
    "Loan for the purchase of equipment",
)  # fmt: skip
_TYPE_SHARES: Final = (729, 234, 16.1, 10.7, 7.2, 1.2, 0.6, 0.3, 0.3, 0.03, 0.02, 0.01)
_TYPE_YEARS: Final = np.array([1.7, 3.2, 4.2, 12.0, 0.5, 3.0, 2.0, 2.0, 2.0, 2.0, 10.0, 3.0])
_TYPE_AMOUNT: Final = np.array(
    [11.6, 11.5, 13.4, 14.4, 9.7, 13.9, 12.0, 12.0, 13.9, 11.6, 14.2, 13.5]
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Loans elsewhere as facts, sorted by applicant; every array has shape (m,).

    Attributes:
        key: SK_ID_BUREAU.
        parent: Position of the applicant in the part.
        opened: DAYS_CREDIT.
        closed: Day it was closed, 0 or later while it is open.
        late_days: CREDIT_DAY_OVERDUE.
    """

    key: Ints
    parent: Ints
    opened: Ints
    closed: Ints
    late_days: Ints


def bureau_loans(
    rng: np.random.Generator, latent: Latent, keys: Ints, first: int
) -> tuple[Accounts, pl.DataFrame]:
    """Draw the loans elsewhere of n applicants; an outage hides them from the table.

    Args:
        rng: Random stream.
        latent: Unseen state of the applicants.
        keys: SK_ID_CURR, shape (n,).
        first: Applications in the parts before this one; makes SK_ID_BUREAU unique.

    Returns:
        The facts that ``bureau_balance`` builds on, and ``bureau``.
    """
    parent, _ = ragged(_counts(rng, latent))
    size = parent.size
    risk = latent.bureau[parent]
    kind = pick(rng, _TYPE_SHARES, size)
    recent = np.exp(0.22 * risk)  # new loans one after the other are a bad sign
    opened = -1 - np.floor(_OLDEST * rng.beta(1.0, 1.75, size) ** recent).astype(np.int64)
    length = 365.0 * _TYPE_YEARS[kind] * np.exp(0.45 * normal(rng, size))
    planned = opened + np.rint(length).astype(np.int64)
    closed = _closed(rng, kind, risk, opened, planned)
    is_open = closed > -1
    rows = np.arange(size)
    late = chance(rng, -6.2 + 0.9 * risk, size) & is_open
    late_days = np.where(late, 1 + np.floor(rng.exponential(90.0, size)), 0).astype(np.int64)
    accounts = Accounts(
        key=_FIRST_ID + first * MAX_BUREAU + rows,
        parent=parent,
        opened=opened,
        closed=closed,
        late_days=np.minimum(late_days, 2_700),
    )
    state = np.where(is_open, 1, 0) + np.where(sometimes(rng, 0.004, size), 2 - is_open, 0)
    state = np.where(late & (late_days > _HOPELESS) & sometimes(rng, 0.2, size), 3, state)
    amount = 450.0 * np.rint(np.exp(_TYPE_AMOUNT[kind] + 0.95 * normal(rng, size)) / 450.0)
    columns: dict[str, Array | pl.Series] = {
        "SK_ID_CURR": keys[parent],
        "SK_ID_BUREAU": accounts.key,
        "CREDIT_ACTIVE": text(np.minimum(state, 3), _ACTIVE),
        "CREDIT_CURRENCY": text(pick(rng, (99.92, 0.07, 0.01, 0.001), size), _CURRENCIES),
        "CREDIT_TYPE": text(kind, _TYPES),
        **_dates(rng, accounts, planned, is_open),
        **_amounts(rng, accounts, amount, risk, kind == _CARD),
    }
    return accounts, frame(columns, BUREAU_COLUMNS).filter(~latent.outage[parent])


def _counts(rng: np.random.Generator, latent: Latent) -> Ints:
    """Draw how many loans elsewhere there are; one applicant in seven has none."""
    rate = 5.55 * rng.gamma(1.9, 1.0 / 1.9, latent.size) * np.exp(0.06 * latent.bureau)
    counts = np.clip(rng.poisson(rate), 1, MAX_BUREAU)
    unknown = chance(rng, -2.0 + 0.25 * latent.general, latent.size)
    return np.where(unknown, 0, counts)


def _closed(
    rng: np.random.Generator, kind: Array, risk: Floats, opened: Ints, planned: Ints
) -> Ints:
    """Draw the day of closing: on time, or earlier by those who can."""
    size = opened.size
    early = chance(rng, 0.6 - 0.65 * risk, size) & (kind != _CARD)
    share = np.where(early, 0.25 + 0.65 * uniform(rng, size), 1.0)
    carried_on = chance(rng, -3.0 + 0.6 * risk, size)
    closed = opened + np.ceil((planned - opened) * share).astype(np.int64)
    day: Ints = np.where(carried_on, np.maximum(closed, 0), closed)
    return day


def _dates(
    rng: np.random.Generator, accounts: Accounts, planned: Ints, is_open: Bools
) -> dict[str, Array | pl.Series]:
    size = planned.size
    update = np.where(is_open, 0, np.maximum(accounts.closed, -2_000)) - np.floor(
        rng.exponential(18.0, size)
    )
    return {
        "DAYS_CREDIT": accounts.opened,
        "CREDIT_DAY_OVERDUE": accounts.late_days,
        "DAYS_CREDIT_ENDDATE": whole(planned, sometimes(rng, 0.06, size)),
        "DAYS_ENDDATE_FACT": whole(accounts.closed, is_open),
        "DAYS_CREDIT_UPDATE": np.clip(update, -2_900, -1).astype(np.int64),
    }


def _amounts(
    rng: np.random.Generator, accounts: Accounts, amount: Floats, risk: Floats, is_card: Bools
) -> Columns:
    size = amount.size
    is_open = accounts.closed > -1
    age = -accounts.opened / np.maximum(accounts.closed - accounts.opened, 1)
    used = 0.45 + 0.20 * risk + 0.22 * normal(rng, size)
    left = np.where(is_card, used, 1.0 - age + 0.12 * risk + 0.1 * normal(rng, size))
    debt = np.where(is_open, cents(amount * np.clip(left, 0.0, 1.0)), 0.0)
    overdue = np.where(accounts.late_days > 0, cents(debt * 0.1), 0.0)
    once = chance(rng, -1.5 + 0.75 * risk, size)
    worst = np.where(once, cents(np.exp(7.6 + 1.3 * normal(rng, size))), 0.0)
    worst[sometimes(rng, 0.65, size)] = np.nan
    debt_known = uniform(rng, size) < np.where(is_open, 0.92, 0.8)
    limit = np.where(is_card & is_open, cents(amount - debt), 0.0)
    annuity = cents(amount / 24.0 * np.exp(0.4 * normal(rng, size)))
    return {
        "AMT_CREDIT_MAX_OVERDUE": worst,
        "CNT_CREDIT_PROLONG": np.where(sometimes(rng, 0.0055, size), 1, 0),
        "AMT_CREDIT_SUM": amount,
        "AMT_CREDIT_SUM_DEBT": np.where(debt_known, debt, np.nan),
        "AMT_CREDIT_SUM_LIMIT": np.where(sometimes(rng, 0.345, size), np.nan, limit),
        "AMT_CREDIT_SUM_OVERDUE": overdue,
        "AMT_ANNUITY": np.where(sometimes(rng, 0.715, size), np.nan, annuity),
    }
