"""Frames as the engines want them: one form for every type, and the applicant's key in each row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from scorewright.core.contracts import ColumnType, Contract
from scorewright.core.errors import FindingsError
from scorewright.core.features.expressions import finite
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.relations import AsOfUnit, History, Relations

__all__ = [
    "AGE",
    "ENTITY",
    "normalised",
    "refuse_duplicates",
    "refuse_repeated_key",
    "with_age",
    "with_entity",
]

#: The column that holds the application's key in the rows of every history.
ENTITY = "__entity"
#: How long before the decision a row became known, in the unit of its table.
AGE = "__age"
_SHOWN = 5


def normalised(frame: pl.DataFrame, contract: Contract, columns: tuple[str, ...]) -> pl.DataFrame:
    """Bring columns into the form the engines compute with.

    Args:
        frame: Typed columns; others may be present.
        contract: Their types.
        columns: The wanted ones.

    Returns:
        Integers of their own width, finite floats, booleans, texts (of a category only those its
        contract lists), dates as days since 1970 (floats); everything else missing.
    """
    kept = [pl.col(name) for name in (ENTITY,) if name in frame.columns and name not in columns]
    return frame.select(*kept, *(_normal(name, contract, frame) for name in columns))


def _normal(name: str, contract: Contract, frame: pl.DataFrame) -> pl.Expr:
    column, dtype = contract.column(name), frame.schema[name]
    kind = column.type if column is not None else ColumnType.TEXT
    value = pl.col(name)
    match kind:
        case ColumnType.INTEGER:
            return value if dtype.is_integer() else value.cast(pl.Int64)
        case ColumnType.NUMBER:
            return finite(value.cast(pl.Float64)).alias(name)
        case ColumnType.BOOLEAN:
            return value.cast(pl.Boolean)
        case ColumnType.DATE | ColumnType.DATETIME:
            return value.cast(pl.Date).cast(pl.Int32).cast(pl.Float64)
        case ColumnType.CATEGORY | ColumnType.TEXT:
            text = value if dtype == pl.String else value.cast(pl.String)
            listed = column.categories if column is not None else ()
            # A value the contract does not list is missing, as for the model itself.
            return pl.when(text.is_in(listed)).then(text).alias(name) if listed else text


def with_entity(plan: FeaturePlan, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Give every history's rows the key of their application; rows of nobody are left out.

    Args:
        plan: Which tables, and how they hang together.
        tables: Typed rows by table name.

    Returns:
        The histories with the column `ENTITY`, rows in their order.
    """
    relations = plan.relations
    keyed: dict[str, pl.DataFrame] = {}

    def keys_of(history: History) -> pl.DataFrame:
        if history.name not in keyed:
            frame = tables[history.name]
            if history.parent == relations.entity.table:
                keyed[history.name] = frame.with_columns(pl.col(history.on).alias(ENTITY))
            else:
                parent = relations.history(history.parent)
                above = keys_of(parent).select(pl.col(parent.key or "").alias(history.on), ENTITY)
                keyed[history.name] = frame.join(
                    above, on=history.on, how="inner", maintain_order="left"
                )
        return keyed[history.name]

    applicants = tables[relations.entity.table].select(pl.col(relations.key).alias(ENTITY))
    return {
        name: keys_of(relations.history(name)).join(
            applicants, on=ENTITY, how="semi", maintain_order="left"
        )
        for name in plan.tables
    }


def with_age(
    frame: pl.DataFrame, history: History, relations: Relations, entity: pl.DataFrame
) -> pl.DataFrame:
    """Add how long before the decision each row became known.

    Args:
        frame: Normalised rows of the history with `ENTITY`.
        history: The table.
        relations: All tables.
        entity: Normalised applications; their decision date counts for dated histories.

    Returns:
        The frame with `AGE`: days or months, missing where the date is.
    """
    if history.as_of is None:
        return frame
    date = pl.col(history.as_of.columns[0])
    if history.as_of.unit is not AsOfUnit.DATE:
        return frame.with_columns((-date.cast(pl.Float64)).alias(AGE))
    decision = relations.entity.as_of or ""
    dates = entity.select(pl.col(relations.key).alias(ENTITY), pl.col(decision).alias("__decision"))
    joined = frame.join(dates, on=ENTITY, how="left", maintain_order="left")
    return joined.with_columns((pl.col("__decision") - date).alias(AGE)).drop("__decision")


def refuse_duplicates(plan: FeaturePlan, tables: Mapping[str, pl.DataFrame]) -> None:
    """Refuse keys that are missing or name two rows: what hangs on them would count twice.

    Args:
        plan: Its applications' key, and the keys of histories that others hang on.
        tables: Rows by table name.

    Raises:
        FindingsError: ``features-duplicate-key``, with table, key and count.
    """
    relations = plan.relations
    keys = {relations.entity.table: relations.key}
    for name in plan.tables:
        parent = relations.history(name).parent
        if parent != relations.entity.table:
            keys[parent] = relations.history(parent).key or ""
    for table, key in keys.items():
        refuse_repeated_key(table, tables[table].get_column(key))


def refuse_repeated_key(table: str, keys: pl.Series) -> None:
    """Refuse keys of one table that name two rows or none.

    Args:
        table: Its name.
        keys: The whole column, named as the key; a bucket sees only a part of it.

    Raises:
        FindingsError: ``features-duplicate-key``.
    """
    if keys.null_count() == 0 and _are_unique(keys):
        return
    twice = keys.filter(keys.is_duplicated() | keys.is_null()).unique().sort()
    shown = ", ".join(str(value) for value in twice.head(_SHOWN))
    raise FindingsError(
        f"The key '{keys.name}' of table '{table}' does not identify a row: {len(twice):,} values "
        f"are missing or repeated, such as {shown}.",
        remedy=f"Keep one row per '{keys.name}' in the table, or name the column that tells its "
        "rows apart.",
        code="features-duplicate-key",
        details={"table": table, "key": keys.name, "values": len(twice)},
    )


def _are_unique(keys: pl.Series) -> bool:
    if not keys.dtype.is_integer():
        return keys.n_unique() == len(keys)
    # Sorted, because a set of them takes several times the memory.
    ordered = np.sort(keys.to_numpy())
    return not bool((ordered[1:] == ordered[:-1]).any())
