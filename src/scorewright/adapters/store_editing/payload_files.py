"""Files that a plan brings along, written into its payload."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from scorewright.adapters.guarded import sync_file
from scorewright.adapters.store_editing.refusals import write_failed, writing

__all__ = ["write_payload"]


def write_payload(path: Path, contents: Mapping[str, bytes]) -> str:
    """Write the files of a plan into its payload, and return the payload's SHA-256.

    Args:
        path: The payload; what is there is replaced.
        contents: By the name after ``payload:``.

    Raises:
        ScorewrightError: ``store-write-failed``.
    """
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("CREATE TABLE _files (name TEXT PRIMARY KEY, content BLOB)")
                connection.executemany("INSERT INTO _files VALUES (?, ?)", sorted(contents.items()))
            sync_file(path)
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
    except sqlite3.Error as error:
        raise write_failed(str(path), OSError(0, str(error))) from error
