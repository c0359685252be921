"""Universal Binary JSON, draft 12, as XGBoost writes it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["read_ubjson"]

#: Marker -> type of a number, high byte first.
_NUMBERS = {
    b"i": ">i1",
    b"U": ">u1",
    b"I": ">i2",
    b"l": ">i4",
    b"L": ">i8",
    b"d": ">f4",
    b"D": ">f8",
}
_WORDS = {b"T": True, b"F": False, b"Z": None}
_DEEPEST = 64


def read_ubjson(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read a document. Typed arrays of numbers become NumPy arrays.

    Raises:
        ValueError: It is cut, nested too deeply, or no such document.
    """
    reader = _Reader(content)
    return reader.value(reader.take(1), 0)


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        end = self._at + size
        if size < 0 or end > len(self._content):
            raise ValueError("the document is cut")
        found = self._content[self._at : end]
        self._at = end
        return found

    def value(self, marker: bytes, depth: int) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value that begins with a marker."""
        if depth > _DEEPEST:
            raise ValueError("the document is nested too deeply")
        if marker in _NUMBERS:
            return self._array(marker, 1)[0].item()
        if marker in _WORDS:
            return _WORDS[marker]
        match marker:
            case b"S":
                return self._text()
            case b"C":
                return self.take(1).decode("latin-1")
            case b"[":
                return self._list(depth + 1)
            case b"{":
                return self._mapping(depth + 1)
            case _:
                raise ValueError(f"the document has an unknown marker {marker!r}")

    def _array(self, marker: bytes, size: int) -> np.ndarray[Any, Any]:
        dtype = np.dtype(_NUMBERS[marker])
        return np.frombuffer(self.take(size * dtype.itemsize), dtype=dtype)

    def _size(self) -> int:
        marker = self.take(1)
        if marker not in _NUMBERS or marker in b"dD":
            raise ValueError("the document has a length that is no number")
        size = int(self.value(marker, 0))
        # Whatever is counted takes a byte at least.
        if not 0 <= size <= len(self._content):
            raise ValueError("the document has an impossible length")
        return size

    def _text(self) -> str:
        return self.take(self._size()).decode("utf-8")

    def _list(self, depth: int) -> Any:  # noqa: ANN401 - a list or an array
        marker = self.take(1)
        if marker == b"$":
            kind = self.take(1)
            if self.take(1) != b"#":
                raise ValueError("the document has a typed list without a length")
            size = self._size()
            if kind in _NUMBERS:
                return self._array(kind, size)
            if kind in _WORDS:
                # They take no bytes: a few of these could claim all memory.
                raise ValueError("the document has a counted list of nothing")
            return [self.value(kind, depth) for _ in range(size)]
        if marker == b"#":
            return [self.value(self.take(1), depth) for _ in range(self._size())]
        found = []
        while marker != b"]":
            found.append(self.value(marker, depth))
            marker = self.take(1)
        return found

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (marker := self.take(1)) != b"}":
            # The marker of a key is the type of its length.
            self._at -= 1
            if marker not in _NUMBERS:
                raise ValueError("the document has a key without a length")
            key = self._text()
            found[key] = self.value(self.take(1), depth)
        return found
