"""Stores that real MLflow of six versions wrote, and what each of them holds.

`tests/fixtures/stores` keeps an archive and a JSON file per version and kind; `make_fixtures.py`
made them. Each store was written in `/home/team/credit` and is unpacked elsewhere: the absolute
paths it holds point to a folder that is not there, as in any store that was moved.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stores.archives import unpack

__all__ = ["CASES", "KINDS", "ROOT", "VERSIONS", "MadeStore", "truth", "unpacked"]

VERSIONS = ("1.8.0", "1.30.1", "2.0.1", "2.22.2", "3.0.1", "3.17.2")
KINDS = ("file", "sqlite")
CASES = tuple((version, kind) for version in VERSIONS for kind in KINDS)
ROOT = "/home/team/credit"
_FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "stores"
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True, slots=True)
class MadeStore:
    """An unpacked store.

    Attributes:
        folder: What `/home/team/credit` was: holds `mlruns`, `elsewhere` and, for SQLite,
            `mlflow.db`.
        path: The database, or the `mlruns` folder of a file store.
        address: The same as a tracking address (`sqlite:///...` or `file:///...`).
    """

    folder: Path
    path: Path
    address: str


def unpacked(version: str, kind: str, folder: Path) -> MadeStore:
    """Unpack the store of a version and kind into a folder (made if it is not there)."""
    folder.mkdir(parents=True, exist_ok=True)
    unpack(_FOLDER / f"mlflow-{version}-{kind}.tar.xz", folder)
    if kind == "sqlite":
        path = folder / "mlflow.db"
        return MadeStore(folder, path, f"sqlite:///{path}")
    path = folder / "mlruns"
    return MadeStore(folder, path, path.as_uri())


def truth(version: str, kind: str) -> dict[str, Any]:
    """Return what the client of the writing MLflow said the store holds.

    Keys: `experiments`, `runs` (by id, with `params`, `tags`, `metrics` as key ->
    [[value, timestamp, step], ...], `inputs`, `outputs`, `artifacts` as path -> size and sha256),
    `registry`, `logged_models`, `traces`, `refused` (what that client cannot read), `written`
    (ids by name, `deleted_versions`, `prompts`, `not_available`: what that MLflow cannot write),
    `root`, and for SQLite `database` (`revision`, rows per table). Prompts are in the tables or
    folders of the registry but not in `registry`: the client hides them.
    """
    text = (_FOLDER / f"mlflow-{version}-{kind}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    for run in found["runs"].values():
        run["metrics"] = {key: _history(values) for key, values in run["metrics"].items()}
    return found


def _history(values: list[list[Any]]) -> list[tuple[float, int, int]]:
    return [
        (_NUMBERS[value] if isinstance(value, str) else float(value), timestamp, step)
        for value, timestamp, step in values
    ]
