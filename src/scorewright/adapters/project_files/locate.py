"""Where things stand in a TOML file: key path -> line and column.

The standard library's parser gives values but no positions, and tomlkit keeps layout but no
line numbers. The scanner here reads text that has already been parsed successfully, so it
needs no error handling of its own: it only has to find keys, values and where they end.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

__all__ = ["Header", "KeyPath", "Outline", "Position", "outline"]

KeyPath = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]*")
_FILLING = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_STRINGS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r'"""(?:\\.|[^\\])*?"""(?:"{0,2})',
        r"'''.*?'''(?:'{0,2})",
        r'"(?:\\.|[^"\\])*"',
        r"'[^']*'",
    )
)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text; both numbers count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Header:
    """A ``[table]`` or ``[[array of tables]]`` line, with the path it opens."""

    path: KeyPath
    line: int


@dataclass(frozen=True, slots=True)
class Outline:
    """The places of all keys, array elements and headers of a TOML text."""

    positions: Mapping[KeyPath, Position]
    headers: tuple[Header, ...]

    def nearest(self, path: KeyPath) -> Position:
        """Return the place of the path, or of the nearest thing that contains it."""
        for length in range(len(path), 0, -1):
            found = self.positions.get(path[:length])
            if found is not None:
                return found
        return Position(1, 1)


def outline(text: str) -> Outline:
    """Find the place of every key in a valid TOML text.

    Args:
        text: TOML that ``tomllib`` accepts, without a byte order mark.

    Returns:
        Paths are as ``tomllib`` would nest them; elements of arrays are counted from 0.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.run()
    return Outline(scanner.positions, tuple(scanner.headers))


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line_starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self.positions: dict[KeyPath, Position] = {}
        self.headers: list[Header] = []
        self.array_lengths: dict[KeyPath, int] = {}

    def run(self) -> None:
        prefix: KeyPath = ()
        self.skip(_FILLING)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                prefix = self.header()
            else:
                self.pair(prefix)
            self.skip(_FILLING)

    def here(self) -> Position:
        line = bisect.bisect_right(self.line_starts, self.at)
        return Position(line, self.at - self.line_starts[line - 1] + 1)

    def skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found.group()

    def header(self) -> KeyPath:
        place = self.here()
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        parts = self.key()
        self.skip(_BLANK)
        self.at += 2 if is_array else 1
        path: KeyPath = ()
        for number, part in enumerate(parts, start=1):
            path += (part,)
            self.positions.setdefault(path, place)
            if is_array and number == len(parts):
                self.array_lengths[path] = self.array_lengths.get(path, 0) + 1
            if path in self.array_lengths:
                path += (self.array_lengths[path] - 1,)
        self.positions[path] = place
        self.headers.append(Header(path, place.line))
        return path

    def pair(self, prefix: KeyPath) -> None:
        place = self.here()
        parts = self.key()
        for path in accumulate(((part,) for part in parts), initial=prefix):
            if path != prefix:
                self.positions.setdefault(path, place)
        self.skip(_BLANK)
        self.at += 1  # the equals sign
        self.skip(_BLANK)
        self.value((*prefix, *parts))

    def key(self) -> list[str]:
        parts = []
        while True:
            self.skip(_BLANK)
            if self.text[self.at] in "\"'":
                parts.append(str(tomllib.loads(f"key = {self.string()}")["key"]))
            else:
                parts.append(self.skip(_BARE_KEY))
            self.skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def string(self) -> str:
        return next(raw for pattern in _STRINGS if (raw := self.skip(pattern)))

    def value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self.string()
        elif opening == "[":
            self.array(path)
        elif opening == "{":
            self.inline_table(path)
        else:
            self.skip(_SCALAR)

    def array(self, path: KeyPath) -> None:
        self.at += 1
        self.skip(_FILLING)
        index = 0
        while self.text[self.at] != "]":
            self.positions[*path, index] = self.here()
            self.value((*path, index))
            index += 1
            self.comma()
        self.at += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        self.skip(_FILLING)
        while self.text[self.at] != "}":
            self.pair(path)
            self.comma()
        self.at += 1

    def comma(self) -> None:
        self.skip(_FILLING)
        if self.text[self.at] == ",":
            self.at += 1
            self.skip(_FILLING)
