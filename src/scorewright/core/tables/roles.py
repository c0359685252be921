"""Which column is the outcome, the applicant and the decision date: a guess to start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from scorewright.core.contracts import ColumnType
from scorewright.core.tables.inference import infer_type
from scorewright.core.tables.names import (
    is_good_name,
    is_good_value,
    is_identifier_name,
    squeezed,
    words,
)
from scorewright.core.tables.parsing import clean_text, plain_text

__all__ = ["Roles", "guess_roles"]

_TARGETS: Final = (
    "target", "default", "defaulted", "isdefault", "defaultflag", "defaultpaymentnextmonth",
    "seriousdlqin2yrs", "badflag", "badloan", "isbad", "bad", "goodbad", "loandefault",
    "loanstatus", "kredit", "creditability", "creditrisk", "class", "status", "deny", "denied",
    "misstatus", "outcome", "label", "chargedoff", "risk", "y", "unpaid", "notpaid",
    "nonperforming",
)  # fmt: skip
_BAD_WORDS: Final = (
    "bad", "default", "defaulted", "chargedoff", "chgoff", "writtenoff", "unpaid", "notpaid",
    "notrepaid", "nonperforming", "schlecht", "late", "1", "yes", "true", "y", "t", "denied",
)  # fmt: skip
_NO_WORDS: Final = ("0", "no", "false", "n", "f", "nein")
_YES_WORDS: Final = frozenset({"1", "yes", "true", "y", "t"})
_KEYS: Final = (
    "id", "skidcurr", "customerid", "applicantid", "clientid", "memberid", "borrowerid",
    "applicationid", "loanid",
)  # fmt: skip
_PEOPLE: Final = frozenset({"customer", "applicant", "client", "member", "borrower"})
_DECIDED: Final = frozenset(
    {
        "app", "appl", "application", "applied", "approval", "approved", "booking", "decision",
        "issue", "issued", "orig", "origination", "originated",
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
        is_known_target: Whether the target has the name of one; else it was just the column
            with two values.
        is_known_bad_value: Whether names and values tell the bad value; else it is the rarest.
    """

    target: str | None
    bad_value: str | None
    key: str | None
    as_of: str | None
    is_known_target: bool = True
    is_known_bad_value: bool = True


def guess_roles(frame: pl.DataFrame) -> Roles:
    """Guess the roles of a table's columns from their names and values.

    Args:
        frame: Columns as text (CSV) or typed (Parquet).

    Returns:
        The guess. The target is a known name with two values, else a known name with a few,
        else the last or first column with two values, else any such column.
    """
    columns = [clean_text(series) for series in frame]
    named = _named(columns)
    target = named if named is not None else _two_valued(columns)
    rest = [series for series in columns if target is None or series.name != target.name]
    known = None if target is None else _known_bad_value(target)
    rarest = None if target is None else _rarest(target)
    return Roles(
        target=None if target is None else target.name,
        bad_value=rarest if known is None else known,
        key=_key(rest),
        as_of=_as_of(rest),
        is_known_target=target is None or named is not None,
        is_known_bad_value=target is None or known is not None,
    )


def _named(columns: Sequence[pl.Series]) -> pl.Series | None:
    """Return the column with the name of an outcome; one with two values comes first."""
    named = [series for series in columns if squeezed(series.name) in _TARGETS]
    named.sort(key=lambda series: _TARGETS.index(squeezed(series.name)))
    named += [s for s in columns if is_good_name(s.name) and squeezed(s.name) not in _TARGETS]
    for most in (_TWO, _FEW_VALUES):
        for series in named:
            if _TWO <= _values(series) <= most:
                return series
    return None


def _two_valued(columns: Sequence[pl.Series]) -> pl.Series | None:
    ends = [*columns[-1:], *columns[:1], *reversed(columns)]
    return next((series for series in ends if _values(series) == _TWO), None)


def _values(series: pl.Series) -> int:
    return series.drop_nulls().n_unique()


def _known_bad_value(target: pl.Series) -> str | None:
    """Return the bad value where the name or a value says it."""
    values = sorted(plain_text(target).drop_nulls().unique().to_list())
    by_word = {squeezed(value): str(value) for value in reversed(values)}
    is_good = is_good_name(target.name)
    if values == ["1", "2"]:
        return "2"
    plain_bad = [word for word in _BAD_WORDS if not (is_good and word in _YES_WORDS)]
    for word in (*_NO_WORDS, *plain_bad) if is_good else plain_bad:
        if word in by_word:
            return by_word[word]
    others = [str(v) for v in values if not (is_good_value(v) or (is_good and v in _YES_WORDS))]
    return others[0] if len(others) == 1 < len(values) else None


def _rarest(target: pl.Series) -> str:
    texts = plain_text(target).drop_nulls()
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
