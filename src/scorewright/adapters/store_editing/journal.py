"""The journal of a plan: one JSON object per line, on disk before anything is answered."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.guarded import sync_directory
from scorewright.adapters.store_editing.refusals import write_failed
from scorewright.core.errors import IntegrityError

__all__ = ["JsonlJournal", "set_aside"]


_AS_BEFORE: Final = "The journal is as it was before; the store has what was done so far."


class JsonlJournal:
    """A file that only grows. A last line that a crash has cut is cut off.

    Args:
        path: Made at the first entry.
        plan: Id of the plan; the first line says whose journal it is.
    """

    def __init__(self, path: Path, plan: str) -> None:
        self._path = path
        self._plan = plan
        self._known: tuple[int, int] | None = None

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
        size = self._end()
        lines = [entry] if size else [{"plan": self._plan}, entry]
        text = b"".join(map(_line, lines))
        self._known = None
        try:
            self._append(text, size)
        except OSError as error:
            with suppress(OSError):  # what did not reach the disk was not said
                os.truncate(self._path, size)
            raise write_failed(str(self._path), error, _AS_BEFORE) from error
        self._known = self._seen()

    def write_over(self, entry: Mapping[str, Any], file: Path) -> bool:
        """Append an entry where the disk has no room: in the room of a file that is to go.

        Args:
            entry: Of the journal.
            file: On the same disk; its content goes first, then its name.

        Returns:
            Whether it is on disk; the file is as it was where it has too little room, or another
            name.

        Raises:
            OSError: As the system says.
            IntegrityError: ``journal-invalid``.
        """
        _, size = self._read()
        there = self._path.read_bytes()[:size] if size else _line({"plan": self._plan})
        text = there + _line(entry)
        found = file.lstat()
        if found.st_nlink != 1 or found.st_size < len(text) or file.is_symlink():
            return False
        self._known = None
        handle = os.open(file, os.O_WRONLY)
        try:
            rest = text
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.ftruncate(handle, len(text))
            os.fsync(handle)
        finally:
            os.close(handle)
        file.replace(self._path)
        sync_directory(self._path.parent)
        return True

    def archive(self) -> None:
        """Put it aside under the next free number.

        Raises:
            ScorewrightError: ``store-write-failed``.
        """
        try:
            set_aside(self._path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise write_failed(str(self._path), error) from error

    def _end(self) -> int:
        """Return where the whole lines end; read only if somebody else has written to the file.

        A file that is the same one and as long as it was left holds what was read or written: it
        only grows, and a line that a crash has cut makes it longer than its whole lines are.
        """
        seen = self._seen()
        if seen is not None and seen == self._known:
            return seen[1]
        return self._read()[1]

    def _seen(self) -> tuple[int, int] | None:
        """Return which file it is, and its size; None where there is none."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size

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
            sync_directory(self._path.parent)

    def _read(self) -> tuple[list[dict[str, Any]], int]:
        """Return all lines that are whole, and where they end."""
        self._known = None
        seen = self._seen()
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
        if seen is not None and seen[1] == len(whole):
            self._known = seen
        return found, len(whole)

    def _invalid(self, why: str) -> IntegrityError:
        return IntegrityError(
            f"The journal {self._path} cannot be used: {why}.",
            remedy="Move the file elsewhere if nothing was changed yet; else put the backup "
            "beside it in the store's place.",
            code="journal-invalid",
        )


def set_aside(journal: Path) -> Path:
    """Give a journal the next free number, and return where it lies then.

    Args:
        journal: Of a plan.

    Raises:
        OSError: As the system says; `FileNotFoundError` where there is no journal.
    """
    number = 1
    while (aside := journal.with_name(f"{journal.stem}-{number}.jsonl")).exists():
        number += 1
    journal.rename(aside)
    try:
        sync_directory(aside.parent)
    except OSError:
        with suppress(OSError):
            aside.rename(journal)
        raise
    return aside


def _line(entry: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(entry)}\n".encode()
