"""Backfill: what a run's own evidence gives of what it never logged."""

from scorewright.core.backfill.facts import DataInput, RunFacts, TrainingScores
from scorewright.core.backfill.lacks import Lacks
from scorewright.core.backfill.models import NativeModel, read_model
from scorewright.core.backfill.rerun import Rerun, rerun_of
from scorewright.core.backfill.run import Backfill, backfill_run
from scorewright.core.backfill.values import number

__all__ = [
    "Backfill",
    "DataInput",
    "Lacks",
    "NativeModel",
    "Rerun",
    "RunFacts",
    "TrainingScores",
    "backfill_run",
    "number",
    "read_model",
    "rerun_of",
]
