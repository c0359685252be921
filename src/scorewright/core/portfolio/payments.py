"""What became of earlier loans here: instalments, and monthly states of the contract."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from scorewright.core.portfolio.draws import (
    Array,
    Bools,
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
from scorewright.core.portfolio.previous import Loans

__all__ = ["INSTALMENT_COLUMNS", "POS_COLUMNS", "instalments", "pos_cash"]

INSTALMENT_COLUMNS: Final[dict[str, pl.DataType]] = {
    "SK_ID_PREV": pl.Int32(),
    "SK_ID_CURR": pl.Int32(),
    "NUM_INSTALMENT_VERSION": pl.Int16(),
    "NUM_INSTALMENT_NUMBER": pl.Int16(),
    "DAYS_INSTALMENT": pl.Int32(),
    "DAYS_ENTRY_PAYMENT": pl.Int32(),
    "AMT_INSTALMENT": pl.Float64(),
    "AMT_PAYMENT": pl.Float64(),
}

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


def instalments(
    rng: np.random.Generator, latent: Latent, loans: Loans, keys: Ints, cards: Ints
) -> pl.DataFrame:
    """Draw ``installments_payments``: who pays late, pays late often, and sometimes too little.

    Args:
        rng: Random stream.
        latent: Unseen state of the applicants.
        loans: Their earlier applications.
        keys: SK_ID_CURR, shape (n,).
        cards: Months with a card payment due per earlier application, shape (m,).

    Returns:
        The table, sorted by SK_ID_CURR and SK_ID_PREV, oldest instalment first. Every payment is
        dated before the decision; what is still unpaid then has no payment.
    """
    counts = np.where(loans.is_card, cards, np.where(loans.is_loan, loans.due, 0))
    loan, number = ragged(counts)
    size = loan.size
    is_card = loans.is_card[loan]
    newest = -1 - rng.integers(0, 25, loans.key.size)
    due = np.where(
        is_card,
        newest[loan] - _MONTH * (counts[loan] - 1 - number),
        loans.first_due[loan] + _MONTH * number,
    )
    risk = latent.instalments[loans.parent]
    delay = _delays(rng, risk, loan)
    paid = due + delay
    unpaid = paid > -1
    owed = _owed(rng, loans, loan, number)
    share = _share(rng, risk[loan], size)
    columns: dict[str, Array | pl.Series] = {
        "SK_ID_PREV": loans.key[loan],
        "SK_ID_CURR": keys[loans.parent[loan]],
        "NUM_INSTALMENT_VERSION": _versions(rng, loans, loan, number),
        "NUM_INSTALMENT_NUMBER": number + 1,
        "DAYS_INSTALMENT": due,
        "DAYS_ENTRY_PAYMENT": whole(paid, unpaid),
        "AMT_INSTALMENT": owed,
        "AMT_PAYMENT": np.where(unpaid, np.nan, cents(owed * share)),
    }
    return frame(columns, INSTALMENT_COLUMNS)


def _delays(rng: np.random.Generator, risk: Floats, loan: Ints) -> Ints:
    """Draw days between due and paid: mostly early; how often late is the applicant's habit."""
    habit = -3.1 + 0.75 * risk + 0.5 * normal(rng, risk.size)
    late = chance(rng, habit[loan], loan.size)
    early = np.exp(1.9 - 0.12 * risk + 0.35 * normal(rng, risk.size))
    wait = -np.log1p(-rng.random(loan.size, dtype=np.float32))
    scale = np.where(late, 9.0, -early[loan])
    days: Ints = np.where(late, 1 + np.floor(wait * scale), np.ceil(wait * scale)).astype(np.int64)
    return days


def _owed(rng: np.random.Generator, loans: Loans, loan: Ints, number: Ints) -> Floats:
    annuity = loans.annuity[loan]
    swing = rng.random(loan.size, dtype=np.float32)
    as_card = cents(annuity * (0.4 + 0.8 * swing))
    last = number == loans.stop[loan] - 1
    early = loans.stop[loan] < loans.term[loan]
    rest = loans.term[loan] - loans.stop[loan] + 1
    settled = np.where(early, cents(annuity * rest * 0.9), cents(annuity * 0.97))
    return np.where(loans.is_card[loan], as_card, np.where(last, settled, annuity))


def _share(rng: np.random.Generator, risk: Floats, size: int) -> Floats:
    """Draw the part of the instalment that was paid: nearly always all of it."""
    short = chance(rng, -4.1 + 0.75 * risk, size)
    return np.where(short, 0.1 + 0.85 * uniform(rng, size), 1.0)


def _versions(rng: np.random.Generator, loans: Loans, loan: Ints, number: Ints) -> Ints:
    """Cards have version 0; a rescheduled loan goes on with version 2."""
    changed = np.where(
        sometimes(rng, 0.18, loans.key.size), rng.integers(1, 12, loans.key.size), 99
    )
    version = np.where(number >= changed[loan], 2, 1)
    return np.where(loans.is_card[loan], 0, version)


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
