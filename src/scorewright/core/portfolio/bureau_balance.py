"""Monthly statuses of the loans elsewhere."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from scorewright.core.portfolio.bureau import Accounts
from scorewright.core.portfolio.draws import (
    Array,
    Bools,
    Floats,
    Ints,
    frame,
    normal,
    ragged,
    sometimes,
    text,
)
from scorewright.core.portfolio.latent import Latent

__all__ = ["BALANCE_COLUMNS", "bureau_balances"]

BALANCE_COLUMNS: Final[dict[str, pl.DataType]] = {
    "SK_ID_BUREAU": pl.Int32(),
    "MONTHS_BALANCE": pl.Int16(),
    "STATUS": pl.String(),
}

_MONTH: Final = 30
_LONGEST: Final = 97  # months the bureau reports
_STATUSES: Final = ("0", "C", "X", "1", "2", "3", "4", "5")


def bureau_balances(
    rng: np.random.Generator, latent: Latent, accounts: Accounts
) -> tuple[Bools, pl.DataFrame]:
    """Draw ``bureau_balance``: the monthly statuses of the loans of some applicants.

    Returns:
        Which applicants have any, shape (n,), and the table, sorted by SK_ID_BUREAU, newest
        month first. Month 0 is the month of the decision, as in the real data.
    """
    reported = sometimes(rng, 0.53, latent.size)
    keep = reported[accounts.parent] & sometimes(rng, 0.96, accounts.key.size)
    months = np.minimum(-accounts.opened // _MONTH + 1, _LONGEST)
    account, back = ragged(np.where(keep & ~latent.outage[accounts.parent], months, 0))
    status = _statuses(rng, latent.balance[accounts.parent], accounts, account, back)
    columns: dict[str, Array | pl.Series] = {
        "SK_ID_BUREAU": accounts.key[account],
        "MONTHS_BALANCE": -back,
        "STATUS": text(status, _STATUSES),
    }
    has = np.zeros(latent.size, dtype=np.bool_)
    has[accounts.parent[keep]] = True
    return has, frame(columns, BALANCE_COLUMNS)


def _statuses(
    rng: np.random.Generator, risk: Floats, accounts: Accounts, account: Ints, back: Ints
) -> Array:
    """C once closed; before that mostly 0, X where nothing was reported, 1 to 5 when late."""
    closed = np.maximum(-accounts.closed // _MONTH, 0)
    is_closed = back < closed[account]
    unknown = np.clip(0.22 + 0.25 * normal(rng, risk.size), 0.0, 0.95).astype(np.float32)
    draws = rng.random(account.size, dtype=np.float32)
    status = np.where(draws < unknown[account], 2, 0).astype(np.uint8)
    habit = (-4.0 + 0.95 * risk + 0.5 * normal(rng, risk.size)).astype(np.float32)
    late = rng.random(account.size, dtype=np.float32) < (1 / (1 + np.exp(-habit)))[account]
    rows = np.flatnonzero(late & ~is_closed)
    depth = np.floor(rng.exponential(0.55 * np.exp(0.3 * risk[account[rows]])))
    status[rows] = 3 + np.minimum(depth, 4)
    status[is_closed] = 1
    return status
