"""The outcome column to labels: 1 is bad."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.tables.parsing import FALSE_WORDS, TRUE_WORDS, plain_text

__all__ = ["labels"]

_SHOWN = 10


def labels(frame: pl.DataFrame, contract: Contract) -> npt.NDArray[np.int8]:
    """Turn the target into labels.

    Args:
        frame: Rows of the table.
        contract: Names the target and the value that means default.

    Returns:
        Array of shape (rows,): 1 where the target is the contract's bad value, else 0.

    Raises:
        UsageError: ``target-unknown`` (the contract or the table has no such column),
            ``target-missing`` (rows without outcome), ``target-values`` (the bad value never
            occurs; the message names those that do), ``one-class`` (every row is bad, or there
            is only one value).
    """
    target = contract.target
    if target is None or contract.bad_value is None or target not in frame.columns:
        raise UsageError(
            f"The table '{contract.table}' has no target column"
            + (f" '{target}'." if target else " named in its contract."),
            remedy="Name the column and its bad value: data.target and data.bad_value in "
            "scorewright.toml, target and bad_value in the contract.",
            code="target-unknown",
        )
    series = frame.get_column(target)
    _refuse_missing(series, contract.table)
    bad = (plain_text(series) == _wanted(contract.bad_value, series.dtype)).cast(pl.Int8).to_numpy()
    _refuse_one_class(series, bad, contract)
    return bad.astype(np.int8)


def _wanted(bad_value: str, dtype: pl.DataType) -> str:
    """Write the bad value as `plain_text` writes a column of this type."""
    text = bad_value.strip()
    if dtype == pl.Boolean:
        known = dict.fromkeys(TRUE_WORDS, "true") | dict.fromkeys(FALSE_WORDS, "false")
        return known.get(text.lower(), text)
    if dtype.is_numeric():
        known = {"true": "1", "false": "0"}
        number = pl.Series([known.get(text.lower(), text)]).cast(pl.Float64, strict=False)
        return str(plain_text(number)[0]) if number[0] is not None else text
    return text


def _refuse_missing(series: pl.Series, table: str) -> None:
    missing = series.is_null().arg_true()
    if len(missing) == 0:
        return
    raise UsageError(
        f"The target '{series.name}' of table '{table}' is missing in {len(missing)} of "
        f"{len(series)} rows, the first is row {missing[0] + 1}.",
        remedy="The outcome is not known (yet): remove these rows or wait for them.",
        code="target-missing",
        details={"column": series.name, "rows": len(missing)},
    )


def _refuse_one_class(series: pl.Series, bad: npt.NDArray[np.int8], contract: Contract) -> None:
    count = int(bad.sum())
    values = plain_text(series).unique().sort().to_list()
    shown = ", ".join(str(value) for value in values[:_SHOWN]) + ("..." * (len(values) > _SHOWN))
    facts = {"column": series.name, "values": values[:_SHOWN]}
    if len(bad) > 0 and len(values) > 1 and count == 0:
        raise UsageError(
            f"The target '{series.name}' never has the bad value '{contract.bad_value}'; "
            f"its values are: {shown}.",
            remedy="Set data.bad_value in scorewright.toml (and bad_value in the contract) to the "
            "value that means default.",
            code="target-values",
            details=facts,
        )
    if count in (0, len(bad)):
        raise UsageError(
            f"The target '{series.name}' of table '{contract.table}' has one class only: {shown}.",
            remedy="Give a table that holds loans that defaulted and loans that did not.",
            code="one-class",
            details=facts,
        )
