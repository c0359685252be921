"""Puts the best parameters into ``scorewright.toml`` without disturbing what people wrote."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from scorewright.adapters.project_files import write_texts
from scorewright.core.errors import ScorewrightError

__all__ = ["write_params"]


def write_params(file: Path, params: Mapping[str, Any]) -> None:
    """Set ``[learner.params]``; parameters that are not given stay as they are.

    Args:
        file: The settings file.
        params: Parameter -> value.

    Raises:
        ScorewrightError: ``write-failed``, or ``config-edit-failed`` where the file is written
            so unusually that the edit would disturb other lines.
    """
    raw = file.read_bytes().decode("utf-8-sig")
    text = raw.replace("\r\n", "\n")
    wanted = tomllib.loads(text)
    learner = dict(wanted.get("learner", {}))
    wanted["learner"] = {**learner, "params": {**learner.get("params", {}), **params}}
    try:
        edited = _edited(text, params)
        is_right = tomllib.loads(edited) == wanted
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError):
        is_right, edited = False, ""
    if not is_right:
        block = tomlkit.dumps({"learner": {"params": dict(params)}})
        raise ScorewrightError(
            f"The parameters could not be written to {file} without disturbing other lines.",
            remedy=f"Put them there by hand:\n{block}",
            code="config-edit-failed",
        )
    write_texts({file: edited.replace("\n", "\r\n") if "\r\n" in raw else edited})


def _edited(text: str, params: Mapping[str, Any]) -> str:
    document = tomlkit.parse(text)
    if "learner" not in document:
        block = tomlkit.dumps({"learner": {"params": dict(params)}})
        return f"{text.rstrip()}\n\n{block}"
    learner: Any = document["learner"]
    if "params" not in learner:
        learner["params"] = tomlkit.table() if _is_table(learner) else tomlkit.inline_table()
    table: Any = learner["params"]
    for name, value in params.items():
        table[name] = value
    return tomlkit.dumps(document)


def _is_table(item: object) -> bool:
    from tomlkit.items import Table  # noqa: PLC0415 - only here

    return isinstance(item, Table)
