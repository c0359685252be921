"""Stores made by MLflow through the editor itself."""

from __future__ import annotations

from pathlib import Path

from scorewright.adapters.store_editing import DatabaseEditor
from scorewright.core.plans import StoreChange
from scorewright.flows.events import ignore

__all__ = ["fresh_store"]


def fresh_store(folder: Path) -> Path:
    """Make a database in a folder."""
    file = folder / "mlflow.db"
    change = StoreChange(str(file), str(folder / "mlruns"))
    DatabaseEditor(str(file)).commit((change,), ignore)
    return file
