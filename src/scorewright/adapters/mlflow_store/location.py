"""What a tracking URI points at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["StoreKind", "StoreLocation"]

_DATABASES = ("postgresql", "mysql", "mssql")


class StoreKind(Enum):
    """The kinds of store that can be written to."""

    SQLITE = "sqlite"
    DATABASE = "database"
    HTTP = "http"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class StoreLocation:
    """A tracking URI, understood.

    Attributes:
        uri: As MLflow takes it; the path of a SQLite file is absolute.
        kind: What stands behind it. ``OTHER`` is a scheme of an MLflow plugin.
        file: The SQLite file, None for every other kind.
    """

    uri: str
    kind: StoreKind
    file: Path | None = None

    @classmethod
    def parse(cls, uri: str) -> StoreLocation:
        """Understand a tracking URI.

        Raises:
            ScorewrightError: ``store-legacy``: a folder of files, MLflow's old format.
            UsageError: ``store-uri``: SQLite in memory, or no URI at all.
        """
        scheme = uri.partition(":")[0].lower() if "://" in uri or uri.startswith("file:") else ""
        dialect = scheme.partition("+")[0]
        if dialect == "sqlite":
            return cls._sqlite(uri)
        if scheme in ("", "file"):
            raise _legacy(uri)
        if scheme in ("http", "https"):
            return cls(uri.rstrip("/"), StoreKind.HTTP)
        return cls(uri, StoreKind.DATABASE if dialect in _DATABASES else StoreKind.OTHER)

    @classmethod
    def _sqlite(cls, uri: str) -> StoreLocation:
        name = uri.partition(":///")[2].partition("?")[0]
        if name in ("", ":memory:"):
            raise UsageError(
                f"The tracking URI '{uri}' names no file.",
                remedy="Set tracking.uri to sqlite:///<path of the file>, or leave it out.",
                code="store-uri",
            )
        file = Path(name).absolute()
        return cls(f"sqlite:///{file.as_posix()}", StoreKind.SQLITE, file)

    @property
    def shown(self) -> str:
        """The URI for people: a password is never shown."""
        return mask(self.uri)


def mask(uri: str) -> str:
    """Replace the password of a URI by three stars."""
    password = urlsplit(uri).password if "://" in uri else None
    return uri.replace(f":{password}@", ":***@", 1) if password else uri


def _legacy(uri: str) -> ScorewrightError:
    folder = uri.removeprefix("file:").removeprefix("//") or "./mlruns"
    return ScorewrightError(
        f"The tracking URI '{uri}' is a folder of files, which MLflow no longer writes to.",
        remedy=(
            f"mlflow migrate-filestore --source {folder} --target sqlite:///mlflow.db, check the "
            "result, and set tracking.uri to the new file; or leave tracking.uri out."
        ),
        code="store-legacy",
    )
