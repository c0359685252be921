"""File names and globs to files that can be read."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from scorewright.core.errors import UsageError
from scorewright.flows.ports import TableFile

__all__ = ["PARQUET", "TEXT", "locate", "matching", "unreadable"]

TEXT: Final = (".csv", ".tsv", ".txt", ".asc", ".data")
PARQUET: Final = (".parquet", ".pq")
_PACKED: Final = {
    ".gz": "gunzip -k",
    ".zip": "unzip",
    ".bz2": "bunzip2 -k",
    ".xz": "unxz -k",
    ".zst": "unzstd",
}
_SHEETS: Final = (".xlsx", ".xls", ".ods")


def unreadable(path: Path, what: str, remedy: str, code: str = "data-unreadable") -> UsageError:
    """Make the error for a file that cannot be read."""
    return UsageError(
        f"The file {path} {what}", remedy=remedy, code=code, details={"file": str(path)}
    )


def locate(table: TableFile, *, packed: bool = False) -> tuple[Path, ...]:
    """Find the files of a table.

    Args:
        table: Names or globs; a file whose name looks like a glob is taken as it is.
        packed: Whether text files packed with gzip will do.

    Returns:
        The files, each once, in the order of the patterns and sorted within one.

    Raises:
        UsageError: ``data-file-missing``, or ``data-unreadable`` for a folder, a compressed file
            or an unknown suffix.
    """
    found: dict[Path, None] = {}
    for pattern in table.patterns:
        paths = _matches(pattern)
        if not paths:
            raise _missing(table.name, pattern)
        found.update(dict.fromkeys(paths))
    for path in found:
        is_gzip = path.suffix.lower() == ".gz"
        _refuse_kind(path.with_suffix("") if packed and is_gzip else path)
    return tuple(found)


def matching(table: TableFile) -> Iterator[Path]:
    """Yield the files of a table that are there, of whatever kind; none is no error."""
    for pattern in table.patterns:
        if "://" not in pattern:
            yield from _matches(pattern)


def _matches(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.exists():
        return [path]
    # Not Path.glob: the pattern is one absolute text, folders and all.
    names = glob.glob(pattern, recursive=True)  # noqa: PTH207
    return sorted(p for p in map(Path, names) if p.is_file())


def _missing(table: str, pattern: str) -> UsageError:
    path = Path(pattern)
    is_glob = glob.has_magic(pattern)
    near: list[str] = []
    if not is_glob and path.parent.is_dir():
        here = [p.name for p in path.parent.iterdir() if p.suffix in (*TEXT, *PARQUET)]
        near = get_close_matches(path.name, sorted(here), n=3, cutoff=0.5)
    hint = f" There is {' and '.join(near)} in that folder." if near else ""
    what = "No file matches" if is_glob else "There is no file"
    return UsageError(
        f"{what} {pattern} (table '{table}').{hint}",
        remedy=f"Correct 'files' under [tables.{table}] in scorewright.toml, or the name given.",
        code="data-file-missing",
        details={"table": table, "pattern": pattern, "near": near},
    )


def _refuse_kind(path: Path) -> None:
    suffix = path.suffix.lower()
    if path.is_dir():
        pattern = path / "*.parquet"
        raise unreadable(path, "is a folder.", f"Name its files with a glob, such as {pattern}.")
    if suffix in _PACKED:
        raise unreadable(
            path,
            "is compressed; compressed files are not read, because a small one may unpack to "
            "more than the disk holds.",
            f"Unpack it first: {_PACKED[suffix]} '{path.name}'",
        )
    if suffix in _SHEETS:
        raise unreadable(path, "is a spreadsheet.", "Save the sheet as CSV (UTF-8) and name that.")
    if suffix not in (*TEXT, *PARQUET):
        known = ", ".join((*TEXT, *PARQUET))
        raise unreadable(
            path,
            f"has the suffix '{suffix}', which is none of {known}.",
            "Rename it if it is a text table, or convert it to CSV or Parquet.",
        )
