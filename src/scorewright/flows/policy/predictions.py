"""Out-of-fold predictions of a run: read back, and held to be out of fold."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.digests import sha256_hex
from scorewright.core.errors import UsageError
from scorewright.flows.ports import RunIndex

__all__ = ["PREDICTIONS", "Predictions", "read_predictions"]

PREDICTIONS = "predictions.parquet"
_COLUMNS = ("row_key", "y", "p", "fold")


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Rows that models scored which were fitted on other folds.

    Attributes:
        keys: Row keys as text, shape (n,).
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).
        digest: SHA-256 of the file.
    """

    keys: pl.Series
    y: npt.NDArray[np.int8]
    pd: npt.NDArray[np.float64]
    digest: str


def read_predictions(runs: RunIndex, run_id: str) -> Predictions:
    """Read the predictions of a run.

    Raises:
        UsageError: ``run-missing``, ``artifact-missing``; ``policy-predictions``: the file is not
            what a run writes; ``policy-training-rows``: rows that lie in no fold.
    """
    content = runs.artifact(run_id, PREDICTIONS)
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unusable(run_id, "it is no Parquet file") from error
    absent = [name for name in _COLUMNS if name not in frame.columns]
    if absent:
        raise _unusable(run_id, f"it has no column '{absent[0]}'")
    fold, y, pd = (frame[name].to_numpy() for name in ("fold", "y", "p"))
    _check(run_id, y, pd)
    inside = int(np.sum(~(fold >= 0)))
    if inside:
        raise UsageError(
            f"{inside:,} of {len(fold):,} predictions of run {run_id} are of rows in no fold: the "
            "model was fitted on them.",
            remedy="Fit the policy on out-of-fold predictions, or on a sample of its own with "
            "--sample.",
            code="policy-training-rows",
            details={"rows": inside},
        )
    keys = frame["row_key"].cast(pl.String)
    return Predictions(keys, y.astype(np.int8), pd.astype(np.float64), sha256_hex(content))


def _check(run_id: str, y: npt.NDArray[np.generic], pd: npt.NDArray[np.generic]) -> None:
    if len(y) == 0:
        raise _unusable(run_id, "it holds no rows")
    if not set(np.unique(y).tolist()) <= {0, 1}:
        raise _unusable(run_id, "it holds labels other than 0 and 1")
    values = np.asarray(pd, dtype=np.float64)
    if not bool(np.all((values >= 0.0) & (values <= 1.0))):
        raise _unusable(run_id, "it holds PDs outside 0 to 1")


def _unusable(run_id: str, why: str) -> UsageError:
    return UsageError(
        f"The file {PREDICTIONS} of run {run_id} cannot be used: {why}.",
        remedy="Name a run that 'scorewright train' or 'scorewright experiment run' finished.",
        code="policy-predictions",
    )
