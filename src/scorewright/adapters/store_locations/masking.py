"""Addresses without their passwords."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs

__all__ = ["masked", "passwords_of"]

_IN_QUERY: Final = re.compile(r"(?<=password=)[^&\s]+", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"[^/?#]*")


def masked(uri: str) -> str:
    """Replace the passwords of an address by three stars."""
    hidden = _IN_QUERY.sub("***", uri)
    start, end = _place(hidden)
    return f"{hidden[:start]}***{hidden[end:]}" if start < end else hidden


def passwords_of(uri: str) -> frozenset[str]:
    """Return the passwords of an address, as they are written in it and as they are meant."""
    start, end = _place(uri)
    in_query = parse_qs(uri.partition("?")[2]).get("password", [])
    written = {uri[start:end], *in_query, *_IN_QUERY.findall(uri)}
    return frozenset(written - {""})


def _place(uri: str) -> tuple[int, int]:
    """Return where the password stands, the same number twice where there is none.

    What stands before the last @ of the host is user and password, whatever signs it has. Drivers
    take a password with "/", "?" or "#" as it is, so that the @ may come after what would end the
    host.
    """
    start = uri.find("://") + len("://")
    if start < len("://"):
        return 0, 0
    authority = _AUTHORITY.match(uri, start)
    end = -1 if authority is None else uri.rfind("@", start, authority.end())
    if end < 0:
        end = uri.find("@", start)
    colon = uri.find(":", start, max(end, start))
    return (colon + 1, end) if colon >= 0 else (0, 0)
