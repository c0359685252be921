"""What a consolidation is planned with, and where it leads."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.core.errors import ScorewrightError
from scorewright.wiring.store_workshops import now_of, person
from scorewright.wiring.stores import (
    LocationOpener,
    StoreRoom,
    installed_schema,
    kept_databases,
    server_traces,
)

if TYPE_CHECKING:
    from scorewright.flows.store.consolidate_ports import ConsolidationTools

__all__ = ["absolute_root", "consolidation_tools", "target_of"]


def consolidation_tools(fetched: Path) -> ConsolidationTools:
    """Return what a consolidation is planned with.

    Args:
        fetched: Folder for the artifacts of sources that are tracking servers.
    """
    from scorewright.adapters.store_editing import encoding_of, reference_of, source_reference_of
    from scorewright.adapters.store_staging import SqlMerger, StoreStaging
    from scorewright.flows.store.consolidate_ports import ConsolidationTools

    return ConsolidationTools(
        opener=LocationOpener(fetched=fetched),
        staging=StoreStaging(installed_schema(), kept_databases(), server_traces),
        merger=SqlMerger(),
        reference=reference_of,
        source=source_reference_of,
        encoding=encoding_of,
        digest=_digest,
        free=_free,
        folder=_private_folder,
        now=lambda: now_of()().replace(microsecond=0),
        made_by=person(),
    )


def target_of(into: str) -> str:
    """Return the whole address of a target that may not be there yet."""
    if "://" in into and not into.startswith("sqlite:"):
        return into
    path = _whole(Path(into.removeprefix("sqlite:///")))
    if path.is_dir():
        try:
            return StoreRoom().address(str(path))
        except ScorewrightError as error:
            if error.code != "store-invalid":
                raise
    return str(path / "mlflow.db" if path.is_dir() or not path.suffix else path)


def absolute_root(root: str) -> str:
    """Return an artifact root as a whole path; an address stays what it is."""
    return root if not root or "://" in root else _whole(Path(root)).as_posix()


def _whole(path: Path) -> Path:
    """Return a path without "..", as sources have theirs: then what lies below it is plain."""
    return Path(os.path.normpath(path.expanduser().absolute()))


def _digest(path: str) -> str | None:
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _free(path: str) -> int:
    place = Path(path).absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


@contextmanager
def _private_folder() -> Iterator[Path]:
    from scorewright.adapters.guarded import private_folder

    with private_folder("stores") as folder:
        yield folder
