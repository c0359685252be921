"""The ``meta.yaml`` of experiments, runs and models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from scorewright.adapters.file_stores.damage import Damage
from scorewright.adapters.file_stores.folders import Folders

__all__ = ["META", "Meta", "read_meta"]

META = "meta.yaml"
#: The parser recurses in C: a text longer than this is first looked at for deep nesting.
_SHORT, _DEEPEST = 1_000, 50
_WIDEST = 1 << 63


class Meta:
    """The fields of one file, of the types they ought to have.

    Args:
        fields: What the file holds.
        path: The file.
        damage: Told of fields of another type.
        is_whole: It has all fields that it needs.
    """

    def __init__(
        self, fields: Mapping[Any, Any], path: str, damage: Damage, *, is_whole: bool
    ) -> None:
        self.is_whole = is_whole
        self.fields = fields
        self.path = path
        self._damage = damage

    def text(self, *names: str) -> str | None:
        """Return the first of some fields that is there, as text."""
        for name in names:
            value = self.fields.get(name)
            if isinstance(value, list | dict):
                self._wrong(name, "text")
            elif value is not None:
                return str(value)
        return None

    def whole(self, *names: str) -> int | None:
        """Return the first of some fields that is there, as a whole number."""
        for name in names:
            value = self.fields.get(name)
            if value is None:
                continue
            try:
                number = int(value)
            except (TypeError, ValueError, OverflowError):
                self._wrong(name, "a whole number")
                continue
            if -_WIDEST <= number < _WIDEST:
                return number
            self._wrong(name, "a whole number of 64 bits")
        return None

    def word(self, name: str, words: Mapping[int, str], default: str) -> str:
        """Return a field that is kept as the number of a word; words themselves are taken too."""
        value = self.fields.get(name, None)
        if value is None:
            return default
        if value in words.values():
            return str(value)
        if isinstance(value, int) and value in words:
            return words[value]
        self._wrong(name, "one of " + ", ".join(words.values()))
        return ""

    def mapping(self, name: str) -> dict[str, str]:
        """Return a field of keys and values."""
        value = self.fields.get(name) or {}
        if not isinstance(value, dict):
            self._wrong(name, "keys and values")
            return {}
        return {str(key): str(content) for key, content in value.items()}

    def _wrong(self, name: str, expected: str) -> None:
        self._damage.unreadable(self.path, f"the field {name!r} is not {expected}")


def read_meta(folders: Folders, path: str, needed: tuple[str, ...] = ()) -> Meta | None:
    """Read a ``meta.yaml``; None, with a finding, if it is empty, damaged or cannot be read.

    Args:
        folders: Reads files.
        path: The file.
        needed: Fields without which a finding is made; a file that has none of them is damaged.
    """
    text = folders.text(path)
    if text is None:
        return None
    fields = _parsed(text)
    if isinstance(fields, dict):
        lacking = [name for name in needed if name not in fields]
        if lacking:
            folders.damage.unreadable(path, "it lacks " + ", ".join(lacking))
        if needed and len(lacking) == len(needed):
            return None
        return Meta(fields, path, folders.damage, is_whole=not lacking)
    if fields is None:
        folders.damage.unreadable(path, "it is empty" if not text.strip() else "it is no YAML")
    else:
        folders.damage.unreadable(path, "it holds no fields")
    return None


def _parsed(text: str) -> object:
    """Parse a text; None where it is empty, damaged or nested without sense."""
    try:
        if len(text) > _SHORT and _depth(text) > _DEEPEST:
            return None
        # The safe loader in C: plain data alone.
        found: object = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    return found


def _depth(text: str) -> int:
    """Count how deep a text nests, without recursion; stops where it is too deep."""
    depth = deepest = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > _DEEPEST:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest
