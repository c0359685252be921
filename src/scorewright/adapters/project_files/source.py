"""Reading a TOML file so that every later complaint can name its line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorewright.adapters.project_files.locate import KeyPath, Outline, Position, outline
from scorewright.core.errors import UsageError

__all__ = ["TomlSource", "decode", "mask", "parse", "read_bytes"]

_AT = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEY_TUPLE = re.compile(r"\('[^)]*\)")
_QUOTED = re.compile(r"'([^']*)'")
_PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s@]*@")
_WIDE = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class TomlSource:
    """A TOML file, read.

    Attributes:
        file: Where it lies.
        text: Its text, line ends as line feeds, without a byte order mark.
        data: Its values.
        outline: Where each of them stands.
    """

    file: Path
    text: str
    data: dict[str, Any]
    outline: Outline

    def place(self, path: KeyPath) -> Position:
        """Return where a key path stands, or the nearest thing that contains it."""
        return self.outline.nearest(path)


def read_bytes(file: Path, code: str) -> bytes:
    """Return the file's bytes.

    Raises:
        UsageError: ``code``, when the file cannot be read (a folder, no permission).
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror or error}.",
            remedy="Check that it is a file and that you may read it.",
            code=code,
            details={"file": str(file)},
        ) from error


def decode(file: Path, raw: bytes, code: str) -> str:
    """Return the text of a UTF-8 file; a byte order mark is passed over.

    Raises:
        UsageError: ``code``, naming line and column of the first byte that is not UTF-8.
    """
    remedy = "Save the file as UTF-8."
    for mark, name in _WIDE:
        if raw.startswith(mark):
            raise UsageError(
                f"{file}:1:1: the file is saved as {name}, TOML must be UTF-8.",
                remedy=remedy,
                code=code,
                details={"file": str(file), "line": 1, "column": 1},
            )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        start = before.rfind(b"\n") + 1
        column = len(before[start:].decode("utf-8", errors="replace")) + 1
        shown = raw.splitlines()[line - 1].decode("utf-8", errors="replace")
        raise UsageError(
            f"{file}:{line}:{column}: byte 0x{error.object[error.start]:02x} is not UTF-8."
            f"\n    {mask(shown)}",
            remedy=remedy,
            code=code,
            details={"file": str(file), "line": line, "column": column},
        ) from error
    return text.replace("\r\n", "\n")


def parse(file: Path, text: str, code: str) -> TomlSource:
    """Parse a TOML text.

    Raises:
        UsageError: ``code``, with line, column and the text of the line.
    """
    try:
        return TomlSource(file, text, tomllib.loads(text), outline(text))
    except tomllib.TOMLDecodeError as error:
        message, place = _explain(str(error), text)
    except RecursionError:
        message, place = "Values are nested too deeply", Position(1, 1)
    is_twice = message.startswith("Cannot declare")
    raise UsageError(
        f"{file}:{place.line}:{place.column}: {message}.\n{_pointed(text, place)}",
        remedy="That section stands above already: put its lines there."
        if is_twice
        else "Correct that line. Texts need quotes, tables a [name], lists [ ].",
        code=code,
        details={"file": str(file), "line": place.line, "column": place.column},
    )


def mask(text: str) -> str:
    """Hide passwords of addresses, and shorten what is very long."""
    hidden = _PASSWORD.sub(r"\1***@", text)
    return hidden if len(hidden) <= _SHOWN else hidden[: _SHOWN - 3] + "..."


def _explain(message: str, text: str) -> tuple[str, Position]:
    found = _AT.search(message)
    plain = message[: found.start()] if found else message
    plain = _KEY_TUPLE.sub(lambda key: f"[{'.'.join(_QUOTED.findall(key.group()))}]", plain)
    if found and found.group(1):
        return plain, Position(int(found.group(1)), int(found.group(2)))
    lines = text.rstrip("\n").split("\n")
    return f"{plain} at the end of the file", Position(len(lines), len(lines[-1]) + 1)


def _pointed(text: str, place: Position) -> str:
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    shown = mask(line.replace("\t", " "))
    if shown != line.replace("\t", " "):
        return f"    {shown}"
    return f"    {shown}\n    {' ' * (place.column - 1)}^"
