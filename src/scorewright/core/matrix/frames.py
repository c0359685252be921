"""The same encoding as `FeatureSpace.row`, for a whole frame at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import UsageError
from scorewright.core.matrix.space import Feature, FeatureSpace

__all__ = ["feature_space", "to_matrix"]

_NUMERIC = (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN)


def feature_space(contract: Contract) -> FeatureSpace:
    """Derive the model's inputs from a contract, in the contract's order.

    Args:
        contract: The contract; its ``features`` become the inputs.

    Returns:
        Integers, numbers and booleans as numbers, categories by code.

    Raises:
        UsageError: ``feature-type`` for a feature that has no numeric form (text, dates, a
            category without values), or when there is no feature at all.
    """
    features = tuple(_feature(contract.table, column) for column in contract.features)
    if not features:
        raise UsageError(
            f"The contract of table '{contract.table}' leaves no column to the model.",
            remedy='Set use = "model" on at least one column of the contract.',
            code="feature-type",
        )
    return FeatureSpace(features)


def _feature(table: str, column: Column) -> Feature:
    if column.type in _NUMERIC:
        return Feature(column.name)
    if column.type is ColumnType.CATEGORY and column.categories:
        return Feature(column.name, column.categories)
    kind = "a category without values" if column.type is ColumnType.CATEGORY else str(column.type)
    raise UsageError(
        f"Column '{column.name}' of table '{table}' is {kind}, which a model cannot use.",
        remedy=f"In the contract set use = \"monitoring\" on '{column.name}', or give it a type "
        "of integer, number, boolean or category with its categories.",
        code="feature-type",
        details={"column": column.name},
    )


def to_matrix(frame: pl.DataFrame, space: FeatureSpace) -> npt.NDArray[np.float64]:
    """Encode the rows of a typed frame.

    Args:
        frame: Typed columns, as `scorewright.core.tables.check_frame` returns them; the order
            of the columns does not matter and others may be present.
        space: The feature space.

    Returns:
        C-contiguous array of shape (rows, n_features); each row equals ``space.row`` of it.

    Raises:
        UsageError: ``missing-column`` when the frame lacks a feature.
    """
    absent = [name for name in space.names if name not in frame.columns]
    if absent:
        raise UsageError(
            f"The table lacks the column(s) {', '.join(absent)} that the model needs.",
            remedy="Add the columns to the file; the contract lists what they must hold.",
            code="missing-column",
            details={"columns": absent},
        )
    coded = frame.select(space.names).with_columns(
        _codes(feature) for feature in space.features if feature.is_categorical
    )
    # Float32 holds no more than it holds: the row path makes the same widening.
    numbers = coded.select(pl.all().cast(pl.Float64).fill_null(np.nan))
    # All columns at once: one after the other into rows misses the cache with every cell.
    return numbers.to_numpy(order="c", writable=True)


def _codes(feature: Feature) -> pl.Expr:
    codes = pl.Series(range(len(feature.categories)), dtype=pl.Float64)
    listed = pl.Series(feature.categories, dtype=pl.String)
    cells = pl.col(feature.name).cast(pl.String)
    return cells.replace_strict(listed, codes, default=None, return_dtype=pl.Float64)
