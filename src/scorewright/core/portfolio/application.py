"""The application itself: what is asked for, external scores, enquiries, documents, the label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.special import expit

from scorewright.core.portfolio.application_columns import DOCUMENTS, ENQUIRIES
from scorewright.core.portfolio.draws import (
    Array,
    Bools,
    Columns,
    Floats,
    Ints,
    cents,
    chance,
    normal,
    pick,
    sometimes,
    text,
    uniform,
    whole,
)
from scorewright.core.portfolio.latent import Latent
from scorewright.core.portfolio.people import People
from scorewright.core.portfolio.people_texts import EDUCATIONS, WEEKDAYS

__all__ = ["Request", "request"]

_TERMS: Final = np.array([10.0, 14.0, 18.0, 22.0, 26.0, 30.0, 36.0])  # credit over annuity
_TERM_SHARES: Final = (0.07, 0.13, 0.2, 0.27, 0.17, 0.11, 0.05)
_DOCUMENT_SHARES: Final = (
    0.00004, 0.71, 0.00008, 0.0151, 0.088, 0.0002, 0.0814, 0.0039, 0.00002, 0.0039, 0.000007,
    0.0035, 0.0029, 0.0012, 0.0099, 0.0003, 0.0081, 0.0006, 0.0005, 0.0003,
)  # fmt: skip
_ENQUIRY_RATES: Final = (0.0064, 0.007, 0.034, 0.267, 0.265, 1.9)


@dataclass(frozen=True, slots=True)
class Request:
    """What the outcome is computed from; every array has shape (n,).

    Attributes:
        burden: Yearly instalments as a share of the yearly income.
        markup: Credit above the price of the goods, as a share.
        is_revolving: Whether revolving credit is asked for.
        friends: DEF_30_CNT_SOCIAL_CIRCLE.
    """

    burden: Floats
    markup: Floats
    is_revolving: Bools
    friends: Ints


def request(
    rng: np.random.Generator, latent: Latent, someone: People, is_known: Bools
) -> tuple[Request, Columns]:
    """Draw what is asked for.

    Args:
        rng: Random stream.
        latent: Unseen state of n applicants.
        someone: The applicants.
        is_known: Whether the bureau knows the applicant, shape (n,).

    Returns:
        What the outcome needs, and columns of the application table.
    """
    size = latent.size
    is_revolving = chance(rng, -2.25 - 0.1 * latent.general, size)
    goods = _goods(rng, someone.income, is_revolving)
    insured = uniform(rng, size) < np.where(is_revolving, 0.0, 0.66)
    markup = np.where(insured, np.clip(0.13 + 0.06 * normal(rng, size), 0.02, 0.4), 0.0)
    credit = cents(np.rint(goods * (1 + markup) / 4.5) * 4.5)
    term = np.where(is_revolving, 20.0, _TERMS[pick(rng, _TERM_SHARES, size)])
    annuity = np.rint(credit / (term + np.abs(normal(rng, size))) / 4.5) * 4.5
    friends, circle = _circle(rng, latent.general)
    columns: dict[str, Array | pl.Series] = {
        "NAME_CONTRACT_TYPE": text(
            is_revolving.astype(np.uint8), ("Cash loans", "Revolving loans")
        ),
        "NAME_EDUCATION_TYPE": text(someone.education, EDUCATIONS),
        "AMT_CREDIT": credit,
        "AMT_ANNUITY": np.where(sometimes(rng, 0.00004, size), np.nan, annuity),
        "AMT_GOODS_PRICE": np.where(sometimes(rng, 0.0009, size), np.nan, goods),
        "WEEKDAY_APPR_PROCESS_START": text(latent.weekday, WEEKDAYS),
        "HOUR_APPR_PROCESS_START": np.clip(np.rint(12.1 + 3.2 * normal(rng, size)), 0, 23),
        **_scores(rng, latent, is_known),
        **circle,
        **_documents(rng, latent.general),
        **_enquiries(rng, latent, is_known),
    }
    burden = 12.0 * annuity / someone.income
    return Request(burden, markup, is_revolving, friends), columns


def _goods(rng: np.random.Generator, income: Floats, is_revolving: Bools) -> Floats:
    """Draw the price in steps of 4,500; who earns more asks for more."""
    centre = 12.98 + 0.5 * (np.log(income) - 11.93) + 0.62 * normal(rng, income.size)
    price = np.where(is_revolving, 12.45 + 0.45 * (centre - 12.98), centre)
    return np.clip(np.rint(np.exp(price) / 4_500.0), 10, 900) * 4_500.0


def _scores(rng: np.random.Generator, latent: Latent, is_known: Bools) -> Columns:
    """Draw the three external scores in (0, 1): high is safe, each sees another part."""
    size = latent.size
    general, discipline = latent.general, latent.discipline
    first = -0.60 * general - 0.12 * discipline + 0.79 * normal(rng, size)
    second = -0.52 * general - 0.24 * discipline + 0.82 * normal(rng, size)
    third = -0.42 * general - 0.26 * latent.bureau - 0.2 * discipline + 0.82 * normal(rng, size)
    no_first = chance(rng, 0.26 + 0.10 * general, size)
    no_third = ~is_known & sometimes(rng, 0.85, size) | sometimes(rng, 0.09, size)
    return {
        "EXT_SOURCE_1": np.where(no_first, np.nan, np.round(expit(0.02 + 1.0 * first), 9)),
        "EXT_SOURCE_2": np.where(
            sometimes(rng, 0.0021, size), np.nan, np.round(0.855 * expit(0.65 + 1.15 * second), 9)
        ),
        "EXT_SOURCE_3": np.where(no_third, np.nan, np.round(0.9 * expit(0.32 + 1.0 * third), 9)),
    }


def _circle(rng: np.random.Generator, risk: Floats) -> tuple[Ints, Columns]:
    """Draw the people around the applicant, and how many of them defaulted."""
    size = risk.size
    seen = rng.poisson(1.42 * rng.gamma(0.5, 2.0, size))
    bad = rng.binomial(seen, expit(-2.35 + 0.35 * risk))
    worse = rng.binomial(bad, 0.7)
    lost = sometimes(rng, 0.0033, size)
    return bad, {
        "OBS_30_CNT_SOCIAL_CIRCLE": whole(seen, lost),
        "DEF_30_CNT_SOCIAL_CIRCLE": whole(bad, lost),
        "OBS_60_CNT_SOCIAL_CIRCLE": whole(np.maximum(seen - sometimes(rng, 0.02, size), 0), lost),
        "DEF_60_CNT_SOCIAL_CIRCLE": whole(worse, lost),
    }


def _documents(rng: np.random.Generator, risk: Floats) -> Columns:
    columns: dict[str, Array | pl.Series] = {}
    for name, share in zip(DOCUMENTS, _DOCUMENT_SHARES, strict=True):
        loading = 0.12 if name == "FLAG_DOCUMENT_3" else 0.0
        log_odds = np.log(share / (1 - share)) + loading * risk
        columns[name] = chance(rng, log_odds, risk.size).astype(np.int8)
    return columns


def _enquiries(rng: np.random.Generator, latent: Latent, is_known: Bools) -> Columns:
    """Draw enquiries at the bureau; none are known of strangers and during an outage."""
    nothing = (~is_known & sometimes(rng, 0.9, latent.size)) | latent.outage
    pace = np.exp(0.12 * latent.bureau - 0.007)
    return {
        name: whole(rng.poisson(rate * pace), nothing)
        for name, rate in zip(ENQUIRIES, _ENQUIRY_RATES, strict=True)
    }
