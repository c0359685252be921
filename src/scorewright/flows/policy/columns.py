"""Columns of the applications that a policy asks for beside labels and PDs."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.decision import Policy, segment_text
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.project import LoanSettings, PolicySettings, Settings
from scorewright.core.strategy import LoanAmounts, PolicyData
from scorewright.core.tables import labels
from scorewright.flows.check_data import check_data
from scorewright.flows.events import ignore
from scorewright.flows.policy.predictions import Predictions
from scorewright.flows.policy.tools import PolicyTools
from scorewright.flows.screening import counted_rows

__all__ = ["aligned", "policy_data", "refuse_segment", "training_frame", "wanted"]

Floats = npt.NDArray[np.float64]
_KEY, _NTH = "__row_key__", "__nth__"


def wanted(settings: PolicySettings, present: Policy | None) -> tuple[str, ...]:
    """Return the columns that settings and the present policy name."""
    names = [settings.segment, None if present is None else present.segment_column]
    if settings.protected is not None:
        names.append(settings.protected.column)
    loans = settings.loans
    if loans is not None:
        names += [loans.exposure, loans.margin]
        names.append(loans.loss_given_default if isinstance(loans.loss_given_default, str) else "")
    return tuple(dict.fromkeys(name for name in names if name))


def refuse_segment(column: str | None, given: Collection[str]) -> None:
    """Refuse a segment nobody could decide by.

    Args:
        column: The segment's column.
        given: Columns of an application that the model may see.

    Raises:
        UsageError: ``policy-segment``.
    """
    if column is None or column in given:
        return
    raise UsageError(
        f"policy.segment names '{column}', which is not among the columns an application is "
        "decided by.",
        remedy=f"Name one of: {', '.join(sorted(given)[:20])}. Columns that are only monitored "
        "may not decide.",
        code="policy-segment",
    )


def policy_data(
    settings: PolicySettings,
    y: npt.NDArray[np.int8],
    pd: Floats,
    frame: pl.DataFrame,
    names: Collection[str],
) -> PolicyData:
    """Put labels, PDs and the named columns together.

    Args:
        settings: Names the columns.
        y: Labels of shape (n,).
        pd: PDs of shape (n,).
        frame: The columns, n rows; empty where none is named.
        names: The columns that are needed.

    Raises:
        UsageError: ``policy-column``: a column that is not there, or not what it is taken for.
    """
    for name in names:
        if name not in frame.columns:
            raise _column(name, "which the table does not have")
    protected = None
    if settings.protected is not None:
        wished = segment_text(settings.protected.value)
        values = frame[settings.protected.column].to_list()
        protected = np.array([segment_text(v) == wished for v in values], dtype=np.bool_)
        if not protected.any() or protected.all():
            raise _column(
                settings.protected.column, f"where all rows or none have the value '{wished}'"
            )
    loans = settings.loans
    numeric = set() if loans is None else {loans.exposure, loans.margin, loans.loss_given_default}
    segments = {n: frame[n].to_list() for n in names if n not in numeric}
    amounts = None if loans is None else _amounts(loans, frame)
    return PolicyData(y, pd, segments, protected, amounts)


def _amounts(loans: LoanSettings, frame: pl.DataFrame) -> LoanAmounts:
    lost = loans.loss_given_default
    share = _numbers(frame, lost) if isinstance(lost, str) else np.full(frame.height, lost)
    if bool(np.any((share < 0.0) | (share > 1.0))):
        raise _column(str(lost), "whose losses given default are not all from 0 to 1")
    exposure = _numbers(frame, loans.exposure)
    if bool(np.any(exposure < 0.0)):
        raise _column(loans.exposure, "which holds negative exposures")
    return LoanAmounts(exposure * share, _numbers(frame, loans.margin))


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    series = frame[name]
    if not series.dtype.is_numeric():
        raise _column(name, "which holds no numbers")
    values: Floats = series.cast(pl.Float64).to_numpy()
    if not bool(np.isfinite(values).all()):
        raise _column(name, "which has missing values")
    return values


def _column(name: str, why: str) -> UsageError:
    return UsageError(
        f"[policy] names the column '{name}', {why}.",
        remedy="Mend the data, or the names under [policy] in scorewright.toml.",
        code="policy-column",
    )


def training_frame(settings: Settings, tools: PolicyTools) -> tuple[pl.DataFrame, Contract]:
    """Read the applications a training counts: old enough, with an outcome, typed.

    Raises:
        FindingsError: ``data-findings``.
        UsageError: Those of `check_data` and `counted_rows`.
    """
    check = check_data(settings, [tools.table], tools.reader, tools.contracts, ignore)
    contract, report = check.contracts[tools.table.file.name], check.reports[0]
    if any(problem.severity == "error" for problem in report.errors):
        raise FindingsError(
            f"The table '{tools.table.file.name}' breaks its contract.",
            remedy="Run 'scorewright data check' for the whole list.",
            code="data-findings",
            details={"report": report.to_dict()},
        )
    return counted_rows(settings, report.frame, contract, ignore)[0], contract


def aligned(predictions: Predictions, frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Return the table's rows in the order of the predictions.

    Raises:
        UsageError: ``policy-data-changed``: a row is no longer there, or has another outcome.
    """
    key = frame[contract.key].cast(pl.String) if contract.key else _numbered(frame)
    table = _counted(frame.with_columns(key.alias(_KEY))).with_columns(
        pl.Series("__y__", labels(frame, contract))
    )
    asked = _counted(pl.DataFrame({_KEY: predictions.keys, "__asked__": predictions.y}))
    found = asked.join(table, on=[_KEY, _NTH], how="left", maintain_order="left")
    changed = int((found["__y__"].is_null() | (found["__y__"] != found["__asked__"])).sum())
    if changed:
        raise UsageError(
            f"{changed:,} of {found.height:,} predictions are of rows that the table "
            f"'{contract.table}' no longer has, or has with another outcome.",
            remedy="Restore the table, and [validation], that the model was trained with, or train "
            "again.",
            code="policy-data-changed",
            details={"rows": changed},
        )
    return found


def _numbered(frame: pl.DataFrame) -> pl.Series:
    return pl.Series(_KEY, range(1, frame.height + 1)).cast(pl.String)


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    """Number the rows of one applicant, who may come back."""
    return frame.with_columns(pl.int_range(pl.len()).over(_KEY).alias(_NTH))
