"""Frames as files that are there whole or not at all."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import BinaryIO

import polars as pl

from scorewright.adapters.durable.files import save

__all__ = ["save_frame"]


def save_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as Parquet, as `save` does; what is read once or twice is written quickly.

    Raises:
        ScorewrightError: ``write-failed``; nothing is left behind.
    """
    save(path, partial(_put, frame))


def _put(frame: pl.DataFrame, stream: BinaryIO) -> None:
    try:
        frame.write_parquet(stream, compression="lz4", statistics=False)
    except pl.exceptions.PolarsError as error:
        # So Polars tells of a full disk at times.
        raise OSError(str(error)[:200]) from error
