"""Scoring in the child: a table is read, what the model wants is picked from it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from scorewright.adapters.model_prober.formats import LoadedModel
from scorewright.core.audit import KEYS, LABELS

__all__ = ["UnfitError", "score"]

#: Rows that are scored at most.
_MOST_ROWS = 5_000_000
_SHOWN = 5


class UnfitError(Exception):
    """Why a table cannot be scored with a model, a part of a sentence."""


def score(model: LoadedModel, question: Mapping[str, Any]) -> dict[str, Any]:
    """Score a table.

    Args:
        model: From `formats.load`.
        question: ``table`` (a file), ``target`` (column of outcomes, "" to look for one),
            ``names`` (what the model's inputs are called in the table; empty for its own words),
            ``place`` of the model.

    Returns:
        ``y``, ``p`` (base64 of bytes), ``keys`` (list or null), ``rows``.

    Raises:
        UnfitError: The two do not fit.
    """
    if model.predict is None or not model.names:
        raise UnfitError(f"models of the kind {model.format} do not say what they want")
    frame = read_table(Path(question["table"]))
    known = (model.names, list(question.get("names") or ()), _signature(Path(question["place"])))
    names = _names(known, frame.columns)
    y = _labels(frame, _target(frame, str(question["target"]), names))
    x = _matrix(frame, model, names)
    p = np.asarray(model.predict(x), dtype=np.float64)
    if p.shape != y.shape or not np.isfinite(p).all():
        raise UnfitError("the model does not give one finite score per row")
    key = _first(KEYS, frame.columns)
    keys = None if key is None or key in names else _plain(frame[key])
    return {
        "rows": len(y),
        "y": base64.b64encode(y.tobytes()).decode("ascii"),
        "p": base64.b64encode(p.tobytes()).decode("ascii"),
        "keys": keys,
        "names": list(names),
    }


def read_table(file: Path) -> pl.DataFrame:
    """Read Parquet or CSV.

    Raises:
        UnfitError: It is neither, damaged, or too long.
    """
    try:
        match file.suffix.lower():
            case ".parquet" | ".pq":
                lazy = pl.scan_parquet(file, glob=False)
            case _:
                lazy = pl.scan_csv(file, glob=False, infer_schema_length=10_000)
        frame = lazy.head(_MOST_ROWS + 1).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnfitError(f"{file.name} cannot be read as a table") from error
    if not 0 < frame.height <= _MOST_ROWS:
        raise UnfitError(f"{file.name} has {frame.height:,} rows")
    return frame


def _names(known: Sequence[Sequence[str]], columns: Sequence[str]) -> list[str]:
    """Return the table's column for each input of the model, by the first words that are there."""
    own = known[0]
    for names in known:
        if len(names) == len(own) and set(names) <= set(columns):
            return list(names)
    # LightGBM writes spaces as underscores.
    plain = {name.replace(" ", "_"): name for name in columns}
    if set(own) <= set(plain):
        return [plain[name] for name in own]
    told = max((names for names in known if len(names) == len(own)), key=_likeness(columns))
    lacking = [name for name in told if name not in columns]
    more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
    named = f"{', '.join(lacking[:_SHOWN])}{more}"
    raise UnfitError(f"it lacks columns that the model reads: {named}")


def _likeness(columns: Sequence[str]) -> Callable[[Sequence[str]], int]:
    there = set(columns)
    return lambda names: sum(name in there for name in names)


def _signature(place: Path) -> list[str]:
    """Return the inputs that an MLmodel beside the model names, in order; none without one."""
    try:
        document = yaml.safe_load((place.parent / "MLmodel").read_text("utf-8"))
        inputs = json.loads(document["signature"]["inputs"])
        return [str(column["name"]) for column in inputs]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError, RecursionError):
        return []


def _target(frame: pl.DataFrame, told: str, names: Sequence[str]) -> str:
    """Return the column of outcomes: the one that is told, else one of the usual name."""
    found = told if told in frame.columns else _first(LABELS, frame.columns)
    if found is None or found in names:
        raise UnfitError("it has no column of outcomes; a parameter 'target' would name it")
    return found


def _first(wanted: Sequence[str], columns: Sequence[str]) -> str | None:
    by_name = {column.lower(): column for column in columns}
    return next((by_name[name] for name in wanted if name in by_name), None)


def _plain(column: pl.Series) -> list[Any]:
    return column.to_list() if column.dtype.is_integer() else column.cast(pl.String).to_list()


def _labels(frame: pl.DataFrame, target: str) -> np.ndarray[Any, np.dtype[np.int8]]:
    column = frame[target]
    numeric = column.dtype == pl.Boolean or column.dtype.is_numeric()
    values = column.cast(pl.Float64).to_numpy() if numeric else np.array([np.nan])
    if column.null_count() or not np.isin(values, (0.0, 1.0)).all():
        raise UnfitError(f"its column {target} holds other outcomes than 0 and 1")
    if values.min() == values.max():
        raise UnfitError(f"all its rows have the outcome {values[0]:g}")
    return values.astype(np.int8)


def _matrix(frame: pl.DataFrame, model: LoadedModel, names: Sequence[str]) -> Any:  # noqa: ANN401 - a pandas data frame
    """Return the inputs as the model's library takes them."""
    picked = frame.select(names)
    texts = [n for n, t in picked.schema.items() if not (t.is_numeric() or t == pl.Boolean)]
    strange = [n for n in texts if picked.schema[n] not in (pl.String, pl.Categorical, pl.Enum)]
    if strange:
        raise UnfitError(f"how its column {strange[0]} became a number is not known")
    own = dict(zip(names, model.names, strict=True))
    others = [n for n in texts if own[n] not in model.categories]
    if others or (texts and model.format in ("xgboost", "skops")):
        raise UnfitError(f"how its text column {(others or texts)[0]} became a number is not known")
    table = picked.with_columns(
        pl.col(n).cast(pl.Float64) for n in names if n not in texts
    ).to_pandas()
    table.columns = list(model.names)
    for name in model.categories:
        if model.format == "catboost":
            values = table[name]
            table[name] = values.where(values.notna(), "nan").astype(str)
        elif model.format == "lightgbm" and any(own[n] == name for n in texts):
            table[name] = table[name].astype("category")
    return table
