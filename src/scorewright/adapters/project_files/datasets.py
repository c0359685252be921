"""The data sets that come with the package."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from scorewright.core.errors import UsageError
from scorewright.core.project import AcceptedFinding

__all__ = ["ShippedDataset", "dataset", "dataset_names"]

_PACKAGE = "scorewright.resources"


@dataclass(frozen=True, slots=True)
class ShippedDataset:
    """A data set of the package.

    Attributes:
        name: ``lending_club``.
        title: For people.
        source: Where it is from.
        licence: SPDX name of its licence; the text lies beside it.
        rows: Number of rows.
        columns: Number of columns.
        bad_rate: Share of bads, from 0 to 1.
        path: The Parquet file.
        target: Column with the outcome.
        bad_value: Its value that means default.
        accept: Leakage findings on it that have been looked at, with reasons.
    """

    name: str
    title: str
    source: str
    licence: str
    rows: int
    columns: int
    bad_rate: float
    path: Path
    target: str
    bad_value: str
    accept: tuple[AcceptedFinding, ...]


def dataset_names() -> tuple[str, ...]:
    """Return the names of the shipped data sets, sorted."""
    names = (Path(entry.name) for entry in (files(_PACKAGE) / "datasets").iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == ".parquet"))


def dataset(name: str) -> ShippedDataset:
    """Return a shipped data set.

    Args:
        name: One of `dataset_names`.

    Raises:
        UsageError: ``dataset-unknown``, with near misses.
    """
    names = dataset_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3) or list(names)
        raise UsageError(
            f"There is no shipped data set called '{name}'.",
            remedy=f"Name one of: {', '.join(near)}, or a file of your own.",
            code="dataset-unknown",
        )
    folder = files(_PACKAGE) / "datasets"
    about = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    return ShippedDataset(
        name=name,
        title=about["title"],
        source=about["source"],
        licence=about["licence"],
        rows=about["rows"],
        columns=about["columns"],
        bad_rate=about["bad_rate"],
        path=Path(str(folder / f"{name}.parquet")),  # wheels are installed unpacked
        target=about["target"],
        bad_value=about["bad_value"],
        accept=tuple(AcceptedFinding(**entry) for entry in about.get("accept", ())),
    )
