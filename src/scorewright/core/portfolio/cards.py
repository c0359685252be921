"""Credit cards here: a month a row, the balance carried on, drawings and payments that fit it."""

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
    pick,
    ragged,
    sometimes,
    text,
    uniform,
    whole,
)
from scorewright.core.portfolio.latent import Latent
from scorewright.core.portfolio.previous import Loans

__all__ = ["CARD_COLUMNS", "card_balances"]

_AMOUNT: Final = pl.Float64()
_COUNT: Final = pl.Int16()

CARD_COLUMNS: Final[dict[str, pl.DataType]] = {
    "SK_ID_PREV": pl.Int32(),
    "SK_ID_CURR": pl.Int32(),
    "MONTHS_BALANCE": _COUNT,
    "AMT_BALANCE": _AMOUNT,
    "AMT_CREDIT_LIMIT_ACTUAL": pl.Int32(),
    "AMT_DRAWINGS_ATM_CURRENT": _AMOUNT,
    "AMT_DRAWINGS_CURRENT": _AMOUNT,
    "AMT_DRAWINGS_OTHER_CURRENT": _AMOUNT,
    "AMT_DRAWINGS_POS_CURRENT": _AMOUNT,
    "AMT_INST_MIN_REGULARITY": _AMOUNT,
    "AMT_PAYMENT_CURRENT": _AMOUNT,
    "AMT_PAYMENT_TOTAL_CURRENT": _AMOUNT,
    "AMT_RECEIVABLE_PRINCIPAL": _AMOUNT,
    "AMT_RECIVABLE": _AMOUNT,  # misspelt in the real data
    "AMT_TOTAL_RECEIVABLE": _AMOUNT,
    "CNT_DRAWINGS_ATM_CURRENT": _COUNT,
    "CNT_DRAWINGS_CURRENT": _COUNT,
    "CNT_DRAWINGS_OTHER_CURRENT": _COUNT,
    "CNT_DRAWINGS_POS_CURRENT": _COUNT,
    "CNT_INSTALMENT_MATURE_CUM": _COUNT,
    "NAME_CONTRACT_STATUS": pl.String(),
    "SK_DPD": _COUNT,
    "SK_DPD_DEF": _COUNT,
}

_MONTH: Final = 30
_LONGEST: Final = 96
_INTEREST: Final = 0.025  # a month
_MINIMUM: Final = 0.05  # of the balance
_LIMITS: Final = np.array([45_000, 90_000, 135_000, 180_000, 225_000, 270_000, 450_000])
_LIMIT_SHARES: Final = (0.12, 0.15, 0.14, 0.26, 0.13, 0.12, 0.08)
_STATUSES: Final = ("Active", "Completed", "Signed", "Demand", "Sent proposal", "Refused")


