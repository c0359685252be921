"""Patterns of a table to its files."""

from __future__ import annotations

import glob
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from scorewright.adapters.histories.chunks import refused
from scorewright.core.errors import UsageError
from scorewright.flows.ports import TableFile

__all__ = ["PARQUET", "TEXT", "find", "is_parquet"]

TEXT: Final = (".csv", ".tsv", ".txt", ".asc", ".data")
PARQUET: Final = (".parquet", ".pq")
_HIDDEN: Final = (".", "_")  # what Spark and Hadoop leave beside their parts


def is_parquet(path: Path) -> bool:
    """Tell Parquet from text by the suffix."""
    return path.suffix.lower() in PARQUET


def find(table: TableFile) -> tuple[Path, ...]:
    """Find the files of a table: names, globs and folders.

    A folder stands for the Parquet files in it and below, or for its text files where it has
    none of them; hidden ones are left out.

    Returns:
        The files, each once, in the order of the patterns and sorted by path within one.

    Raises:
        UsageError: ``data-file-missing``, ``data-unreadable`` for a suffix that is not known.
    """
    found: dict[Path, None] = {}
    for pattern in table.patterns:
        paths = _matches(pattern)
        if not paths:
            raise _missing(table.name, pattern)
        found.update(dict.fromkeys(paths))
    for path in found:
        _refuse_unknown(path)
    return tuple(found)


def _matches(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.is_dir():
        return _within(path)
    if path.exists():
        return [path]
    # Not Path.glob: the pattern is one absolute text, folders and all.
    names = glob.glob(pattern, recursive=True)  # noqa: PTH207
    return sorted(p for p in map(Path, names) if p.is_file())


def _within(folder: Path) -> list[Path]:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not _is_hidden(p, folder))
    return [p for p in files if is_parquet(p)] or [p for p in files if _kind(p) in TEXT]


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(_HIDDEN) for part in path.relative_to(folder).parts)


def _kind(path: Path) -> str:
    """Return the suffix that tells the format; text may be packed with gzip."""
    is_packed = path.suffix.lower() == ".gz"
    return (path.with_suffix("") if is_packed else path).suffix.lower()


def _missing(table: str, pattern: str) -> UsageError:
    path = Path(pattern)
    near: list[str] = []
    if not glob.has_magic(pattern) and path.parent.is_dir():
        here = sorted(p.name for p in path.parent.iterdir() if not p.name.startswith("."))
        near = get_close_matches(path.name, here, n=3, cutoff=0.5)
    hint = f" There is {' and '.join(near)} in that folder." if near else ""
    if path.is_dir():
        what = "There is no Parquet or text file in"
    else:
        what = "No file matches" if glob.has_magic(pattern) else "There is no file"
    return UsageError(
        f"{what} {pattern} (table '{table}').{hint}",
        remedy=f"Correct 'files' under [tables.{table}] in scorewright.toml, or the name given.",
        code="data-file-missing",
        details={"table": table, "pattern": pattern, "near": near},
    )


def _refuse_unknown(path: Path) -> None:
    if _kind(path) in TEXT or is_parquet(path):
        return
    raise refused(
        str(path),
        f"has the suffix '{path.suffix}', which is none of {', '.join((*TEXT, *PARQUET))}.",
        "Unpack it if it is packed, rename it if it is a text table, or convert it to Parquet.",
    )
