"""Recent windows, newest values and trends in pandas, in the two ways in which people write them.

`VECTORISED` masks the whole table first and fits a line with ``groupby().apply()``. `BY_APPLICANT`
hands each applicant's rows to a function, as well-known public solutions do: easy to write, and
easy to reuse for a single applicant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from benchmarks.features.peer import KEY

__all__ = ["BY_APPLICANT", "VECTORISED", "YEAR", "Recent", "count", "share", "trend"]

#: Table -> function of its prepared rows, to columns by applicant.
Recent = Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]]

YEAR = 365


def share(frame: pd.DataFrame, condition: pd.Series) -> pd.Series:
    """Return the share of each applicant's rows that a condition holds for."""
    return condition.groupby(frame[KEY]).mean()


def count(frame: pd.DataFrame, condition: pd.Series) -> pd.Series:
    """Return in how many of each applicant's rows a condition holds."""
    return condition.groupby(frame[KEY]).sum()


def trend(frame: pd.DataFrame, time: str, value: str) -> pd.Series:
    """Fit a line to each applicant's rows; return the slopes."""
    known = frame[[KEY, time, value]].dropna()
    if known.empty:  # apply would give a frame
        return pd.Series(dtype="float64", index=pd.Index([], name=KEY))
    return known.groupby(KEY)[[time, value]].apply(lambda rows: _slope(rows[time], rows[value]))


def _slope(x: pd.Series, y: pd.Series) -> float:
    if x.nunique() < 2:
        return np.nan
    return float(np.polyfit(x, y, 1)[0])


def _payments(paid: pd.DataFrame) -> pd.DataFrame:
    known = paid[paid["delay"].notna() & (-paid["DAYS_INSTALMENT"] <= YEAR)]
    return pd.DataFrame(
        {
            "payment_delay_mean_12m": known.groupby(KEY)["delay"].mean(),
            "payment_late_share_12m": share(known, known["delay"] > 0),
            "payment_delay_trend": trend(paid, "DAYS_INSTALMENT", "delay"),
        }
    )


def _pos(pos: pd.DataFrame) -> pd.DataFrame:
    recent = pos[-pos["MONTHS_BALANCE"] <= 12]
    newest = pos.dropna(subset="CNT_INSTALMENT_FUTURE").sort_values(
        ["MONTHS_BALANCE", "CNT_INSTALMENT_FUTURE"], ascending=False
    )
    return pd.DataFrame(
        {
            "pos_late_12m": count(pos, (pos["SK_DPD"] > 0) & (-pos["MONTHS_BALANCE"] <= 12)),
            "pos_dpd_max_12m": recent.groupby(KEY)["SK_DPD"].max(),
            "pos_instalments_left": newest.groupby(KEY)["CNT_INSTALMENT_FUTURE"].first(),
        }
    )


def _cards(card: pd.DataFrame) -> pd.DataFrame:
    recent = card[-card["MONTHS_BALANCE"] <= 3]
    late = (card["SK_DPD"] > 0) & (-card["MONTHS_BALANCE"] <= 12)
    return pd.DataFrame(
        {
            "card_utilisation_3m": recent.groupby(KEY)["used"].mean(),
            "card_late_12m": count(card, late),
            "card_utilisation_trend": trend(card, "MONTHS_BALANCE", "used"),
        }
    )


def _payments_of_one(rows: pd.DataFrame) -> pd.Series:
    known = rows.dropna(subset=["delay"])
    recent = known[-known["DAYS_INSTALMENT"] <= YEAR]
    return pd.Series(
        {
            "payment_delay_mean_12m": recent["delay"].mean(),
            "payment_late_share_12m": (recent["delay"] > 0).mean(),
            "payment_delay_trend": _slope(known["DAYS_INSTALMENT"], known["delay"]),
        }
    )


def _pos_of_one(rows: pd.DataFrame) -> pd.Series:
    rows = rows.sort_values(["MONTHS_BALANCE", "CNT_INSTALMENT_FUTURE"], ascending=False)
    recent = rows[-rows["MONTHS_BALANCE"] <= 12]
    left = rows["CNT_INSTALMENT_FUTURE"].dropna()
    return pd.Series(
        {
            "pos_late_12m": (recent["SK_DPD"] > 0).sum(),
            "pos_dpd_max_12m": recent["SK_DPD"].max(),
            "pos_instalments_left": left.iloc[0] if len(left) else np.nan,
        }
    )


def _cards_of_one(rows: pd.DataFrame) -> pd.Series:
    known, recent = rows.dropna(subset=["used"]), rows[-rows["MONTHS_BALANCE"] <= 12]
    return pd.Series(
        {
            "card_utilisation_3m": recent[-recent["MONTHS_BALANCE"] <= 3]["used"].mean(),
            "card_late_12m": (recent["SK_DPD"] > 0).sum(),
            "card_utilisation_trend": _slope(known["MONTHS_BALANCE"], known["used"]),
        }
    )


def _each(one: Callable[[pd.DataFrame], pd.Series]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.groupby(KEY).apply(one)


VECTORISED: Recent = {"payments": _payments, "pos": _pos, "cards": _cards}
BY_APPLICANT: Recent = {
    "payments": _each(_payments_of_one),
    "pos": _each(_pos_of_one),
    "cards": _each(_cards_of_one),
}
