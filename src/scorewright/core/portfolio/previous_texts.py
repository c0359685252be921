"""The columns of ``previous_application`` and its many words."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from scorewright.core.portfolio.draws import (
    Bools,
    Codes,
    Columns,
    Floats,
    graded,
    pick,
    sometimes,
    text,
    uniform,
    whole,
)

__all__ = ["CASH", "CONSUMER", "PREVIOUS_COLUMNS", "REVOLVING", "describe"]

CONSUMER: Final = 0
CASH: Final = 1
REVOLVING: Final = 2

_AMOUNT: Final = pl.Float64()
_TEXT: Final = pl.String()
_DAY: Final = pl.Int32()
_SMALL: Final = pl.Int16()
_FLAG: Final = pl.Int8()

PREVIOUS_COLUMNS: Final[dict[str, pl.DataType]] = {
    "SK_ID_PREV": pl.Int32(),
    "SK_ID_CURR": pl.Int32(),
    "NAME_CONTRACT_TYPE": _TEXT,
    "AMT_ANNUITY": _AMOUNT,
    "AMT_APPLICATION": _AMOUNT,
    "AMT_CREDIT": _AMOUNT,
    "AMT_DOWN_PAYMENT": _AMOUNT,
    "AMT_GOODS_PRICE": _AMOUNT,
    "WEEKDAY_APPR_PROCESS_START": _TEXT,
    "HOUR_APPR_PROCESS_START": _FLAG,
    "FLAG_LAST_APPL_PER_CONTRACT": _TEXT,
    "NFLAG_LAST_APPL_IN_DAY": _FLAG,
    "RATE_DOWN_PAYMENT": _AMOUNT,
    "RATE_INTEREST_PRIMARY": _AMOUNT,
    "RATE_INTEREST_PRIVILEGED": _AMOUNT,
    "NAME_CASH_LOAN_PURPOSE": _TEXT,
    "NAME_CONTRACT_STATUS": _TEXT,
    "DAYS_DECISION": _DAY,
    "NAME_PAYMENT_TYPE": _TEXT,
    "CODE_REJECT_REASON": _TEXT,
    "NAME_TYPE_SUITE": _TEXT,
    "NAME_CLIENT_TYPE": _TEXT,
    "NAME_GOODS_CATEGORY": _TEXT,
    "NAME_PORTFOLIO": _TEXT,
    "NAME_PRODUCT_TYPE": _TEXT,
    "CHANNEL_TYPE": _TEXT,
    "SELLERPLACE_AREA": _DAY,
    "NAME_SELLER_INDUSTRY": _TEXT,
    "CNT_PAYMENT": _SMALL,
    "NAME_YIELD_GROUP": _TEXT,
    "PRODUCT_COMBINATION": _TEXT,
    "DAYS_FIRST_DRAWING": _DAY,
    "DAYS_FIRST_DUE": _DAY,
    "DAYS_LAST_DUE_1ST_VERSION": _DAY,
    "DAYS_LAST_DUE": _DAY,
    "DAYS_TERMINATION": _DAY,
    "NFLAG_INSURED_ON_APPROVAL": _FLAG,
}

_REFUSED: Final = 2
_UNUSED: Final = 3
_WALK_IN: Final = 0.22  # share of cash and card customers who came by themselves
_PLAIN: Final = 0.62  # above it a cash loan was asked for without a product
_TYPES: Final = ("Consumer loans", "Cash loans", "Revolving loans")
_STATUSES: Final = ("Approved", "Canceled", "Refused", "Unused offer")
_WEEKDAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_PURPOSES: Final = (
    "XNA", "Repairs", "Other", "Urgent needs", "Buying a used car", "Building a house or an annex",
    "Everyday expenses", "Medicine", "Payments on other loans", "Education", "Journey",
    "Purchase of electronic equipment", "Buying a new car", "Wedding / gift / holiday",
    "Buying a home", "Car repairs", "Furniture", "Buying a holiday home / land",
    "Business development", "Gasification / water supply", "Buying a garage", "Hobby",
    "Money for a third person", "Refusal to name the goal",
)  # fmt: skip
_REASONS: Final = ("XAP", "SCO", "SCOFR", "HC", "LIMIT", "CLIENT", "XNA", "VERIF", "SYSTEM")
_REASON_SHARES: Final = (0.0, 0.14, 0.05, 0.58, 0.19, 0.0, 0.02, 0.015, 0.005)
_PAYMENTS: Final = (
    "Cash through the bank", "XNA", "Non-cash from your account",
    "Cashless from the account of the employer",
)  # fmt: skip
_SUITES: Final = (
    None, "Unaccompanied", "Family", "Spouse, partner", "Children", "Other_B", "Other_A",
    "Group of people",
)  # fmt: skip
_CLIENTS: Final = ("Repeater", "New", "Refreshed", "XNA")
_GOODS: Final = (
    "Mobile", "Consumer Electronics", "Computers", "Audio/Video", "Furniture",
    "Photo / Cinema Equipment", "Construction Materials", "Clothing and Accessories",
    "Auto Accessories", "Jewelry", "Homewares", "Medical Supplies", "Vehicles", "Sport and Leisure",
    "Gardening", "Other", "Office Appliances", "Tourism", "Medicine", "Direct Sales", "Fitness",
    "Additional Service", "Education", "Weapon", "Insurance", "Animals", "House Construction",
    "XNA",
)  # fmt: skip
_GOODS_SHARES: Final = (
    225, 121, 106, 99, 54, 25, 25, 23.5, 7.4, 6.3, 5, 3.8, 3.4, 3, 2.7, 2.5, 2.3, 1.7, 1.5, 0.4,
    0.2, 0.13, 0.1, 0.08, 0.06, 0.01, 0.01,
)  # fmt: skip
_CHANNELS: Final = (
    "Country-wide", "Stone", "Regional / Local", "Credit and cash offices", "Contact center",
    "AP+ (Cash loan)", "Channel of corporate sales", "Car dealer",
)  # fmt: skip
_INDUSTRIES: Final = (
    "Consumer electronics", "Connectivity", "Furniture", "Construction", "Clothing", "Industry",
    "Auto technology", "Jewelry", "MLM partners", "Tourism", "XNA",
)  # fmt: skip
_YIELDS: Final = ("low_action", "low_normal", "middle", "high", "XNA")
_COMBINATIONS: Final = (
    "POS household with interest", "POS mobile with interest", "POS industry with interest",
    "POS household without interest", "POS other with interest", "POS mobile without interest",
    "POS industry without interest", "POS others without interest",
    "Cash", "Cash Street: low", "Cash Street: middle", "Cash Street: high",
    "Cash X-Sell: low", "Cash X-Sell: middle", "Cash X-Sell: high",
    "Card Street", "Card X-Sell",
)  # fmt: skip
_POS_SHARES: Final = (262, 220, 98, 83, 24, 24, 12, 3)
_SUITE_SHARES: Final = (0.49, 0.305, 0.128, 0.04, 0.019, 0.0105, 0.0055, 0.0013)


def describe(
    rng: np.random.Generator, kind: Codes, status: Codes, risk: Floats, is_loan: Bools
) -> Columns:
    """Draw the categorical columns of earlier applications.

    Args:
        rng: Random stream.
        kind: Contract types, shape (m,).
        status: 0 approved, 1 cancelled, 2 refused, 3 unused offer.
        risk: Unseen risk of the applicant, repeated per row.
        is_loan: Approved and repaid in instalments.
    """
    size = kind.size
    consumer, cash = kind == CONSUMER, kind == CASH
    purpose = np.where(cash & sometimes(rng, 0.09, size), pick(rng, _falling(24), size), 0)
    goods = pick(rng, _GOODS_SHARES, size)
    client = graded(rng, (0.73, 0.182, 0.081, 0.0012), risk, 0.03)
    return {
        "NAME_CONTRACT_TYPE": text(kind, _TYPES),
        "WEEKDAY_APPR_PROCESS_START": text(
            pick(rng, (15, 15, 15, 15, 15, 14, 10), size), _WEEKDAYS
        ),
        "HOUR_APPR_PROCESS_START": np.clip(
            np.rint(12.5 + 3.3 * (uniform(rng, size) * 4 - 2)), 0, 23
        ),
        "FLAG_LAST_APPL_PER_CONTRACT": text(
            sometimes(rng, 0.995, size).astype(np.uint8), ("N", "Y")
        ),
        "NFLAG_LAST_APPL_IN_DAY": sometimes(rng, 0.9965, size).astype(np.int8),
        "NAME_CASH_LOAN_PURPOSE": text(np.where(cash, purpose, 24), (*_PURPOSES, "XAP")),
        "NAME_CONTRACT_STATUS": text(status, _STATUSES),
        "NAME_PAYMENT_TYPE": text(pick(rng, (0.62, 0.375, 0.005, 0.0006), size), _PAYMENTS),
        "CODE_REJECT_REASON": text(_reasons(rng, status, risk), _REASONS),
        "NAME_TYPE_SUITE": text(pick(rng, _SUITE_SHARES, size), _SUITES),
        "NAME_CLIENT_TYPE": text(client, _CLIENTS),
        "NAME_GOODS_CATEGORY": text(np.where(consumer, goods, len(_GOODS) - 1), _GOODS),
        **_products(rng, kind, risk),
        **_sellers(rng, kind),
        "NFLAG_INSURED_ON_APPROVAL": whole(
            (uniform(rng, size) < np.where(cash, 0.52, 0.2)).astype(np.int8), ~is_loan
        ),
    }


def _falling(size: int) -> list[float]:
    return [1.0 / (1 + rank) for rank in range(size)]


def _reasons(rng: np.random.Generator, status: Codes, risk: Floats) -> Codes:
    """A refusal by score or by limit is a worse sign than one by hard criteria."""
    graded_reason = graded(rng, (0.58, 0.02, 0.02, 0.19, 0.14, 0.05), risk, 0.35)
    refused = np.array([3, 6, 7, 4, 1, 2], dtype=np.uint8)[graded_reason]
    return np.where(status == _REFUSED, refused, np.where(status == _UNUSED, 5, 0)).astype(np.uint8)


def _products(rng: np.random.Generator, kind: Codes, risk: Floats) -> Columns:
    size = kind.size
    consumer, cash = kind == CONSUMER, kind == CASH
    sold = uniform(rng, size)
    walk_in, plain = sold < _WALK_IN, sold > _PLAIN
    yields = graded(rng, (0.115, 0.30, 0.37, 0.215), risk, 0.22)
    street = np.where(walk_in, 9, 12) + np.minimum(np.maximum(yields, 1) - 1, 2)
    cash_code = np.where(plain, 8, street)
    card_code = np.where(walk_in, 15, 16)
    combination = np.where(
        consumer, pick(rng, _POS_SHARES, size), np.where(cash, cash_code, card_code)
    )
    product = np.where(consumer | plain, 0, np.where(walk_in, 1, 2))
    portfolio = np.where(consumer, 0, np.where(cash, np.where(plain, 3, 1), 2))
    no_yield = (kind == REVOLVING) | (cash & plain)
    return {
        "NAME_PORTFOLIO": text(portfolio, ("POS", "Cash", "Cards", "XNA", "Cars")),
        "NAME_PRODUCT_TYPE": text(product, ("XNA", "walk-in", "x-sell")),
        "NAME_YIELD_GROUP": text(np.where(no_yield, 4, yields), _YIELDS),
        "PRODUCT_COMBINATION": text(combination, _COMBINATIONS),
    }


def _sellers(rng: np.random.Generator, kind: Codes) -> Columns:
    size = kind.size
    consumer = kind == CONSUMER
    shop = pick(rng, (0.63, 0.22, 0.14, 0.0, 0.0, 0.0, 0.005, 0.001), size)
    office = pick(rng, (0.07, 0.05, 0.04, 0.70, 0.07, 0.06, 0.005, 0.0), size)
    industry = pick(rng, (398, 276, 57.8, 29.8, 23.9, 19.2, 5, 2.7, 1.2, 0.5), size)
    area = np.rint(np.exp(4.2 + 1.9 * (uniform(rng, size) * 3 - 1.5)))
    return {
        "CHANNEL_TYPE": text(np.where(consumer, shop, office), _CHANNELS),
        "NAME_SELLER_INDUSTRY": text(np.where(consumer, industry, 10), _INDUSTRIES),
        "SELLERPLACE_AREA": np.where(consumer, area, -1),
    }