def card_balances(
    rng: np.random.Generator, latent: Latent, loans: Loans, keys: Ints
) -> tuple[Ints, pl.DataFrame]:
    """Draw ``credit_card_balance``.

    Returns:
        Months with a balance per earlier application, shape (m,), and the table, sorted by
        SK_ID_CURR and SK_ID_PREV, oldest month first.
    """
    months = np.minimum(-loans.decided // _MONTH, _LONGEST)
    counts = np.where(loans.is_card, months, 0)
    card, number = ragged(counts)
    risk = latent.card[loans.parent]
    limit = _LIMITS[pick(rng, _LIMIT_SHARES, loans.key.size)].astype(np.float64)
    used, is_used = _utilisation(rng, risk, card, number / np.maximum(counts[card], 1))
    before = np.where(number == 0, 0.0, np.roll(used, 1))
    balance = cents(used * limit[card])
    opening = before * limit[card]
    rate = np.exp(-0.35 * risk + 0.4 * normal(rng, risk.size)) * 0.09
    payment = opening * np.minimum(rate[card] + _MINIMUM * uniform(rng, card.size), 1.0)
    drawn = np.maximum(balance - opening * (1 + _INTEREST) + payment, 0.0)
    payment = np.maximum(opening * (1 + _INTEREST) + drawn - balance, 0.0)
    dpd, dpd_def = _past_due(rng, risk, card, balance)
    columns: dict[str, Array | pl.Series] = {
        "SK_ID_PREV": loans.key[card],
        "SK_ID_CURR": keys[loans.parent[card]],
        "MONTHS_BALANCE": number - counts[card],
        "AMT_CREDIT_LIMIT_ACTUAL": limit[card],
        **_drawings(rng, risk[card], cents(drawn), is_used),
        **_amounts(rng, balance, opening, cents(payment)),
        "CNT_INSTALMENT_MATURE_CUM": whole(_matured(card, number, opening), ~is_used),
        "NAME_CONTRACT_STATUS": text(
            pick(rng, (0.963, 0.033, 0.003, 0.0004, 0.0001, 0.00001), card.size), _STATUSES
        ),
        "SK_DPD": dpd,
        "SK_DPD_DEF": dpd_def,
    }
    due = np.bincount(card[opening > 0], minlength=loans.key.size)
    return due.astype(np.int64), frame(columns, CARD_COLUMNS)


def _utilisation(
    rng: np.random.Generator, risk: Floats, card: Ints, phase: Floats
) -> tuple[Floats, Array]:
    """Draw the used share of the limit per month: a level, a trend, a wave and some noise."""
    cards = risk.size
    unused = chance(rng, -0.5 - 0.15 * risk, cards)
    level = 0.32 + 0.20 * risk + 0.18 * normal(rng, cards)
    trend = 0.10 * risk + 0.25 * normal(rng, cards)
    start = 0.5 * uniform(rng, cards)
    wave = 0.14 * np.sin(2 * np.pi * (3.0 * phase + uniform(rng, cards)[card]))
    noise = 0.06 * normal(rng, card.size)
    used = np.clip(level[card] + trend[card] * (phase - 0.5) + wave + noise, 0.0, 1.08)
    is_used = ~unused[card] & (phase >= start[card])
    return np.where(is_used, used, 0.0), is_used


def _drawings(
    rng: np.random.Generator, risk: Floats, drawn: Floats, is_used: Array
) -> dict[str, Array | pl.Series]:
    """Split drawings into cash machine, shop and other; unused cards have nulls, as in reality."""
    size = drawn.size
    at_atm = np.clip(0.45 + 0.17 * risk + 0.3 * normal(rng, size), 0.0, 1.0)
    atm = np.rint(drawn * at_atm / 450.0) * 450.0
    atm = np.minimum(atm, drawn)
    other = np.where(sometimes(rng, 0.01, size), cents((drawn - atm) * 0.5), 0.0)
    shop = cents(drawn - atm - other)
    quiet = ~is_used & sometimes(rng, 0.55, size)
    atm_count = np.ceil(atm / 15_000.0)
    shop_count = np.ceil(shop / 2_500.0)
    other_count = (other > 0).astype(np.int64)
    return {
        "AMT_DRAWINGS_CURRENT": drawn,
        "AMT_DRAWINGS_ATM_CURRENT": np.where(quiet, np.nan, atm),
        "AMT_DRAWINGS_POS_CURRENT": np.where(quiet, np.nan, shop),
        "AMT_DRAWINGS_OTHER_CURRENT": np.where(quiet, np.nan, other),
        "CNT_DRAWINGS_CURRENT": atm_count + shop_count + other_count,
        "CNT_DRAWINGS_ATM_CURRENT": whole(atm_count, quiet),
        "CNT_DRAWINGS_POS_CURRENT": whole(shop_count, quiet),
        "CNT_DRAWINGS_OTHER_CURRENT": whole(other_count, quiet),
    }


def _amounts(
    rng: np.random.Generator, balance: Floats, opening: Floats, payment: Floats
) -> dict[str, Array | pl.Series]:
    minimum = cents(opening * _MINIMUM)
    never = (opening == 0) & sometimes(rng, 0.18, balance.size)
    principal = cents(balance / (1 + _INTEREST))
    return {
        "AMT_BALANCE": balance,
        "AMT_INST_MIN_REGULARITY": np.where(never, np.nan, minimum),
        "AMT_PAYMENT_CURRENT": np.where(
            (opening == 0) & sometimes(rng, 0.4, opening.size), np.nan, payment
        ),
        "AMT_PAYMENT_TOTAL_CURRENT": payment,
        "AMT_RECEIVABLE_PRINCIPAL": principal,
        "AMT_RECIVABLE": balance,
        "AMT_TOTAL_RECEIVABLE": balance,
    }


def _matured(card: Ints, number: Ints, opening: Floats) -> Ints:
    """Count the instalments due so far, per card."""
    total = np.cumsum(opening > 0)
    before = np.flatnonzero(number == 0)
    base = np.zeros(card.max(initial=0) + 1, dtype=np.int64)
    base[card[before]] = total[before]
    return total - base[card]


def _past_due(
    rng: np.random.Generator, risk: Floats, card: Ints, balance: Floats
) -> tuple[Ints, Ints]:
    habit = -4.0 + 0.9 * risk + 0.4 * normal(rng, risk.size)
    late = chance(rng, habit[card], card.size) & (balance > 0)
    rows = np.flatnonzero(late)
    dpd = np.zeros(card.size, dtype=np.int64)
    dpd[rows] = 1 + np.floor(rng.exponential(8.0, rows.size))
    tolerated = np.zeros(card.size, dtype=np.int64)
    tolerated[rows] = np.where(sometimes(rng, 0.5, rows.size), dpd[rows], 0)
    return dpd, tolerated
