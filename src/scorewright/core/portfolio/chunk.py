"""One part of a portfolio: all seven tables of its applications."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from scorewright.core.portfolio.application import request
from scorewright.core.portfolio.application_columns import APPLICATION_COLUMNS
from scorewright.core.portfolio.building import building
from scorewright.core.portfolio.bureau import BUREAU_COLUMNS, bureau_loans
from scorewright.core.portfolio.bureau_balance import BALANCE_COLUMNS, bureau_balances
from scorewright.core.portfolio.cards import CARD_COLUMNS, card_balances
from scorewright.core.portfolio.draws import Bools, Columns, Ints, frame, stream
from scorewright.core.portfolio.instalments import INSTALMENT_COLUMNS, instalments
from scorewright.core.portfolio.latent import Latent, draw_latent
from scorewright.core.portfolio.outcome import Histories, log_odds, outcome
from scorewright.core.portfolio.people import people
from scorewright.core.portfolio.pos_cash import POS_COLUMNS, pos_cash
from scorewright.core.portfolio.previous import previous_applications
from scorewright.core.portfolio.previous_texts import PREVIOUS_COLUMNS
from scorewright.core.portfolio.spec import PortfolioSpec

__all__ = ["TABLES", "generate_chunk"]

TABLES: Final[dict[str, dict[str, pl.DataType]]] = {
    "application": APPLICATION_COLUMNS,
    "bureau": BUREAU_COLUMNS,
    "bureau_balance": BALANCE_COLUMNS,
    "previous_application": PREVIOUS_COLUMNS,
    "pos_cash_balance": POS_COLUMNS,
    "installments_payments": INSTALMENT_COLUMNS,
    "credit_card_balance": CARD_COLUMNS,
}
_FIRST_ID: Final = 100_001
_PURPOSES: Final = (
    "latent", "people", "request", "building", "outcome", "bureau", "bureau_balance",
    "previous", "pos", "instalments", "cards",
)  # fmt: skip


def generate_chunk(spec: PortfolioSpec, index: int) -> dict[str, pl.DataFrame]:
    """Generate one part of a portfolio, from the seed and the part's number alone.

    Args:
        spec: The portfolio.
        index: Number of the part, from 0.

    Returns:
        Table name -> rows, sorted by key, with the columns and types of `TABLES`.

    Raises:
        UsageError: ``portfolio-spec`` for a part the portfolio does not have.
    """
    size, first = spec.size_of(index), index * spec.chunk_size
    rng = {name: stream(spec.seed, index, place) for place, name in enumerate(_PURPOSES)}
    latent = draw_latent(spec, rng["latent"], size)
    keys = _FIRST_ID + first + np.arange(size)
    accounts, bureau = bureau_loans(rng["bureau"], latent, keys, first)
    has_balance, balances = bureau_balances(rng["bureau_balance"], latent, accounts)
    loans, previous = previous_applications(rng["previous"], latent, keys, first)
    due, cards = card_balances(rng["cards"], latent, loans, keys)
    has = Histories(
        bureau=_any(accounts.parent, size),
        balance=has_balance,
        previous=_any(loans.parent, size),
        loans=_any(loans.parent[loans.is_loan], size),
        cards=_any(loans.parent[due > 0], size),
    )
    return {
        "application": _application(spec, rng, latent, keys, has),
        "bureau": bureau,
        "bureau_balance": balances,
        "previous_application": previous,
        "pos_cash_balance": pos_cash(rng["pos"], latent, loans, keys),
        "installments_payments": instalments(rng["instalments"], latent, loans, keys, due),
        "credit_card_balance": cards,
    }


def _any(parents: Ints, size: int) -> Bools:
    found = np.zeros(size, dtype=np.bool_)
    found[parents] = True
    return found


def _application(
    spec: PortfolioSpec,
    rng: dict[str, np.random.Generator],
    latent: Latent,
    keys: Ints,
    has: Histories,
) -> pl.DataFrame:
    someone, about = people(rng["people"], latent)
    asked, wishes = request(rng["request"], latent, someone, has.bureau)
    bad = outcome(rng["outcome"], log_odds(latent, someone, asked, has))
    columns: Columns = {
        "SK_ID_CURR": keys,
        **about,
        **wishes,
        **building(rng["building"], latent.general),
        **_dates(spec, latent, bad),
    }
    return frame(columns, APPLICATION_COLUMNS)


def _dates(spec: PortfolioSpec, latent: Latent, bad: Bools) -> Columns:
    """Return both dates and the label, which is null while it is not known."""
    decided = np.datetime64(spec.start, "D") + latent.day
    matures = decided + spec.maturity_days
    known = np.ones(latent.size, dtype=np.bool_)
    if spec.observed_on is not None:
        known = matures <= np.datetime64(spec.observed_on, "D")
    label = pl.Series(bad.astype(np.int8)).zip_with(
        pl.Series(known), pl.Series([None], dtype=pl.Int8)
    )
    return {
        "TARGET": label,
        "DECISION_DATE": pl.Series(decided),
        "MATURES_ON": pl.Series(matures),
    }
