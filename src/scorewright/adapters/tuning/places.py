"""Where a study lies: SQLite, a journal, a database."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from scorewright.adapters.interrupts import interrupt_behind
from scorewright.adapters.tuning.queueing import queue_again
from scorewright.core.errors import MissingExtraError, ScorewrightError, UsageError

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, JournalStorage, RDBStorage

__all__ = ["Place", "answering", "interrupting", "open_storage", "quiet", "translated"]

#: Seconds between two heartbeats of a trial, and without one until it counts as dead.
HEARTBEAT, GRACE = 15, 60
#: Seconds a writer waits for another one of the same SQLite file.
PATIENCE = 120

_PASSWORD = re.compile(r"(?<=:)[^:/@]+(?=@)|(?<=password=)[^&\s]+")
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_DATABASES = ("postgresql+psycopg", "mysql+pymysql", "mysql+mysqldb")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a study lies.

    Attributes:
        kind: What stands there.
        url: Address as SQLAlchemy takes it, or the journal's file.
        locks: Folder of the locks of its processes.
    """

    kind: Literal["sqlite", "journal", "database"]
    url: str
    locks: Path

    @classmethod
    def parse(cls, storage: str | None, root: Path, study: str) -> Place:
        """Understand ``[tuning] storage``.

        Args:
            storage: As it was written; None for SQLite in the project.
            root: Folder of the project.
            study: Name of the study.

        Raises:
            UsageError: ``tuning-storage``, ``missing-extra``.
        """
        own = root / ".scorewright" / "tuning"
        if storage is None:
            return cls._sqlite(own / f"{study}.db")
        scheme, _, rest = storage.partition(":")
        if scheme == "journal" and rest and not rest.startswith("//"):
            file = root / rest
            return cls("journal", str(file), _beside(file))
        if scheme == "sqlite" and rest.startswith("///") and len(rest) > len("///"):
            return cls._sqlite(root / rest.removeprefix("///"))
        dialect = _DRIVERS.get(scheme, scheme)
        if dialect not in _DATABASES or not rest.startswith("//"):
            raise UsageError(
                f"[tuning] storage = '{_hidden(storage)}' is no place for a study.",
                remedy="Leave it out for SQLite in the project, or write journal:FILE, "
                "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE.",
                code="tuning-storage",
            )
        driver = dialect.partition("+")[2].lower()
        if find_spec("MySQLdb" if driver == "mysqldb" else driver) is None:
            raise MissingExtraError(driver, "postgres")
        return cls("database", f"{dialect}:{rest}", own / f"{study}.workers")

    @classmethod
    def _sqlite(cls, file: Path) -> Place:
        return cls("sqlite", f"sqlite:///{file.absolute().as_posix()}", _beside(file))

    @property
    def shown(self) -> str:
        """The place for people: a password is never shown."""
        return f"journal:{self.url}" if self.kind == "journal" else _hidden(self.url)


@contextmanager
def open_storage(place: Place) -> Iterator[BaseStorage]:
    """Open the storage while the block lasts, and make it where it is missing.

    Raises:
        ScorewrightError: ``tuning-storage-unreachable``.
    """
    if place.kind == "journal":
        yield _journal(place)
        return
    database = _database(place)
    try:
        yield database
    finally:
        database.remove_session()
        database.engine.dispose()


def _journal(place: Place) -> JournalStorage:
    from scorewright.adapters.tuning.journal import open_journal  # noqa: PLC0415 - heavy

    with translated(place):
        return open_journal(Path(place.url))


def _database(place: Place) -> RDBStorage:
    from optuna.storages import RDBStorage  # noqa: PLC0415 - heavy

    engine: dict[str, Any] = {"pool_pre_ping": True}
    with translated(place), quiet():
        if place.kind == "sqlite":
            Path(place.url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            engine = {"connect_args": {"timeout": PATIENCE}}
        elif place.url.startswith("postgresql"):
            # psycopg gives the texts of a database of encoding SQL_ASCII as bytes.
            engine["connect_args"] = {"client_encoding": "utf8"}
        return RDBStorage(
            place.url,
            engine_kwargs=engine,
            heartbeat_interval=HEARTBEAT,
            grace_period=GRACE,
            heartbeat_stale_trial_callback=queue_again,
        )


@contextmanager
def translated(place: Place) -> Iterator[None]:
    """Turn what the storage says into our errors, without its address's password.

    An interrupt that the storage answered with an error goes on as the interrupt.

    Raises:
        KeyboardInterrupt: Where it lies behind the error.
        SystemExit: As well.
        ScorewrightError: ``tuning-storage-unreachable``.
    """
    with answering(place, OSError, RuntimeError, ValueError):
        yield


@contextmanager
def answering(place: Place, *further: type[Exception]) -> Iterator[None]:
    """Do as `translated` with what only a storage raises: for work that is not the storage's.

    Args:
        place: Where the study lies.
        further: Errors that are the storage's as well.
    """
    from optuna.exceptions import StorageInternalError  # noqa: PLC0415 - heavy
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - heavy

    known: tuple[type[Exception], ...] = (StorageInternalError, SQLAlchemyError, *further)
    try:
        with interrupting(*further):
            yield
    except known as error:
        raise _unreachable(place, error) from None


@contextmanager
def interrupting(*further: type[Exception]) -> Iterator[None]:
    """Let an interrupt go on that the storage answered with an error.

    Args:
        further: Errors to look behind, besides those that only a storage raises.
    """
    from optuna.exceptions import StorageInternalError  # noqa: PLC0415 - heavy
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - heavy

    known: tuple[type[Exception], ...] = (StorageInternalError, SQLAlchemyError, *further)
    before = sys.exception()
    try:
        yield
    except known as error:
        interrupt = interrupt_behind(error, before)
        if interrupt is not None:
            raise interrupt from None
        raise


def _unreachable(place: Place, error: BaseException) -> ScorewrightError:
    from optuna.exceptions import StorageInternalError  # noqa: PLC0415 - heavy

    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    lines = _hidden(str(cause or error)).strip().split("\n")
    return ScorewrightError(
        f"The study's storage {place.shown} cannot be used: {lines[0]}",
        remedy="Check that the address is right, its server runs and this user may write "
        "there; then run 'scorewright tune' again, finished trials are kept.",
        code="tuning-storage-unreachable",
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's notices about experimental parts to ourselves."""
    from optuna.exceptions import ExperimentalWarning  # noqa: PLC0415 - heavy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.stem}.workers")


def _hidden(text: str) -> str:
    return _PASSWORD.sub("***", text)
