"""Why a store cannot be changed, in our words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scorewright.adapters.store_locations import masked
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError

__all__ = [
    "broken",
    "conflict",
    "damaged",
    "invalid",
    "locked",
    "masked",
    "outside",
    "unreachable",
    "write_failed",
    "writing",
]


def conflict(what: str) -> ScorewrightError:
    """Return the error for something that is neither as before nor as after a change.

    Args:
        what: A sentence: what was found where, and what was expected.
    """
    return ScorewrightError(
        what,
        remedy="Somebody changed it after the plan was made. Undo what was done so far with "
        "'scorewright store undo', then make the plan again.",
        code="apply-conflict",
    )


def write_failed(
    place: str, error: OSError, state: str = "It is as it was before."
) -> ScorewrightError:
    """Return the error for a place that the system would not let us write.

    Args:
        place: A file or a folder.
        error: What the system says.
        state: How things are now, a sentence.
    """
    remedy = (
        "Free space on the disk or correct the permissions, then run the same command again: it "
        "goes on where it stopped."
    )
    if isinstance(error, FileExistsError | NotADirectoryError):
        remedy = "A file stands in its place: name another folder, or move the file away."
    return ScorewrightError(
        f"Writing {place} failed: {error.strerror or error}. {state}",
        remedy=remedy,
        code="store-write-failed",
        details={"place": place, "errno": error.errno},
    )


@contextmanager
def writing(place: Path | str, state: str = "It is as it was before.") -> Iterator[None]:
    """Turn what the system says of a write into ours.

    Raises:
        ScorewrightError: ``store-write-failed``.
    """
    try:
        yield
    except OSError as error:
        raise write_failed(str(place), error, state) from error


def locked(location: str) -> ScorewrightError:
    """Return the error for a database that somebody else is writing to."""
    return ScorewrightError(
        f"The store {location} cannot be changed now: another program is writing to it.",
        remedy="Stop the server or the training that uses it, then run the same command again.",
        code="store-locked",
    )


def invalid(what: str, location: str) -> ScorewrightError:
    """Return the error for a store that is none, or damaged."""
    return ScorewrightError(
        f"The store {location} cannot be used: {what}.",
        remedy="Name another store, or restore this one from a backup.",
        code="store-invalid",
    )


def unreachable(location: str, why: str) -> ScorewrightError:
    """Return the error for a database server that does not answer."""
    return ScorewrightError(
        f"The database server of {location} does not answer: {why}",
        remedy="Start the server, or correct host, user, password and database in the address.",
        code="store-unreachable",
    )


def broken(location: str, what: str) -> IntegrityError:
    """Return the error for a store that is not whole after a plan."""
    return _not_whole(
        location,
        what,
        "Take the plan back with 'scorewright store undo', or put the backup in its place.",
    )


def damaged(location: str, what: str) -> IntegrityError:
    """Return the error for a store that was not whole before any plan."""
    return _not_whole(
        location,
        what,
        "Put an earlier backup in its place, scorewright store restore BACKUP; or bring what can "
        f"be read into a new store: scorewright store consolidate {shlex.quote(location)} "
        "--into NEW",
    )


def _not_whole(location: str, what: str, remedy: str) -> IntegrityError:
    return IntegrityError(
        f"The store {location} is not whole: {what}.", remedy=remedy, code="store-broken"
    )


def outside(path: str, why: str) -> UsageError:
    """Return the error for a path that a plan may not touch."""
    return UsageError(
        f"The plan would change {path}, {why}.",
        remedy="A plan only changes files below the store's own folder and its artifact roots. "
        "Name the artifact root, or make the plan again.",
        code="plan-outside",
    )
