"""Optuna studies in SQLite, a journal or a database, and the processes that work on them."""

from scorewright.adapters.tuning.settings_edit import write_params
from scorewright.adapters.tuning.store import OptunaStudies
from scorewright.adapters.tuning.workers import SubprocessWorkers

__all__ = ["OptunaStudies", "SubprocessWorkers", "write_params"]
