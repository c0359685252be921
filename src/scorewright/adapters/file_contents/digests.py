"""Digests of a data file as programs write them into a store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["digests_of"]

#: MLflow looks at so many rows of a table, and keeps so many digits.
_ROWS = 10_000
_DIGITS = 8
_CHUNK = 1024 * 1024


def digests_of(file: Path) -> Iterator[str]:
    """Give the digests of a file: SHA-256, SHA-1, MD5, and MLflow's of the table it holds.

    Args:
        file: A plain file; one that cannot be read has none.
    """
    made = [hashlib.new(name, usedforsecurity=False) for name in ("sha256", "sha1", "md5")]
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                for digest in made:
                    digest.update(chunk)
    except OSError:
        return
    yield from (digest.hexdigest() for digest in made)
    if (table := _of_table(file)) is not None:
        yield table


def _of_table(file: Path) -> str | None:
    """Return what ``mlflow.data.from_pandas`` calls a table, None where it is none.

    As ``mlflow.data.digest_utils.compute_pandas_digest``: columns of text and of numbers.
    """
    import numpy as np  # noqa: PLC0415 - with pandas
    import pandas as pd  # noqa: PLC0415 - a second of import

    try:
        table = _read(file)
        if table is None:
            return None
        head = table.head(_ROWS)
        # MLflow asks all rows for text, also those whose cells it does not look at.
        is_text = table.map(lambda cell: isinstance(cell, str)).all(axis=0)
        texts = head.columns[is_text]
        numbers = head.select_dtypes(include=[np.number]).columns
        kept = head[texts.union(numbers)]
        digest = hashlib.md5(usedforsecurity=False)
        digest.update(pd.util.hash_pandas_object(kept).to_numpy())
        digest.update(np.int64(len(table)).tobytes())
        for column in table.columns:
            digest.update(str(column).encode())
    except (OSError, ValueError, TypeError, KeyError, MemoryError):
        return None
    return digest.hexdigest()[:_DIGITS]


def _read(file: Path) -> pd.DataFrame | None:
    import pandas as pd  # noqa: PLC0415 - a second of import

    match file.suffix.lower():
        case ".csv":
            return pd.read_csv(file)
        case ".parquet" | ".pq":
            return pd.read_parquet(file)
        case _:
            return None
