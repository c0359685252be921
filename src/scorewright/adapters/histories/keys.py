"""From the keys that rows name to the applicant they belong to."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.tables import plain_text

__all__ = ["Applicants", "KeyMap"]

Positions = npt.NDArray[np.int32]
_NOBODY: Final = -1
_SPARSE: Final = 4
_SEED: Final = 20_240_229
"""Of a hash that lives only as long as the process; which one does not show in any result."""


@dataclass(frozen=True, slots=True, eq=False)
class Applicants:
    """The applications: their keys, and the bucket of each.

    Attributes:
        keys: Keys in the order of the applications, repeated ones too.
        buckets: Shape (n,), number of the bucket by position.
        count: How many buckets.
    """

    keys: pl.Series
    buckets: npt.NDArray[np.uint16]
    count: int

    @classmethod
    def of(cls, keys: pl.Series, count: int) -> Applicants:
        """Choose the buckets by the keys' text, so that 7 and "7" share one, on any machine."""
        texts = plain_text(keys).fill_null("")
        sums = np.fromiter(
            (zlib.crc32(text.encode()) for text in texts), dtype=np.uint32, count=len(texts)
        )
        # The low bits of a checksum of short numbers are less even than a mix of all.
        mixed = (sums.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
        return cls(keys, (mixed % np.uint64(count)).astype(np.uint16), count)

    def own(self) -> Positions:
        """Return the position of each application: itself."""
        return np.arange(len(self.keys), dtype=np.int32)

    def keys_at(self, positions: Positions) -> pl.Series:
        """Return the keys by position; what stands for nobody's key means nothing."""
        if len(self.keys) == 0:
            return self.keys.clear().extend_constant(None, len(positions))
        return self.keys.gather(np.maximum(positions, 0))

    def bucket_of(self, positions: Positions) -> npt.NDArray[np.uint16]:
        """Return buckets by position; that of nobody is ``count``."""
        table = np.append(self.buckets, np.uint16(self.count))
        return table[positions]  # position -1 is the last entry


class KeyMap:
    """Finds the applicant a key leads to.

    Args:
        keys: Keys of the table above, in its own type; each once, missing ones are passed over.
        positions: Shape (n,), the position of the applicant of each, -1 for nobody.
    """

    def __init__(self, keys: pl.Series, positions: Positions) -> None:
        self.is_integer = keys.dtype.is_integer()
        known = keys.is_not_null()
        if not known.all():
            keys, positions = keys.filter(known), positions[known.to_numpy()]
        self._keys = _as_key(keys, is_integer=self.is_integer)
        self._positions = positions
        self._seed = _SEED
        codes = self._codes(self._keys)
        self._low = 0
        self._table: Positions | None = None
        self._order, self._sorted = np.empty(0, np.int64), np.empty(0, np.int64)
        if self.is_integer and len(codes) > 0 and _is_dense(codes):
            self._low = int(codes.min())
            table = np.full(int(codes.max()) - self._low + 1, _NOBODY, np.int32)
            table[codes - self._low] = self._positions
            self._table = table
            self._keys, self._positions = self._keys.clear(), positions[:0]  # all is in the table
        else:
            self._sort(codes)
            while not self.is_integer and bool((self._sorted[1:] == self._sorted[:-1]).any()):
                self._seed += 1  # two keys share a hash: once in thousands of large portfolios
                self._sort(self._codes(self._keys))

    def _sort(self, codes: npt.NDArray[np.int64]) -> None:
        self._order = np.argsort(codes, kind="stable")
        self._sorted = codes[self._order]

    def positions_of(self, keys: pl.Series) -> Positions:
        """Return the position of each row's applicant, -1 for nobody.

        Args:
            keys: What the rows name, integers or texts.
        """
        named = _as_key(keys, is_integer=self.is_integer)
        given = named.is_not_null().to_numpy()
        codes = self._codes(named)
        if self._table is not None:
            at = codes - self._low
            inside = given & (at >= 0) & (at < len(self._table))
            return np.where(inside, self._table[np.where(inside, at, 0)], np.int32(_NOBODY))
        if len(self._sorted) == 0:
            return np.full(len(named), _NOBODY, np.int32)
        at = np.minimum(np.searchsorted(self._sorted, codes), len(self._sorted) - 1)
        found = given & (self._sorted[at] == codes)
        rows = self._order[at]
        if not self.is_integer:  # a text that is no key may share the hash of one
            found &= (self._keys.gather(rows) == named).fill_null(value=False).to_numpy()
        return np.where(found, self._positions[rows], np.int32(_NOBODY))

    def _codes(self, keys: pl.Series) -> npt.NDArray[np.int64]:
        if self.is_integer:
            return keys.fill_null(0).to_numpy()
        return keys.hash(self._seed).reinterpret(signed=True).to_numpy()


def _is_dense(codes: npt.NDArray[np.int64]) -> bool:
    return int(codes.max()) - int(codes.min()) < _SPARSE * len(codes) + (1 << 20)


def _as_key(keys: pl.Series, *, is_integer: bool) -> pl.Series:
    """Bring keys into one form, whatever width or type their table stores them in."""
    if is_integer:
        whole = keys.cast(pl.Int64, strict=False)
        return whole.set(whole.cast(keys.dtype) != keys, None) if keys.dtype.is_float() else whole
    return keys if keys.dtype == pl.String else plain_text(keys)
