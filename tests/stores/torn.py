"""A database file whose last writer was killed in the midst of a transaction."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["TABLE", "tear"]

TABLE = "half_written"
"""What the transaction was making; no store has it once its journal is rolled back."""

_KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
connection.execute(f"CREATE TABLE {sys.argv[2]} (value TEXT)")
connection.executemany(f"INSERT INTO {sys.argv[2]} VALUES (?)", [("x" * 1000,)] * 500)
os._exit(9)
"""


def tear(file: Path) -> None:
    """Leave a file with half a transaction in it, and the journal that takes it back."""
    command = [sys.executable, "-c", _KILLED, str(file), TABLE]
    assert subprocess.run(command, check=False).returncode == 9
    assert file.with_name(f"{file.name}-journal").stat().st_size > 0
