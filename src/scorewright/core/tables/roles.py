"""Which column is the outcome, the applicant and the decision date: a guess to start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from scorewright.core.contracts import ColumnType
from scorewright.core.tables.inference import infer_type
from scorewright.core.tables.names import is_identifier_name, squeezed, words
from scorewright.core.tables.parsing import clean_text, plain_text

__all__ = ["Roles", "guess_roles"]

_TARGETS: Final = (
    "target", "default", "defaulted", "isdefault", "defaultflag", "defaultpaymentnextmonth",
    "seriousdlqin2yrs", "badflag", "badloan", "isbad", "bad", "goodbad", "loandefault",
    "loanstatus", "kredit", "creditability", "creditrisk", "class", "status", "deny", "denied",
    "misstatus", "outcome", "label", "chargedoff", "risk", "y",
)  # fmt: skip
_BAD_WORDS: Final = (
    "bad", "default", "defaulted", "chargedoff", "chgoff", "writtenoff", "late", "1", "yes",
    "true", "y", "denied",
)  # fmt: skip
_GOOD_IS_ONE: Final = frozenset({"kredit", "creditability", "goodbad", "repaid", "paidback"})
_KEYS: Final = (
    "id", "skidcurr", "customerid", "applicantid", "clientid", "memberid", "borrowerid",
    "applicationid", "loanid",
)  # fmt: skip
_PEOPLE: Final = frozenset({"customer", "applicant", "client", "member", "borrower"})
_DECIDED: Final = frozenset(
    {
        "application", "applied", "approval", "approved", "booking", "decision", "issue",
        "issued", "orig", "origination", "originated",
    }
)  # fmt: skip
_TWO: Final = 2
_FEW_VALUES: Final = 10


@dataclass(frozen=True, slots=True)
class Roles:
    """A guess at the roles of columns; None where nothing fits.

    Attributes:
        target: Column that holds the outcome.
        bad_value: Its value that means default, as text.
        key: Column that identifies the applicant.
        as_of: Column with the date of the decision.
    """

    target: str | None
    bad_value: str | None
    key: str | None
    as_of: str | None


def guess_roles(frame: pl.DataFrame) -> Roles:
    """Guess the roles of a table's columns from their names and values.

    Args:
        frame: Columns as text (CSV) or typed (Parquet).

    Returns:
        The guess. The target is a known name with two values, else a known name with a few,
        else the last or first column with two values, else any such column.
    """
    columns = [clean_text(series) for series in frame]
    target = _target(columns)
    rest = [series for series in columns if target is None or series.name != target.name]
    return Roles(
        target=None if target is None else target.name,
        bad_value=None if target is None else _bad_value(target),
        key=_key(rest),
        as_of=_as_of(rest),
    )


def _target(columns: Sequence[pl.Series]) -> pl.Series | None:
    named = [series for series in columns if squeezed(series.name) in _TARGETS]
    named.sort(key=lambda series: _TARGETS.index(squeezed(series.name)))
    for most in (_TWO, _FEW_VALUES):
        for series in named:
            if _TWO <= _values(series) <= most:
                return series
    ends = [*columns[-1:], *columns[:1], *reversed(columns)]
    return next((series for series in ends if _values(series) == _TWO), None)


def _values(series: pl.Series) -> int:
    return series.drop_nulls().n_unique()


def _bad_value(target: pl.Series) -> str:
    texts = plain_text(target).drop_nulls()
    values = sorted(texts.unique().to_list())
    name = squeezed(target.name)
    if name in _GOOD_IS_ONE and "1" in values:
        return str(next(value for value in values if value != "1"))
    if values == ["1", "2"]:
        return "2"
    by_word = {squeezed(value): value for value in reversed(values)}
    for word in _BAD_WORDS:
        if word in by_word:
            return str(by_word[word])
    counts = texts.alias("value").value_counts(name="rows").sort(["rows", "value"])
    return str(counts["value"][0])


def _key(columns: Sequence[pl.Series]) -> str | None:
    candidates = [series for series in columns if is_identifier_name(series.name)]
    candidates.sort(key=lambda series: _rank(squeezed(series.name)))
    for series in candidates:
        if series.null_count() == 0 and series.n_unique() == len(series):
            return series.name
    for series in candidates:
        # One applicant with several rows is still the key: validation then groups by it.
        if _PEOPLE.intersection(words(series.name)) and series.null_count() == 0:
            return series.name
    return None


def _rank(name: str) -> int:
    return _KEYS.index(name) if name in _KEYS else len(_KEYS)


def _as_of(columns: Sequence[pl.Series]) -> str | None:
    for series in columns:
        if not _DECIDED.intersection(words(series.name)):
            continue
        if infer_type(series) in (ColumnType.DATE, ColumnType.DATETIME):
            return series.name
    return None
