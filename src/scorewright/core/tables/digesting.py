"""The digest of a table's content, whatever file it came from."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.digests import canonical_json, sha256_hex

__all__ = ["frame_digest"]

_MISSING: Final = 0


def frame_digest(frame: pl.DataFrame) -> str:
    """Digest names, types, order and values of a table.

    Numbers are hashed as little-endian 64-bit values, text as UTF-8 with its lengths, dates as
    days and moments as microseconds since 1970, missing cells apart. NaN counts as missing and
    -0.0 as 0.0. So the digest depends neither on the file format nor on the library that read it,
    once the columns have the types of their contract.

    Args:
        frame: Typed rows.

    Returns:
        SHA-256 as 64 hexadecimal characters.
    """
    listing = [[series.name, *_column(series)] for series in frame]
    return sha256_hex(canonical_json({"rows": frame.height, "columns": listing}))


def _column(series: pl.Series) -> tuple[str, str]:
    kind, parts = _buffers(series)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return kind, digest.hexdigest()


def _buffers(series: pl.Series) -> tuple[str, list[bytes | memoryview]]:
    dtype = series.dtype
    if dtype.is_float():
        filled = series.cast(pl.Float64).fill_nan(None)
        # Adding zero turns -0.0 into 0.0 and changes nothing else.
        return "number", [_mask(filled), _bytes(filled.fill_null(_MISSING).to_numpy() + 0.0)]
    if dtype == pl.Boolean:
        return "boolean", [
            _mask(series),
            _bytes(series.cast(pl.Int8).fill_null(_MISSING).to_numpy()),
        ]
    if dtype.is_integer() or dtype == pl.Date:
        kind = "date" if dtype == pl.Date else "integer"
        values = series.to_physical().cast(pl.Int64).fill_null(_MISSING)
        return kind, [_mask(series), _bytes(values.to_numpy())]
    if isinstance(dtype, pl.Datetime):
        values = series.dt.cast_time_unit("us").to_physical().fill_null(_MISSING)
        return "datetime", [_mask(series), _bytes(values.to_numpy())]
    text = series.cast(pl.String)
    lengths = text.str.len_bytes().fill_null(_MISSING).cast(pl.Int64)
    joined: str = text.fill_null("").str.join("").item() if len(text) else ""
    return "text", [_mask(text), _bytes(lengths.to_numpy()), joined.encode()]


def _mask(series: pl.Series) -> bytes:
    return b"" if series.null_count() == 0 else np.packbits(series.is_null().to_numpy()).tobytes()


def _bytes(values: npt.NDArray[Any]) -> memoryview:
    little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False))
    return little.view(np.uint8).data
