"""Why a database cannot be read, in our words."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from scorewright.adapters.store_locations import masked, passwords_of
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["invalid", "locked", "masked", "no_driver", "unreachable", "without_password"]

_IN_QUERY = re.compile(r"(?<=password=)[^&\s]+", re.IGNORECASE)


def invalid(what: str, location: str) -> ScorewrightError:
    """Return the error for something that is no MLflow store, or not a whole one.

    Args:
        what: Half a sentence: "the file is empty".
        location: For people.
    """
    return ScorewrightError(
        f"The store {location} cannot be read: {what}.",
        remedy="Name another store, or restore this one from a backup. It was not changed.",
        code="store-invalid",
    )


def locked(location: str, why: str = "another program is writing to it") -> ScorewrightError:
    """Return the error for a database that somebody else writes to."""
    return ScorewrightError(
        f"The store {location} cannot be read now: {why}.",
        remedy="Wait for the other program or stop it, then run the command again.",
        code="store-locked",
    )


def unreachable(uri: str, reason: str) -> ScorewrightError:
    """Return the error for a server that does not answer or does not let us in."""
    lines = without_password(reason, uri).strip().splitlines() or ["no reason given"]
    return ScorewrightError(
        f"The database server of {masked(uri)} does not answer: {lines[0][:300]}",
        remedy="Start the server, or correct host, user, password and database in the address.",
        code="store-unreachable",
    )


def no_driver(uri: str, wanted: str) -> UsageError:
    """Return the error for a database whose package is not installed.

    Args:
        uri: Of the store.
        wanted: Command that installs a driver.
    """
    return UsageError(
        f"No driver for {masked(uri)} is installed.", remedy=wanted, code="store-driver"
    )


def without_password(text: str, uri: str) -> str:
    """Replace the password of an address by three stars wherever a text has it as a word."""
    for spelled in _spellings(uri):
        text = re.sub(rf"(?<!\w){re.escape(spelled)}(?!\w)", "***", text)
    return _IN_QUERY.sub("***", text)


def _spellings(uri: str) -> list[str]:
    """Return the passwords as they may be quoted, the longest first: one may be part of another."""
    words = {form for word in passwords_of(uri) for form in (word, unquote(word))}
    return sorted(words | {quote(word, safe="") for word in words}, key=len, reverse=True)
