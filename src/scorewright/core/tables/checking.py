"""Enforce a contract on a whole table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from scorewright.core.contracts import ColumnType, Contract, UnknownPolicy, expectation
from scorewright.core.findings import Severity
from scorewright.core.tables.coercion import coerce
from scorewright.core.tables.failures import Failure, unlisted
from scorewright.core.tables.parsing import clean_text, plain_text
from scorewright.core.tables.regional import holds_comma_numbers
from scorewright.core.tables.report import TableReport
from scorewright.core.tables.suspects import suspects

__all__ = ["check_frame"]

_AN_OUTCOME = "an outcome; it is not known (yet): remove these rows or wait for them"
_OUTCOMES = 2
_SHOWN = 10


def check_frame(frame: pl.DataFrame, contract: Contract) -> TableReport:
    """Type a table by its contract and check every rule of it.

    Nothing is raised for bad data: all of it is in the report. Rules on the table as a whole
    (columns without any value, constant columns, repeated rows) hold only where the contract has
    a target, that is, for tables to learn from; three applications to score may well agree in
    a column.

    Args:
        frame: Columns as text (CSV) or typed (Parquet), in any order.
        contract: The contract; `Contract.for_scoring` gives the one for rows without outcome.

    Returns:
        The report. Error codes: ``missing-column``, ``unknown-column``, ``type``,
        ``not-finite``, ``range``, ``too-long``, ``not-nullable``, ``category`` (unlisted and the
        policy is to reject), ``target-missing``, ``all-missing`` (a feature without any value),
        ``duplicate-row`` (a row with its key repeated in full). Warnings: ``unknown-category``
        (unlisted and taken as missing), ``duplicate-key`` (one applicant, several rows),
        ``constant``, ``target-several-values`` (more than good and bad), ``decimal-comma``
        (numbers with a comma in a column of text), and ``all-missing`` of a column no model sees.
    """
    coerced = coerce(frame, contract)
    typed = coerced.frame
    broken = _broken(typed, contract)
    failures = list(coerced.failures)
    failures += _without_repeats(broken, coerced.failures, contract)
    if contract.target is not None:
        failures = _without_empty(failures, typed)
        failures += _whole_columns(typed, contract, {f.column for f in failures})
        failures += _repeated_rows(typed, contract)
        failures += _several_outcomes(typed, contract) + _comma_numbers(frame, contract)
    unknown = unlisted(f for f in broken if _is_counted(f, contract))
    return TableReport(
        table=contract.table,
        rows=frame.height,
        columns=frame.width,
        failures=tuple(failures),
        unknown_categories=unknown,
        frame=_blank_unlisted(typed, broken),
    )


def _broken(typed: pl.DataFrame, contract: Contract) -> list[Failure]:
    """Find the cells that break a rule, in the columns that have any."""
    odd = suspects(typed, contract)
    if not odd:
        return []
    # Imported here because pandera takes half a second, and looks at each column many times.
    from scorewright.core.tables.rules import break_rules  # noqa: PLC0415

    return break_rules(typed.select(odd), contract, unique_key=True)


def _is_counted(failure: Failure, contract: Contract) -> bool:
    """Tell whether the failure is an unlisted category that the contract takes as missing."""
    column = contract.column(failure.column)
    return (
        failure.code == "category" and column is not None and column.unknown is UnknownPolicy.OTHER
    )


def _without_repeats(
    broken: Sequence[Failure], earlier: Sequence[Failure], contract: Contract
) -> list[Failure]:
    """Name the rules as the report does, and name no cell twice."""
    found = []
    for failure in broken:
        if failure.code == "not-nullable":
            found += _missing(failure, earlier, contract)
        elif _is_counted(failure, contract):
            found.append(replace(failure, code="unknown-category", severity="warning"))
        else:
            found.append(failure)
    return found


def _missing(failure: Failure, earlier: Sequence[Failure], contract: Contract) -> list[Failure]:
    """Keep the cells that were missing from the start.

    A cell that could not be read is null by now; that it may not be null is no second fault.
    """
    seen = [f.rows for f in earlier if f.column == failure.column]
    rows = np.setdiff1d(failure.rows, np.concatenate([np.empty(0, np.int64), *seen]))
    kept = replace(failure, rows=rows, values=failure.values[: len(rows)])
    if failure.column == contract.target:
        kept = replace(kept, code="target-missing", expected=_AN_OUTCOME)
    return [kept] if len(rows) else []


def _without_empty(failures: Sequence[Failure], frame: pl.DataFrame) -> list[Failure]:
    """Say of a column without any value only that, not that each cell is missing too."""
    empty = {s.name for s in frame if s.null_count() == frame.height}
    return [f for f in failures if not (f.code == "not-nullable" and f.column in empty)]


def _whole_columns(
    frame: pl.DataFrame, contract: Contract, faulty: Collection[str]
) -> list[Failure]:
    features = {column.name for column in contract.features}
    found = []
    for column in contract.columns:
        if column.name not in frame.columns or column.name in faulty:
            continue
        series = frame.get_column(column.name)
        if series.null_count() == len(series) > 0:
            is_error = column.name in features or not column.nullable
            severity: Severity = "error" if is_error else "warning"
            found.append(
                Failure.of_table(column.name, "all-missing", expectation(column), severity)
            )
        elif column.name in features and series.n_unique() == 1 < len(series):
            found.append(
                Failure.of_table(column.name, "constant", "more than one value", "warning")
            )
    return found


def _several_outcomes(frame: pl.DataFrame, contract: Contract) -> list[Failure]:
    """Warn where everything but the bad value silently counts as good."""
    target, bad = contract.target, contract.bad_value
    if target is None or bad is None or target not in frame.columns:
        return []
    values = plain_text(frame.get_column(target)).drop_nulls().unique().sort().to_list()
    if len(values) <= _OUTCOMES:
        return []
    good = [value for value in values if value != bad]
    shown = ", ".join(good[:_SHOWN]) + (", ..." if len(good) > _SHOWN else "")
    expected = (
        f"two values; bad is {bad}, counted as good are {shown}. Derive an outcome column of two "
        "values, without the loans that are not decided yet"
    )
    return [Failure.of_table(target, "target-several-values", expected, "warning")]


def _comma_numbers(frame: pl.DataFrame, contract: Contract) -> list[Failure]:
    """Warn of numbers that no model sees as numbers, for their comma."""
    kinds = (ColumnType.CATEGORY, ColumnType.TEXT)
    expected = "numbers with a decimal point and no other sign; rewrite them, or they stay text"
    return [
        Failure.of_table(column.name, "decimal-comma", expected, "warning")
        for column in contract.columns
        if column.type in kinds
        and column.name in frame.columns
        and holds_comma_numbers(clean_text(frame.get_column(column.name)))
    ]


def _repeated_rows(frame: pl.DataFrame, contract: Contract) -> list[Failure]:
    """Find rows whose key and all other cells stand in the table before."""
    if contract.key is None or contract.key not in frame.columns:
        return []
    key = frame.get_column(contract.key)
    suspects = (key.is_duplicated() & key.is_not_null()).arg_true()
    if len(suspects) == 0:
        return []
    whole = frame[suspects].select(pl.struct(pl.all()).is_first_distinct().alias("first"))
    repeated = ~whole["first"].to_numpy()
    rows = suspects.to_numpy()[repeated].astype(np.int64)
    if len(rows) == 0:
        return []
    values = key.gather(rows).cast(pl.String)
    return [Failure(contract.key, "duplicate-row", "every row once", rows, values)]


def _blank_unlisted(frame: pl.DataFrame, broken: Sequence[Failure]) -> pl.DataFrame:
    """Make unlisted categories missing, as they are for the model."""
    blanked = [
        frame.get_column(failure.column).scatter(failure.rows, None)
        for failure in broken
        if failure.code == "category"
    ]
    return frame.with_columns(blanked)
