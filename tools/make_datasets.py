"""Make the shipped data sets again from the CSV files beside the repository.

Run from the root of the repository: ``python tools/make_datasets.py [FOLDER] [TARGET]``.
FOLDER holds ``lendingclub_modeldata/lending_club.csv`` and
``credit_data_modeldata/credit_data.csv`` (default: ``../shared/data``). The same input and the
same polars give the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src/scorewright/resources/datasets"
SOURCES = {
    "lending_club": "lendingclub_modeldata/lending_club.csv",
    "credit_data": "credit_data_modeldata/credit_data.csv",
}


def make(source: Path, target: Path) -> pl.DataFrame:
    """Read a CSV file with natural types and write it as Parquet.

    Args:
        source: CSV with a header; empty cells and ``NA`` are missing.
        target: The Parquet file.

    Returns:
        What was written.
    """
    frame = pl.read_csv(source, null_values=["", "NA"], infer_schema_length=None)
    frame.write_parquet(
        target, compression="zstd", compression_level=19, statistics=False, row_group_size=1 << 20
    )
    return frame


def main(arguments: list[str]) -> None:
    """Make both data sets and say what they hold."""
    folder = Path(arguments[0]) if arguments else ROOT.parent / "shared/data"
    target = Path(arguments[1]) if len(arguments) > 1 else TARGET
    for name, source in SOURCES.items():
        frame = make(folder / source, target / f"{name}.parquet")
        sys.stdout.write(f"{name}: {frame.height} rows x {frame.width} columns\n")


if __name__ == "__main__":
    main(sys.argv[1:])
