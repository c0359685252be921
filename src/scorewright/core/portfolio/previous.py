"""Earlier applications here: asked, approved or refused, and the loans that came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from scorewright.core.portfolio.draws import (
    Array,
    Bools,
    Codes,
    Columns,
    Floats,
    Ints,
    cents,
    chance,
    frame,
    graded,
    normal,
    pick,
    ragged,
    sometimes,
    uniform,
    whole,
)
from scorewright.core.portfolio.latent import Latent
from scorewright.core.portfolio.previous_texts import (
    CASH,
    CONSUMER,
    PREVIOUS_COLUMNS,
    REVOLVING,
    describe,
)

__all__ = ["MAX_PREVIOUS", "OPEN_END", "Loans", "previous_applications"]

MAX_PREVIOUS: Final = 30
OPEN_END: Final = 365_243  # the real data's sentinel: no such date (yet)
_FIRST_ID: Final = 1_000_000
_OLDEST: Final = 2_921
_MONTH: Final = 30
_UNUSED: Final = 0.035  # share of approved consumer loans that nobody took up
_TERMS: Final = np.array([6, 10, 12, 18, 24, 36, 48, 60])
_TERM_SHARES: Final = (
    (0.16, 0.21, 0.36, 0.08, 0.14, 0.03, 0.01, 0.01),  # consumer loans
    (0.07, 0.06, 0.24, 0.12, 0.20, 0.16, 0.08, 0.07),  # cash loans
)


@dataclass(frozen=True, slots=True)
class Loans:
    """Earlier applications as facts, sorted by applicant; every array has shape (m,).

    Attributes:
        key: SK_ID_PREV.
        parent: Position of the applicant in the part.
        kind: Contract type: consumer, cash or revolving.
        is_loan: Approved, and repaid in instalments.
        is_card: Approved revolving credit.
        decided: Day of that decision, relative to the present one; below 0.
        first_due: Day of the first instalment, relative to the present decision.
        term: Instalments agreed.
        due: Instalments due before the present decision, early repayment considered.
        stop: Instalments after which the loan ends: the term, or less when repaid early.
        amount: AMT_CREDIT.
        annuity: AMT_ANNUITY.
    """

    key: Ints
    parent: Ints
    kind: Codes
    is_loan: Bools
    is_card: Bools
    decided: Ints
    first_due: Ints
    term: Ints
    due: Ints
    stop: Ints
    amount: Floats
    annuity: Floats


def previous_applications(
    rng: np.random.Generator, latent: Latent, keys: Ints, first: int
) -> tuple[Loans, pl.DataFrame]:
    """Draw the earlier applications of n applicants.

    Args:
        rng: Random stream.
        latent: Unseen state of the applicants.
        keys: SK_ID_CURR, shape (n,).
        first: Applications in the parts before this one; makes SK_ID_PREV unique.

    Returns:
        The facts that later tables build on, and ``previous_application``.
    """
    counts = _counts(rng, latent)
    parent, _ = ragged(counts)
    risk = latent.previous[parent]
    size = parent.size
    kind = pick(rng, (0.45, 0.445, 0.105), size)
    status = _status(rng, kind, risk)
    approved = status == 0
    age = rng.beta(1.0, np.array([2.3, 2.3, 1.6])[kind])  # cards are held for long
    decided = -1 - np.floor(_OLDEST * age).astype(np.int64)
    term, stop, due, first_due = _schedule(rng, kind, decided, risk)
    application = _asked(rng, kind, risk)
    amount = cents(
        application * np.where(kind == CONSUMER, 0.97, 1.1) * np.exp(0.05 * normal(rng, size))
    )
    months = np.where(kind == REVOLVING, 20, term)
    annuity = cents(amount / months * (1.06 + 0.012 * months * np.exp(0.15 * normal(rng, size))))
    loans = Loans(
        key=_FIRST_ID + first * MAX_PREVIOUS + np.arange(size),
        parent=parent,
        kind=kind,
        is_loan=approved & (kind != REVOLVING),
        is_card=approved & (kind == REVOLVING),
        decided=decided,
        first_due=first_due,
        term=term,
        due=due,
        stop=stop,
        amount=amount,
        annuity=annuity,
    )
    columns: dict[str, Array | pl.Series] = {
        "SK_ID_PREV": loans.key,
        "SK_ID_CURR": keys[parent],
        **_amounts(rng, loans, application, status),
        **_dates(loans),
        **describe(rng, kind, status, risk, loans.is_loan),
    }
    return loans, frame(columns, PREVIOUS_COLUMNS)


def _counts(rng: np.random.Generator, latent: Latent) -> Ints:
    """Draw how often each applicant asked before; risky ones asked a little more often."""
    rate = 4.98 * rng.gamma(2.0, 0.5, latent.size) * np.exp(0.10 * latent.previous - 0.01)
    counts = np.minimum(rng.poisson(rate), MAX_PREVIOUS)
    return np.where(sometimes(rng, 0.03, latent.size), 0, counts)


def _status(rng: np.random.Generator, kind: Codes, risk: Floats) -> Codes:
    """Draw the outcome: 0 approved, 1 cancelled, 2 refused, 3 unused offer."""
    size = kind.size
    refused = chance(rng, np.array([-2.75, -1.5, -1.5])[kind] + 0.75 * risk, size)
    other = uniform(rng, size)
    cancelled = other < np.array([0.03, 0.37, 0.22])[kind]
    unused = (kind == CONSUMER) & (other > 1.0 - _UNUSED)
    status = np.where(refused, 2, np.where(cancelled, 1, np.where(unused, 3, 0)))
    return status.astype(np.uint8)


def _schedule(
    rng: np.random.Generator, kind: Codes, decided: Ints, risk: Floats
) -> tuple[Ints, Ints, Ints, Ints]:
    """Draw term, end and what is due so far; careful people repay early more often."""
    size = kind.size
    codes = np.where(
        kind == CASH,
        graded(rng, _TERM_SHARES[1], risk, 0.12),
        graded(rng, _TERM_SHARES[0], risk, 0.12),
    )
    term = _TERMS[codes]
    early = chance(rng, -0.9 - 0.3 * risk, size)
    share = 0.25 + 0.7 * uniform(rng, size)
    stop = np.where(early, np.ceil(term * share), term).astype(np.int64)
    first_due = decided + 20 + rng.integers(0, 21, size)
    passed = np.maximum((-1 - first_due) // _MONTH + 1, 0)
    return term, stop, np.minimum(stop, passed), first_due


def _asked(rng: np.random.Generator, kind: Codes, risk: Floats) -> Floats:
    """Draw AMT_APPLICATION in steps of 450, as the real amounts come."""
    centre = np.array([10.95, 12.1, 12.0])[kind]
    spread = np.array([0.75, 0.8, 0.5])[kind]
    return 450.0 * np.rint(
        np.exp(centre + spread * normal(rng, kind.size) + 0.03 * risk) / 450.0 + 10
    )


def _amounts(rng: np.random.Generator, loans: Loans, application: Floats, status: Codes) -> Columns:
    size = application.size
    gone = (status == 1) & sometimes(rng, 0.85, size)  # cancelled before an amount was named
    consumer = loans.kind == CONSUMER
    rate_down = np.where(consumer, np.maximum(0.0, 0.11 * normal(rng, size) + 0.05), np.nan)
    rate_down[sometimes(rng, 0.12, size)] = np.nan
    down = cents(application * rate_down)
    asked = np.where(gone, 0.0, application)
    has_rates = sometimes(rng, 0.0035, size)
    privileged = np.where(has_rates, 0.77 + 0.1 * normal(rng, size), np.nan)
    primary = np.where(has_rates, 0.19 + 0.08 * uniform(rng, size), np.nan)
    return {
        "AMT_ANNUITY": np.where(gone, np.nan, loans.annuity),
        "AMT_APPLICATION": asked,
        "AMT_CREDIT": np.where(gone, 0.0, loans.amount),
        "AMT_DOWN_PAYMENT": np.where(gone, np.nan, down),
        "AMT_GOODS_PRICE": np.where(gone, np.nan, np.where(consumer, application, asked)),
        "RATE_DOWN_PAYMENT": np.where(gone, np.nan, np.round(rate_down, 6)),
        "RATE_INTEREST_PRIMARY": np.round(primary, 6),
        "RATE_INTEREST_PRIVILEGED": np.round(privileged, 6),
        "CNT_PAYMENT": whole(np.where(loans.kind == REVOLVING, 0, loans.term), gone),
    }


def _dates(loans: Loans) -> Columns:
    """The dates of the loan; planned ones may lie ahead, 365243 stands for none (yet)."""
    none = ~(loans.is_loan | loans.is_card)
    last = loans.first_due + _MONTH * (loans.stop - 1)
    planned = loans.first_due + _MONTH * (loans.term - 1)
    is_open = loans.is_card | (last >= 0)
    ended = last + 5
    return {
        "DAYS_DECISION": loans.decided,
        "DAYS_FIRST_DRAWING": whole(
            np.where(loans.is_card, np.minimum(loans.decided + 12, -1), OPEN_END), none
        ),
        "DAYS_FIRST_DUE": whole(np.where(loans.is_card, OPEN_END, loans.first_due), none),
        "DAYS_LAST_DUE_1ST_VERSION": whole(np.where(loans.is_card, OPEN_END, planned), none),
        "DAYS_LAST_DUE": whole(np.where(is_open, OPEN_END, last), none),
        "DAYS_TERMINATION": whole(np.where(is_open | (ended >= 0), OPEN_END, ended), none),
    }
