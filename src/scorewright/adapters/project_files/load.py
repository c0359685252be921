"""Loading ``scorewright.toml``: found upwards, overlaid by the environment, validated."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scorewright.adapters.project_files.environment import overlay
from scorewright.adapters.project_files.locate import KeyPath
from scorewright.adapters.project_files.problems import Codes, Problems
from scorewright.adapters.project_files.source import TomlSource, decode, parse, read_bytes
from scorewright.core.errors import UsageError
from scorewright.core.project import Settings

__all__ = ["FILE_NAME", "LoadedProject", "find_settings", "load_settings", "read_settings_text"]

FILE_NAME = "scorewright.toml"
_CODES = Codes(
    unknown="config-unknown-key",
    invalid="config-invalid",
    noun="a setting",
    remedy="Correct the settings named above; docs/reference/settings.md explains each of them.",
)


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """A project's settings and where they came from.

    Attributes:
        root: Folder of the file; relative paths in the settings start here.
        file: The settings file.
        settings: Validated values.
        origins: Dotted key -> ``FILE:LINE`` or ``environment variable NAME``; what is not
            listed has its default.
    """

    root: Path
    file: Path
    settings: Settings
    origins: Mapping[str, str]


def find_settings(path: Path | None, start: Path) -> Path:
    """Return the settings file: the given one, or the nearest upwards from ``start``.

    Raises:
        UsageError: ``config-missing``.
    """
    if path is not None:
        file = path / FILE_NAME if path.is_dir() else path
        if file.exists():
            return file.resolve()
        searched = f"There is no file {file}."
    else:
        for folder in (start.resolve(), *start.resolve().parents):
            if (folder / FILE_NAME).is_file():
                return folder / FILE_NAME
        searched = f"There is no {FILE_NAME} in {start.resolve()} or any folder above it."
    raise UsageError(
        searched,
        remedy="Start a project with 'scorewright init FILE' (FILE is your table), "
        "or name an existing one with --config.",
        code="config-missing",
    )


def read_settings_text(file: Path) -> str:
    """Return the text of a settings file.

    Raises:
        UsageError: ``config-unreadable``, or ``config-syntax`` when it is not UTF-8.
    """
    return decode(file, read_bytes(file, "config-unreadable"), "config-syntax")


def load_settings(path: Path | None, start: Path, environ: Mapping[str, str]) -> LoadedProject:
    """Find, parse, overlay and validate the settings of a project.

    Args:
        path: The settings file or its folder, if the user named one.
        start: Where the search upwards starts otherwise.
        environ: Environment variables; ``SCOREWRIGHT__SECTION__FIELD`` wins over the file.

    Returns:
        The settings with their origins.

    Raises:
        UsageError: ``config-missing``, ``config-unreadable``, ``config-syntax``,
            ``config-unknown-key`` or ``config-invalid``, pointing at file, line and column.
    """
    file = find_settings(path, start)
    source = parse(file, read_settings_text(file), "config-syntax")
    data, variables = overlay(source.data, environ)
    settings = _validated(source, data, variables)
    return LoadedProject(file.parent, file, settings, _origins(source, data, variables))


def _validated(
    source: TomlSource, data: dict[str, Any], variables: Mapping[KeyPath, str]
) -> Settings:
    problems = Problems(source, _CODES, variables)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        problems.add_all(error, Settings, data)
        problems.raise_if_any()
        raise
    _cross_check(settings, problems)
    problems.raise_if_any()
    return settings


def _cross_check(settings: Settings, problems: Problems) -> None:
    """Check what one field alone cannot know."""
    table = settings.data.table
    if table not in settings.tables:
        near = difflib.get_close_matches(table, settings.tables, n=1) or list(settings.tables)
        problems.add(
            ("data", "table"),
            f"data.table names '{table}', but there is no [tables.{table}]; "
            f"there is {', '.join(near)}",
        )
    seen: dict[str, str] = {}
    for role in ("target", "key", "decision_date"):
        column = getattr(settings.data, role)
        if column is not None and column in seen:
            problems.add(
                ("data", role),
                f"data.{role} names '{column}', which is data.{seen[column]} already",
            )
        elif column is not None:
            seen[column] = role
    for cost in ("false_negative", "false_positive"):
        if not math.isfinite(getattr(settings.costs, cost)):
            problems.add(("costs", cost), f"costs.{cost} should be a finite number")


def _origins(
    source: TomlSource, data: Mapping[str, Any], variables: Mapping[KeyPath, str]
) -> dict[str, str]:
    origins = {}
    for path in _leaves(data, ()):
        beginnings = (path[:length] for length in range(len(path), 0, -1))
        variable = next((variables[p] for p in beginnings if p in variables), None)
        origins[".".join(str(part) for part in path)] = (
            f"environment variable {variable}"
            if variable
            else f"{source.file}:{source.place(path).line}"
        )
    return origins


def _leaves(value: Any, path: KeyPath) -> list[KeyPath]:  # noqa: ANN401 - parsed TOML
    if isinstance(value, Mapping) and value:
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, key))]
    return [path] if path else []
