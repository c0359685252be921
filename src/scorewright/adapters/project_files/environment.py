"""Settings from the environment: ``SCOREWRIGHT__SECTION__FIELD``.

pydantic-settings reads the process environment itself and parses JSON; here the environment
is an argument, the values are TOML like the file they overlay, and strict types stay strict.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from scorewright.adapters.project_files.locate import KeyPath

__all__ = ["PREFIX", "overlay"]

PREFIX = "SCOREWRIGHT__"


def overlay(
    data: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[KeyPath, str]]:
    """Lay the variables that start with ``SCOREWRIGHT__`` over the values of a file.

    Names are split at two underscores. A part that matches an existing key without regard to
    case takes that key's spelling (columns in ``learner.monotone``), else it is lower-cased.

    Args:
        data: Values of the file; not changed.
        environ: Variable -> value.

    Returns:
        The merged values, and which variable set which key path.
    """
    merged = copy.deepcopy(dict(data))
    variables: dict[KeyPath, str] = {}
    for variable in sorted(environ):
        parts = variable.removeprefix(PREFIX).split("__")
        if not variable.startswith(PREFIX) or not all(parts):
            continue
        path = _set(merged, parts, _value(environ[variable]))
        variables[path] = variable
    return merged, variables


def _set(table: dict[str, Any], parts: list[str], value: Any) -> KeyPath:  # noqa: ANN401 - any TOML value
    path: KeyPath = ()
    for number, part in enumerate(parts, start=1):
        key = next((k for k in table if k.lower() == part.lower()), part.lower())
        path += (key,)
        if number == len(parts):
            table[key] = value
        else:
            if not isinstance(table.get(key), dict):
                table[key] = {}
            table = table[key]
    return path


def _value(raw: str) -> Any:  # noqa: ANN401 - any TOML value
    """Parse one TOML value; what is none (or is a bare date) is text."""
    if "\n" in raw or "\r" in raw:
        return raw
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return raw
    return raw if isinstance(value, date | datetime | time) else value
