"""Digests of rows that do not depend on the order in which the rows are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b, sha256
from typing import Any, Final

__all__ = ["RowsDigest"]

_BYTES: Final = 32
_MODULUS: Final = 1 << (8 * _BYTES)


class RowsDigest:
    """The digest of a table: SHA-256 over the columns, the number of rows, and their sum.

    The sum is that of the rows' BLAKE2b digests modulo 2^256 (Bellare and Micciancio 1997, "A new
    paradigm for collision-free hashing"): rows may come in any order, nothing is sorted, and no
    row is kept. It tells of accidents, not of forgers.

    Args:
        columns: In the order of the values.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._sum = 0
        self.rows = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take in rows.

        Args:
            rows: Tuples of text, bytes, numbers and None. Their ASCII form is digested: unlike
                ``repr`` it is the same in every release of Python.
        """
        found = [blake2b(ascii(row).encode("ascii"), digest_size=_BYTES).digest() for row in rows]
        self.rows += len(found)
        total = sum(int.from_bytes(digest, "little") for digest in found)
        self._sum = (self._sum + total) % _MODULUS

    def hexdigest(self) -> str:
        """Return 64 hexadecimal characters."""
        return sha256(ascii((self._columns, self.rows, self._sum)).encode("ascii")).hexdigest()
