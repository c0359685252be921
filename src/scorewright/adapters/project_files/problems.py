"""What is wrong with a settings file: each problem with its place, all told at once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from scorewright.adapters.project_files.locate import KeyPath, Position
from scorewright.adapters.project_files.schema import Schema
from scorewright.adapters.project_files.source import TomlSource, mask
from scorewright.core.errors import UsageError

__all__ = ["Codes", "Problem", "Problems"]


@dataclass(frozen=True, slots=True)
class Codes:
    """The error codes of a kind of file, and what its entries are called."""

    unknown: str
    invalid: str
    noun: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        place: Line and column; line 0 for a value from the environment.
        where: The same for people: ``scorewright.toml:3:1``.
        code: Error code it would have alone.
        key: Dotted key.
        message: One sentence without the place.
    """

    place: Position
    where: str
    code: str
    key: str
    message: str


class Problems:
    """Collects the problems of one file and raises them together."""

    def __init__(
        self, source: TomlSource, codes: Codes, variables: Mapping[KeyPath, str] | None = None
    ) -> None:
        self._source = source
        self._codes = codes
        self._variables = variables or {}
        self._found: dict[tuple[KeyPath, str], Problem] = {}

    def add(self, path: KeyPath, message: str, code: str | None = None) -> None:
        """Note a problem at a key path; the same path and code is told once."""
        code = code or self._codes.invalid
        place, where = self._locate(path)
        key = ".".join(str(part) for part in path)
        self._found.setdefault((path, code), Problem(place, where, code, key, message))

    def add_all(self, error: ValidationError, model: type[BaseModel], data: Any) -> None:  # noqa: ANN401 - parsed TOML
        """Note every error of a validation, in our words.

        Args:
            error: What pydantic says.
            model: The model that refused.
            data: What it was given.
        """
        schema = Schema(model)
        for item in error.errors(include_url=False, include_context=False):
            location: KeyPath = item["loc"]
            if item["type"] == "extra_forbidden":
                self._add_unknown(location, schema)
            elif item["type"] == "missing":
                path = tuple(location)
                self.add(path, f"{_dotted(path)} is missing ({schema.expected(path)})")
            elif location[-1:] == ("[key]",):
                path = location[:-1]
                self.add(path, f"the name '{path[-1]}' should be {schema.name_rule(path[:-1])}")
            elif item["type"] == "value_error":
                path, _ = _within(data, location)
                said = item["msg"].removeprefix("Value error, ")
                self.add(path, f"{_dotted(path)}: {said}" if path else said)
            else:
                path, value = _within(data, location)
                self.add(
                    path,
                    f"{_dotted(path)} should be {schema.expected(path)}, not {_shown(value)}",
                )

    def raise_if_any(self) -> None:
        """Raise what was found.

        Raises:
            UsageError: With the code of the first problem; ``details`` lists all of them.
        """
        if not self._found:
            return
        problems = sorted(self._found.values(), key=lambda p: (p.place, p.key))
        raise UsageError(
            "\n".join(f"{p.where}: {p.message}." for p in problems),
            remedy=self._codes.remedy,
            code=problems[0].code,
            details={"file": str(self._source.file), "problems": _listed(problems)},
        )

    def _add_unknown(self, path: KeyPath, schema: Schema) -> None:
        known = schema.keys(path[:-1])
        near = difflib.get_close_matches(str(path[-1]).lower(), known, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
        message = f"'{_dotted(path)}' is not {self._codes.noun}; {hint}".rstrip("?")
        self.add(path, message, self._codes.unknown)

    def _locate(self, path: KeyPath) -> tuple[Position, str]:
        for length in range(len(path), 0, -1):
            if path[:length] in self._variables:
                return Position(0, 0), f"environment variable {self._variables[path[:length]]}"
        if path not in self._source.outline.positions:
            for longer, variable in self._variables.items():
                if longer[: len(path)] == path:
                    return Position(0, 0), f"environment variable {variable}"
        place = self._source.place(path)
        return place, f"{self._source.file}:{place.line}:{place.column}"


def _within(data: Any, location: KeyPath) -> tuple[KeyPath, Any]:  # noqa: ANN401 - parsed TOML
    """Follow a location as far as the data goes: pydantic adds the branches of unions to it."""
    path: KeyPath = ()
    for part in location:
        is_key = isinstance(data, Mapping) and part in data
        is_index = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if not (is_key or is_index):
            break
        data = data[part]
        path += (part,)
    return path, data


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: Any) -> str:  # noqa: ANN401 - parsed TOML
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{mask(value)}"'
        case Mapping():
            return "a table"
        case list():
            return mask(f"the list {value}")
        case _:
            return str(value)


def _listed(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "code": p.code,
            "key": p.key,
            "line": p.place.line or None,
            "column": p.place.column or None,
            "where": p.where,
            "message": p.message,
        }
        for p in problems
    ]
