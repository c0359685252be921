"""Journals of the plans of one store, put aside when another database takes its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final

from scorewright.adapters.store_editing.journal import set_aside

__all__ = ["forgotten"]

_JOURNAL: Final = re.compile(r"journal-([0-9a-f]{12})\.jsonl")


@contextmanager
def forgotten(folder: Path, place: Path) -> Iterator[tuple[str, ...]]:
    """Put the journals of a store's plans aside; where the block is refused they come back.

    A block that is interrupted may have done its work: then they stay aside, as after a kill.

    Args:
        folder: Of the store's state, which other stores may share.
        place: Of the store, a file or a folder.

    Yields:
        The short ids of the plans.

    Raises:
        OSError: As the system says; all journals are where they were.
    """
    moved: list[tuple[Path, Path]] = []
    try:
        for journal in _journals(folder, place):
            aside = set_aside(journal)
            moved.append((journal, aside))
        yield tuple(journal.stem.removeprefix("journal-") for journal, _ in moved)
    except OSError:
        for journal, aside in moved:
            with suppress(OSError):
                aside.rename(journal)
        raise


def _journals(folder: Path, place: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = sorted(file for file in folder.iterdir() if _JOURNAL.fullmatch(file.name))
    real = place.resolve()
    return [file for file in found if _target(file) == real]


def _target(journal: Path) -> Path | None:
    """Return the store of a plan as its journal names it; None where that cannot be read.

    Two lines say it: whose journal it is, and how the store was when the plan began.
    """
    try:
        with journal.open("rb") as stream:
            start = json.loads(list(islice(stream, 2))[1])
        location = str(start["before"]["location"])
    except (OSError, ValueError, LookupError, TypeError):
        return None  # never begun, or damaged: whoever reads it says so
    path = location.removeprefix("sqlite:///")
    return None if "://" in path else Path(path).resolve()
