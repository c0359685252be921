"""Finds out what a location is: by its scheme, the first bytes of a file, the files of a folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from scorewright.adapters.store_locations.masking import masked
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.snapshot import AddressKind, parse_address

__all__ = ["Place", "PlaceKind", "is_database", "is_tree", "look"]

_MAGIC: Final = b"SQLite format 3\x00"
_META: Final = "meta.yaml"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_HEAD: Final = 4096
_DATABASE: Final = "mlflow.db"
_SUFFIXES: Final = (".db", ".sqlite", ".sqlite3")
_INNER: Final = "mlruns"
_SERVERS: Final = ("postgresql", "postgres", "mysql", "mariadb")
_FORMS: Final = (
    "Name a database (mlflow.db, sqlite:///mlflow.db, postgresql://...), a folder (mlruns), "
    "or a server (http://...)."
)


class PlaceKind(Enum):
    """Who can read a place."""

    SQLITE = "sqlite"
    TREE = "tree"
    DATABASE = "database"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Place:
    """A location, understood.

    Attributes:
        kind: Who can read it.
        path: The file or folder, absolute; None for servers.
        uri: The address of a server, "" for files.
    """

    kind: PlaceKind
    path: Path | None = None
    uri: str = ""

    @property
    def shown(self) -> str:
        """For people: a password is masked."""
        return masked(self.uri) if self.path is None else str(self.path)


def look(location: str, base: Path) -> Place:
    """Find out what a location is.

    A folder is a tree of files where a folder in it has a ``meta.yaml``, else the ``mlflow.db`` in
    it (or the only database) counts, else its ``mlruns``.

    Args:
        location: A path or an address.
        base: Where relative paths begin.

    Raises:
        UsageError: ``store-uri``: no address we know; ``store-ambiguous``: a folder with two.
        ScorewrightError: ``store-invalid``: nothing is there, or no store.
    """
    text = location.strip()
    if not text:
        raise _unknown(location, "is empty")
    scheme = text.partition(":")[0].lower() if "://" in text or text.startswith("file:") else ""
    match scheme.partition("+")[0]:
        case "":
            return _of_path(base / Path(text).expanduser(), text)
        case "sqlite":
            name = text.partition(":///")[2].partition("?")[0]
            if name in {"", ":memory:"}:
                raise _unknown(text, "names no file")
            return _of_path(base / name, text)
        case "file":
            address = parse_address(text)
            if address.kind is AddressKind.WINDOWS and os.name != "nt":
                raise _unknown(text, "is a path of Windows, and this machine is another")
            return _of_path(base / address.path, text)
        case "http" | "https":
            return Place(PlaceKind.HTTP, uri=text.rstrip("/"))
        case dialect if dialect in _SERVERS:
            return Place(PlaceKind.DATABASE, uri=text)
        case _:
            raise _unknown(f"{scheme}://...", "is no kind of store that can be read")


def is_database(file: Path) -> bool:
    """Tell whether a file begins as SQLite's do."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def is_tree(folder: Path, *, is_thorough: bool = False) -> bool:
    """Tell whether a folder holds experiments or models as trees have them.

    Args:
        folder: It.
        is_thorough: Believe runs too whose experiments have lost their ``meta.yaml``.
    """
    patterns = [f"*/{_META}", f".trash/*/{_META}", f"models/*/{_META}"]
    patterns += [f"*/*/{_META}"] if is_thorough else []
    try:
        return any(_is_ours(file) for pattern in patterns for file in folder.glob(pattern))
    except OSError:
        return False


def _is_ours(file: Path) -> bool:
    """Tell MLflow's ``meta.yaml`` from those of others: recipes of packages are called so too.

    A damaged one counts by the name of its folder.
    """
    name, above = file.parent.name, file.parent.parent.name
    if name.isdigit() or _ID.fullmatch(name) or above in {".trash", "models"}:
        return True
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    return any(word in head for word in (b"artifact_location", b"artifact_uri", b"experiment_id"))


def _of_path(path: Path, text: str) -> Place:
    path = Path(os.path.normpath(path.absolute()))
    try:
        if path.is_dir():
            return _of_folder(path)
        if not path.exists():
            raise _invalid(text, "there is no such file or folder", UsageError)
        if not path.is_file():
            raise _invalid(text, "it is neither a file nor a folder")
        if path.stat().st_size == 0:
            raise _invalid(text, "the file is empty")
    except OSError as error:
        raise _invalid(text, f"it cannot be looked at: {error.strerror}") from error
    if not is_database(path):
        raise _invalid(text, "the file is no SQLite database, or cannot be read")
    return Place(PlaceKind.SQLITE, path)


def _of_folder(folder: Path) -> Place:
    found = [file for name in _SUFFIXES for file in sorted(folder.glob(f"*{name}"))]
    databases = [file for file in found if is_database(file)]
    main = [file for file in databases if file.name == _DATABASE]
    databases = main or databases
    if is_tree(folder):
        if main:
            raise _ambiguous(folder, ["the folder itself, a tree of files", *map(str, main)])
        return Place(PlaceKind.TREE, folder)
    if len(databases) > 1:
        raise _ambiguous(folder, list(map(str, databases)))
    if databases:
        return Place(PlaceKind.SQLITE, databases[0])
    if (folder / _DATABASE).is_file():
        return _of_path(folder / _DATABASE, str(folder / _DATABASE))
    inner = folder / _INNER
    if inner.is_dir():
        return _of_folder(inner)
    if is_tree(folder, is_thorough=True):
        return Place(PlaceKind.TREE, folder)
    raise _invalid(str(folder), "the folder holds neither experiments nor a database")


def _unknown(location: str, why: str) -> UsageError:
    return UsageError(f"The store '{location}' {why}.", remedy=_FORMS, code="store-uri")


def _ambiguous(folder: Path, found: list[str]) -> UsageError:
    return UsageError(
        f"The folder '{folder}' holds {len(found)} stores: {'; '.join(found[:5])}.",
        remedy="Name the database file; to read the tree of files, move the database elsewhere "
        "or read a copy of the folder without it.",
        code="store-ambiguous",
        details={"folder": str(folder), "stores": found},
    )


def _invalid(
    location: str, why: str, kind: type[ScorewrightError] = ScorewrightError
) -> ScorewrightError:
    return kind(
        f"'{location}' is no tracking store: {why}.",
        remedy=_FORMS,
        code="store-invalid",
        details={"location": location},
    )
