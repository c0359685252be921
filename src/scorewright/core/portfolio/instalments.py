"""Payments of earlier loans and cards here: when, and how much."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from scorewright.core.portfolio.draws import (
    Array,
    Floats,
    Ints,
    cents,
    chance,
    frame,
    normal,
    ragged,
    sometimes,
    uniform,
    whole,
)
from scorewright.core.portfolio.latent import Latent
from scorewright.core.portfolio.previous import Loans

__all__ = ["INSTALMENT_COLUMNS", "instalments"]

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

_MONTH: Final = 30


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
