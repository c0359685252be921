"""Monthly states of earlier loans here."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from scorewright.core.portfolio.draws import (
    Array,
    Bools,
    Floats,
    Ints,
    chance,
    frame,
    normal,
    pick,
    ragged,
    sometimes,
    text,
    whole,
)
from scorewright.core.portfolio.latent import Latent
from scorewright.core.portfolio.previous import Loans

__all__ = ["POS_COLUMNS", "pos_cash"]

POS_COLUMNS: Final[dict[str, pl.DataType]] = {
    "SK_ID_PREV": pl.Int32(),
    "SK_ID_CURR": pl.Int32(),
    "MONTHS_BALANCE": pl.Int16(),
    "CNT_INSTALMENT": pl.Int16(),
    "CNT_INSTALMENT_FUTURE": pl.Int16(),
    "NAME_CONTRACT_STATUS": pl.String(),
    "SK_DPD": pl.Int16(),
    "SK_DPD_DEF": pl.Int16(),
}

_MONTH: Final = 30
_STATUSES: Final = (
    "Active", "Completed", "Signed", "Demand", "Returned to the store", "Approved",
    "Amortized debt",
)  # fmt: skip


def pos_cash(rng: np.random.Generator, latent: Latent, loans: Loans, keys: Ints) -> pl.DataFrame:
    """Draw ``POS_CASH_balance``: one row a month of each loan, with its days past due.

    Returns:
        The table, sorted by SK_ID_CURR and SK_ID_PREV, newest month first.
    """
    age = -loans.decided // _MONTH
    ended = loans.due == loans.stop
    counts = np.where(loans.is_loan, np.minimum(loans.due, age), 0)
    loan, back = ragged(counts)
    number = counts[loan] - 1 - back  # 0 is the oldest month
    newest = np.minimum(-(-(loans.first_due + _MONTH * (loans.due - 1)) // _MONTH), -1)
    completed = (number == counts[loan] - 1) & ended[loan]
    future = np.maximum(loans.term[loan] - number - 1, 0)
    lost = sometimes(rng, 0.0026, loan.size)
    dpd, dpd_def = _past_due(rng, latent.pos[loans.parent], loan, ~completed)
    columns: dict[str, Array | pl.Series] = {
        "SK_ID_PREV": loans.key[loan],
        "SK_ID_CURR": keys[loans.parent[loan]],
        "MONTHS_BALANCE": np.minimum(newest[loan], -1) - back,
        "CNT_INSTALMENT": whole(np.where(completed, loans.stop[loan], loans.term[loan]), lost),
        "CNT_INSTALMENT_FUTURE": whole(np.where(completed, 0, future), lost),
        "NAME_CONTRACT_STATUS": text(_states(rng, number, completed), _STATUSES),
        "SK_DPD": dpd,
        "SK_DPD_DEF": dpd_def,
    }
    return frame(columns, POS_COLUMNS)


def _states(rng: np.random.Generator, number: Ints, completed: Bools) -> Ints:
    rare = pick(rng, (0.9986, 0.0, 0.0004, 0.0004, 0.0003, 0.0002, 0.0001), number.size)
    signed = (number == 0) & sometimes(rng, 0.1, number.size)
    return np.where(completed, 1, np.where(signed, 2, rare)).astype(np.int64)


def _past_due(
    rng: np.random.Generator, risk: Floats, loan: Ints, is_running: Bools
) -> tuple[Ints, Ints]:
    """Draw SK_DPD, and SK_DPD_DEF, which forgives small sums."""
    habit = -4.2 + 1.1 * risk + 0.5 * normal(rng, risk.size)
    late = chance(rng, habit[loan], loan.size) & is_running
    rows = np.flatnonzero(late)
    days = 1 + np.floor(rng.exponential(9.0 * np.exp(0.35 * risk[loan[rows]])))
    dpd = np.zeros(loan.size, dtype=np.int64)
    dpd[rows] = np.minimum(days, 4_000)
    tolerated = np.zeros(loan.size, dtype=np.int64)
    tolerated[rows] = np.where(sometimes(rng, 0.55, rows.size), dpd[rows], 0)
    return dpd, tolerated
