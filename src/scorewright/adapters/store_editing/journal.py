"""The journal of a plan: one JSON object per line, on disk before anything is answered."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from scorewright.adapters.store_editing.durability import sync_folder
from scorewright.adapters.store_editing.refusals import write_failed
from scorewright.core.errors import IntegrityError

__all__ = ["JsonlJournal"]


class JsonlJournal:
    """A file that only grows. A last line that a crash has cut is cut off.

    Args:
        path: Made at the first entry.
        plan: Id of the plan; the first line says whose journal it is.
    """

    def __init__(self, path: Path, plan: str) -> None:
        self._path = path
        self._plan = plan

    def entries(self) -> Sequence[Mapping[str, Any]]:
        """Return the whole entries.

        Raises:
            IntegrityError: ``journal-invalid``: of another plan, or damaged before its end.
        """
        found, _ = self._read()
        return found[1:]

    def write(self, entry: Mapping[str, Any]) -> None:
        """Append an entry and wait until it is on disk.

        Raises:
            ScorewrightError: ``store-write-failed``; the journal is as it was.
            IntegrityError: ``journal-invalid``.
        """
        found, size = self._read()
        lines = [] if found else [{"plan": self._plan}]
        text = "".join(f"{json.dumps(line)}\n" for line in (*lines, entry)).encode()
        try:
            self._append(text, size)
        except OSError as error:
            with suppress(OSError):  # what did not reach the disk was not said
                os.truncate(self._path, size)
            raise write_failed(str(self._path), error) from error

    def archive(self) -> None:
        """Put it aside under the next free number.

        Raises:
            ScorewrightError: ``store-write-failed``.
        """
        number = 1
        while (aside := self._path.with_name(f"{self._path.stem}-{number}.jsonl")).exists():
            number += 1
        try:
            self._path.rename(aside)
            sync_folder(aside.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise write_failed(str(self._path), error) from error

    def _append(self, text: bytes, size: int) -> None:
        is_new = not self._path.exists()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.ftruncate(handle, size)
            os.lseek(handle, size, os.SEEK_SET)
            rest = text
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        if is_new:
            sync_folder(self._path.parent)

    def _read(self) -> tuple[list[dict[str, Any]], int]:
        """Return all lines that are whole, and where they end."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return [], 0
        whole = data[: data.rfind(b"\n") + 1]
        try:
            found = [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise self._invalid("a line of it is damaged") from error
        if found and found[0] != {"plan": self._plan}:
            raise self._invalid("it is that of another plan")
        return found, len(whole)

    def _invalid(self, why: str) -> IntegrityError:
        return IntegrityError(
            f"The journal {self._path} cannot be used: {why}.",
            remedy="Move the file elsewhere if nothing was changed yet; else put the backup "
            "beside it in the store's place.",
            code="journal-invalid",
        )
