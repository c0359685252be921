"""Changing ``scorewright.toml`` without disturbing what people wrote in it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Array, InlineTable

from scorewright.adapters.project_files.aside import write_texts
from scorewright.adapters.project_files.load import read_settings_text
from scorewright.adapters.project_files.source import TomlSource, parse
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["accept_finding"]

_SHORTEST_REASON = 10


def accept_finding(file: Path, code: str, column: str, reason: str) -> None:
    """Add a ``[[leakage.accept]]`` entry; everything else in the file stays as it is.

    Args:
        file: The settings file.
        code: Code of the finding, such as ``LEAK-002``.
        column: The column it is about.
        reason: Why it is safe, in at least ten characters.

    Raises:
        UsageError: ``accept-reason-short``, ``accept-duplicate``, ``config-syntax``,
            ``config-unreadable``, ``config-invalid`` (``leakage.accept`` is no list).
        ScorewrightError: ``write-failed``, or ``config-edit-failed`` where the file is written
            so unusually that the edit would disturb other lines.
    """
    if len(reason.strip()) < _SHORTEST_REASON:
        raise UsageError(
            f"The reason '{reason.strip()}' is too short to be understood a year later.",
            remedy=f"Say in at least {_SHORTEST_REASON} characters why the column is known "
            "when the decision is made.",
            code="accept-reason-short",
        )
    source = parse(file, read_settings_text(file), "config-syntax")
    line_end = "\r\n" if b"\r\n" in file.read_bytes() else "\n"
    _refuse_duplicate(source, code, column)
    entry = {"code": code, "column": column, "reason": reason.strip()}
    leakage = source.data.get("leakage", {})
    is_inline = "accept" in leakage and not _has_headers(source, ("leakage", "accept"))
    if is_inline or ("leakage" in source.data and not _has_headers(source, ("leakage",))):
        text = _with_inline_entry(source, entry)
    else:
        text = _with_table(source, entry)
    _prove(source, entry, text)
    write_texts({file: text.replace("\n", line_end)})


def _refuse_duplicate(source: TomlSource, code: str, column: str) -> None:
    leakage = source.data.get("leakage", {})
    accepted = leakage.get("accept", []) if isinstance(leakage, dict) else None
    if not isinstance(accepted, list):
        place = source.place(("leakage", "accept"))
        raise UsageError(
            f"{source.file}:{place.line}:{place.column}: leakage.accept should be a list of "
            "tables.",
            remedy="Write each accepted finding under [[leakage.accept]].",
            code="config-invalid",
        )
    for number, old in enumerate(accepted):
        if isinstance(old, dict) and (old.get("code"), old.get("column")) == (code, column):
            place = source.place(("leakage", "accept", number))
            raise UsageError(
                f"{code} on column '{column}' is accepted already, at {source.file}:{place.line}.",
                remedy="Change the reason there if it is no longer right.",
                code="accept-duplicate",
            )


def _prove(source: TomlSource, entry: dict[str, str], text: str) -> None:
    """Refuse an edit that would change anything but the one entry."""
    wanted = {**source.data}
    leakage = wanted.get("leakage", {})
    wanted["leakage"] = {**leakage, "accept": [*leakage.get("accept", []), entry]}
    if tomllib.loads(text) != wanted:
        raise ScorewrightError(
            f"The entry could not be added to {source.file} without disturbing other lines.",
            remedy=f"Add it by hand:\n{tomlkit.dumps({'leakage': {'accept': [entry]}})}",
            code="config-edit-failed",
        )


def _has_headers(source: TomlSource, path: tuple[str, ...]) -> bool:
    return any(header.path[: len(path)] == path for header in source.outline.headers)


def _with_table(source: TomlSource, entry: dict[str, str]) -> str:
    """Insert ``[[leakage.accept]]`` behind the last leakage table, or at the end of the file.

    Comments that touch the next header from above belong to that header and stay with it.
    """
    block = tomlkit.dumps({"leakage": {"accept": [entry]}}).strip().split("\n")
    lines = source.text.rstrip("\n").split("\n")
    headers = source.outline.headers
    ours = [n for n, header in enumerate(headers) if header.path[:1] == ("leakage",)]
    end = len(lines)
    if ours and ours[-1] + 1 < len(headers):
        end = headers[ours[-1] + 1].line - 1
        while lines[end - 1].lstrip().startswith("#"):
            end -= 1
        while not lines[end - 1].strip():
            end -= 1
    rest = lines[end:]
    return "\n".join([*lines[:end], "", *block, *rest]) + "\n"


def _with_inline_entry(source: TomlSource, entry: dict[str, str]) -> str:
    """Add the entry where ``accept`` is written as a list in one place, with tomlkit."""
    document = tomlkit.parse(source.text)
    leakage: Any = document["leakage"]
    inline = tomlkit.inline_table()
    inline.update(entry)
    if "accept" not in leakage:
        leakage["accept"] = tomlkit.array()
    accept: Array = leakage["accept"]
    if isinstance(leakage, InlineTable):
        accept.append(inline)  # an inline table stays on its line
    else:
        accept.add_line(inline)
    return tomlkit.dumps(document)
