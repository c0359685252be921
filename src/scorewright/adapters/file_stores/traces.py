"""Traces of a tree, one by one: a snapshot counts them only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.file_stores.damage import Damage, readable_name
from scorewright.adapters.file_stores.experiments import INFO, TRACES, find_experiments
from scorewright.adapters.file_stores.folders import Folders
from scorewright.adapters.file_stores.logged_models import ASSESSMENTS
from scorewright.adapters.file_stores.meta import read_meta
from scorewright.adapters.file_stores.reading import Reading
from scorewright.core.counting import counted

__all__ = ["TreeAssessment", "TreeTrace", "traces_of_tree"]

_ENDING: Final = ".yaml"
#: What cannot be read of one trace is named so often; the rest is counted.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class TreeAssessment:
    """A file of an assessment.

    Attributes:
        path: The file, as text that can be kept.
        fields: What it holds.
        notes: What was read, but not as it stands there.
        trouble: Why it cannot be read; "" where it was.
    """

    path: str
    fields: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class TreeTrace:
    """A folder of a trace.

    Attributes:
        path: The folder, as text that can be kept.
        experiment: Id that the reader of the tree gives its experiment.
        id: Of the trace.
        info: Its fields, named as in MLflow 2 or MLflow 3.
        tags: Texts.
        metadata: Texts.
        assessments: By name of the file.
        notes: What was read, but not as it stands there, and assessments that cannot be listed.
        trouble: Why it cannot be read whole; "" where it was.
    """

    path: str
    experiment: str
    id: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    assessments: tuple[TreeAssessment, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: str = ""


def traces_of_tree(root: Path) -> Iterator[TreeTrace]:
    """Yield the traces that a snapshot of the tree counts, those of the trash last.

    Of experiments and folders of traces that cannot be read the snapshot has findings.

    Args:
        root: The tree.
    """
    damage = Damage()
    folders = Folders(damage)
    for one in find_experiments(str(root), Reading(damage, folders)):
        if TRACES in one.entries:
            for entry in folders.folders(one.entries[TRACES].path):
                yield _trace(entry, one.experiment_id)


def _trace(entry: os.DirEntry[str], experiment: str) -> TreeTrace:
    damage = Damage()
    folders = Folders(damage)
    shown = readable_name(entry.path)
    parts = {part.name: part.path for part in folders.entries(entry.path)}
    meta = read_meta(folders, f"{entry.path}/{INFO}")
    tags, metadata = (_texts(folders, parts.get(name)) for name in ("tags", "request_metadata"))
    said = None if meta is None else meta.text("trace_id") or meta.text("request_id")
    identity = said or folders.name(entry)
    trouble = _trouble(damage)
    if meta is None or trouble:
        return TreeTrace(shown, experiment, identity, trouble=trouble)
    found, more = _assessments(parts.get(ASSESSMENTS))
    notes = (*_notes(damage), *more)
    return TreeTrace(shown, experiment, identity, meta.fields, tags, metadata, found, notes)


def _texts(folders: Folders, folder: str | None) -> dict[str, str]:
    """Return keys and values of a folder; two names that become one key are damage."""
    found: dict[str, str] = {}
    if folder is None:
        return found
    for key, value in folders.texts(folder):
        if key in found:
            folders.damage.unreadable(folder, f"two of its files are called {key!r}")
        found[key] = value
    return found


def _assessments(folder: str | None) -> tuple[tuple[TreeAssessment, ...], tuple[str, ...]]:
    """Return the assessments of a folder, and a note where they cannot be listed."""
    if folder is None:
        return (), ()
    damage = Damage()
    paths = [entry.path for entry in Folders(damage).entries(folder)]
    found = tuple(_assessment(path) for path in paths if path.endswith(_ENDING))
    trouble = _trouble(damage)
    return found, ((f"Assessments are left: {trouble}.",) if trouble else ())


def _assessment(path: str) -> TreeAssessment:
    damage = Damage()
    meta = read_meta(Folders(damage), path)
    fields = {} if meta is None else meta.fields
    return TreeAssessment(readable_name(path), fields, _notes(damage), _trouble(damage))


def _trouble(damage: Damage) -> str:
    """Return what cannot be read, in words that end a sentence."""
    reasons = [
        f"{found.subject} cannot be read: {found.evidence['reason']}"
        for found in damage.findings()
        if found.severity == "error"
    ]
    named, others = reasons[:_NAMED], len(reasons) - _NAMED
    if others > 0:
        named.append(f"and {counted(others, 'more file')}")
    return "; ".join(named)


def _notes(damage: Damage) -> tuple[str, ...]:
    """Return what a reader should know of what was read."""
    return tuple(
        f"{found.code} {found.subject}: {found.message}"
        for found in damage.findings()
        if found.severity != "error"
    )
