"""The data that a run's model can be held against: which files they are, and whose rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from scorewright.core.audit import role_of, role_of_file
from scorewright.core.backfill import DataInput
from scorewright.flows.store.backfill_models import StoredFile
from scorewright.flows.store.backfill_ports import FileContents

__all__ = ["DataFile", "find_data"]

_TABLE = re.compile(r"(?i)\.(csv|parquet|pq)$")
_TRAINING = "training"
#: Tables of a run that are no data.
_OWN = re.compile(r"(?i)(^|/)([^/]*(predict|pred|score|importance|threshold|curve)[^/]*|oof\.\w+)$")
_KNOWN = ("training", "validation", "test", "oot")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A table on this machine.

    Attributes:
        place: The file.
        name: As the run calls it.
        role: ``training``, ``validation``, ``test`` or ``oot``.
        how: How it is known to be the run's, a part of a sentence.
        sha256: Of the file.
    """

    place: Path
    name: str
    role: str
    how: str
    sha256: str


def find_data(
    inputs: Iterable[DataInput],
    texts: Mapping[str, str],
    files: Iterable[StoredFile],
    folders: tuple[Path, ...],
    contents: FileContents,
) -> tuple[tuple[DataFile, ...], tuple[str, ...]]:
    """Find tables that a run says it read.

    Args:
        inputs: Data sets it logged; their digest has to be that of the file.
        texts: Its parameters and tags.
        files: Its artifacts.
        folders: Where relative paths may begin.
        contents: Reads files.

    Returns:
        Tables of known role, those of unseen rows first; and why others do not count.
    """
    doubts: list[str] = []
    found = [
        *_inputs(inputs, folders, contents, doubts),
        *_named(texts, folders, contents, doubts),
        *_artifacts(files, contents),
    ]
    # The same bytes are the same rows, whatever they are called.
    trained = {file.sha256 for file in found if file.role == _TRAINING}
    known = [replace(f, role=_TRAINING) if f.sha256 in trained else f for f in found]
    first: dict[str, DataFile] = {}
    for file in known:
        first.setdefault(file.sha256, file)
    ordered = sorted(first.values(), key=lambda file: file.role == _TRAINING)
    return tuple(ordered), tuple(dict.fromkeys(doubts))


def _inputs(
    inputs: Iterable[DataInput],
    folders: tuple[Path, ...],
    contents: FileContents,
    doubts: list[str],
) -> Iterator[DataFile]:
    for data in inputs:
        place = _found(data.place, folders, contents)
        if not data.digest or not data.place or not _TABLE.search(data.place):
            continue
        if place is None:
            doubts.append(f"its data set {data.name} is not at {data.place}")
        elif not contents.has_digest(place, data.digest):
            doubts.append(
                f"{data.place} is not the data set {data.name} it read: "
                f"it has another digest than {data.digest}"
            )
        elif (role := role_of(data.role)) not in _KNOWN:
            doubts.append(_unknown(data.name))
        else:
            sha256 = contents.sha256(place) or ""
            yield DataFile(place, data.name, role, f"by its digest {data.digest}", sha256)


def _named(
    texts: Mapping[str, str],
    folders: tuple[Path, ...],
    contents: FileContents,
    doubts: list[str],
) -> Iterator[DataFile]:
    for key, text in sorted(texts.items()):
        # MLflow's own tags name programs and models.
        if key.startswith("mlflow.") or not _TABLE.search(text) or "\n" in text:
            continue
        place = _found(text, folders, contents)
        role = role_of_file(key) or role_of_file(Path(text).name)
        if place is None:
            doubts.append(f"{text}, which {key} names, is not there")
        elif role not in _KNOWN:
            doubts.append(_unknown(text))
        else:
            how = f"by its name in {key} alone: nothing proves that it has not changed since"
            yield DataFile(place, text, role, how, contents.sha256(place) or "")


def _artifacts(files: Iterable[StoredFile], contents: FileContents) -> Iterator[DataFile]:
    for file in files:
        role = role_of_file(file.name)
        if _TABLE.search(file.name) and not _OWN.search(file.name) and role in _KNOWN:
            sha256 = file.sha256 or contents.sha256(file.place) or ""
            yield DataFile(file.place, file.name, role, "by its name among the artifacts", sha256)


def _unknown(name: str) -> str:
    return f"nothing says which rows {name} holds: they may be those it was trained on"


def _found(text: str, folders: tuple[Path, ...], contents: FileContents) -> Path | None:
    """Return a file of this machine that a path or a file URI names."""
    plain = text.removeprefix("file://").replace("\\", "/")
    if "://" in plain or not plain or "*" in plain:
        return None
    candidates = [Path(plain)] if plain.startswith("/") else [f / plain for f in folders]
    return next((place for place in candidates if contents.sha256(place) is not None), None)
