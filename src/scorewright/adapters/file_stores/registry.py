"""The registry of a tree: ``<root>/models/<name>/version-<n>``, since MLflow 2.0."""

from __future__ import annotations

import os
import re
from pathlib import Path

from scorewright.adapters.file_stores.experiments import MODELS
from scorewright.adapters.file_stores.meta import META, Meta, read_meta
from scorewright.adapters.file_stores.reading import Reading

__all__ = ["read_registry"]

_VERSION = re.compile(r"version-(\d{1,18})")
_PARTS = ("tags", "aliases")


def read_registry(root: str, reading: Reading) -> int:
    """Read registered models with their versions, tags and aliases; return how many models.

    Args:
        root: The tree.
        reading: Where the rows go.
    """
    folder = f"{root}/{MODELS}"
    if not Path(folder).is_dir():
        return 0
    found = reading.folders.folders(folder)
    for entry in found:
        _model(entry, reading)
    if found:
        reading.seen(2)
    return len(found)


def _model(entry: os.DirEntry[str], reading: Reading) -> None:
    parts = {part.name: part for part in reading.folders.entries(entry.path)}
    versions = [part for name, part in parts.items() if _VERSION.fullmatch(name)]
    if META not in parts and not versions:
        message = "The folder is no registered model: it has no meta.yaml and no versions."
        reading.damage.homeless(entry.path, message, entries=len(parts))
        return
    meta = _meta(entry.path, parts, "registered model", reading)
    # The folder's name is what MLflow looks a model up by.
    name = reading.folders.name(entry)
    reading.rows.add(
        "registered_models",
        name,
        meta and meta.text("description"),
        meta and meta.whole("creation_timestamp"),
        meta and meta.whole("last_updated_timestamp"),
    )
    if "tags" in parts:
        for key, value in reading.folders.texts(parts["tags"].path):
            reading.rows.add("registered_model_tags", name, key, value)
    if "aliases" in parts:
        _aliases(parts["aliases"].path, name, reading)
    for part in versions:
        _version(part, name, reading)
    known = {META, *_PARTS, *(part.name for part in versions)}
    reading.others["entries not understood"] += len(parts.keys() - known)


def _aliases(folder: str, name: str, reading: Reading) -> None:
    for alias, path in reading.folders.files(folder):
        text = reading.folders.text(path)
        if text is None:
            continue
        if text.strip().isdecimal():
            reading.rows.add("registered_model_aliases", name, alias, int(text))
        else:
            reading.damage.unreadable(path, "an alias holds the number of a version")


def _version(entry: os.DirEntry[str], name: str, reading: Reading) -> None:
    parts = {part.name: part for part in reading.folders.entries(entry.path)}
    meta = _meta(entry.path, parts, "model version", reading)
    number = int(entry.name.removeprefix("version-"))
    row: dict[str, object] = {"name": name, "version": number, "stage": "None", "status": ""}
    if meta is not None:
        row |= {
            "stage": meta.text("current_stage") or "None",
            "status": meta.text("status") or "READY",
            "status_message": meta.text("status_message"),
            "description": meta.text("description"),
            "source": meta.text("source"),
            "storage_location": meta.text("storage_location"),
            "run_id": meta.text("run_id"),
            "run_link": meta.text("run_link"),
            "user_id": meta.text("user_id"),
            "creation_time": meta.whole("creation_timestamp"),
            "last_update_time": meta.whole("last_updated_timestamp"),
        }
        if "storage_location" in meta.fields and "workspace" in meta.fields:
            reading.seen(3)
    reading.rows.add_named("model_versions", row)
    if "tags" in parts:
        for key, value in reading.folders.texts(parts["tags"].path):
            reading.rows.add("model_version_tags", name, number, key, value)


def _meta(
    path: str, parts: dict[str, os.DirEntry[str]], what: str, reading: Reading
) -> Meta | None:
    if META in parts:
        meta = read_meta(reading.folders, parts[META].path, ("name",))
        reading.understood += meta is not None and meta.is_whole
        return meta
    reading.damage.homeless(path, f"The {what} has no meta.yaml.", severity="error")
    return None
