"""The decision log in SQLite or PostgreSQL: group commit, spool, outcomes, erasure."""

from scorewright.adapters.decision_log.database import LogDatabase
from scorewright.adapters.decision_log.ids import SortableIds
from scorewright.adapters.decision_log.log import DatabaseLog, open_log, subject_key

__all__ = ["DatabaseLog", "LogDatabase", "SortableIds", "open_log", "subject_key"]
