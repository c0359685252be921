"""Values of metrics that are NaN in a server's column, or in the backup of one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from scorewright.core.counting import counted

__all__ = ["METRICS", "NAN", "mend_nans"]

METRICS: Final = ("metrics", "latest_metrics")
#: Stands for NaN in copies and backups of servers: SQLite would make NULL of it.
NAN: Final = "NaN"


def mend_nans(path: Path) -> list[str]:
    """Write NaN as MLflow does, which gives such values the mark ``is_nan`` and the number 0.

    Args:
        path: A private copy.

    Returns:
        One note per table with such values.
    """
    notes = []
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.text_factory = bytes  # other texts need not be UTF-8
        for table in METRICS:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            if not {b"value", b"is_nan"} <= columns:
                continue
            # Names are those above.
            found = connection.execute(
                f"SELECT 1 FROM {table} WHERE value = ? LIMIT 1",  # noqa: S608 - see above
                (NAN,),
            ).fetchone()
            if found is None:
                continue
            # What is there already under that key is the same value.
            done = connection.execute(
                f"UPDATE OR IGNORE {table} SET value = 0, is_nan = 1 WHERE value = ?",  # noqa: S608
                (NAN,),
            ).rowcount
            done += connection.execute(
                f"DELETE FROM {table} WHERE value = ?",  # noqa: S608 - see above
                (NAN,),
            ).rowcount
            notes.append(
                f"{counted(done, 'value')} of {table}: NaN is read as MLflow reads it, as no "
                "number (is_nan 1, value 0)."
            )
    return notes
