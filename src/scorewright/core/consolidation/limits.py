"""What a database refuses that SQLite takes: long texts, large numbers, zero characters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

__all__ = ["INT4", "LONG_PARAMS", "length_of", "long_params", "shortened"]

#: Largest number of PostgreSQL's ``integer``.
INT4: Final = 2**31 - 1
#: Artifact with the whole texts of shortened parameters.
LONG_PARAMS: Final = "long_params.json"
_LENGTH: Final = re.compile(r"(?:VAR)?CHAR(?:ACTER VARYING)?\s*\((\d+)\)", re.IGNORECASE)


def length_of(declared: str) -> int | None:
    """Return the longest text of a declared type, None where it has no limit."""
    found = _LENGTH.match(declared)
    return int(found[1]) if found else None


def shortened(value: str, most: int) -> str:
    """Return the beginning of a text, and where the whole of it is.

    Args:
        value: Longer than ``most``.
        most: Characters that are allowed.
    """
    ending = f" ... [{len(value)} characters: {LONG_PARAMS}]"
    return value[: most - len(ending)] + ending


def long_params(texts: Mapping[str, str]) -> bytes:
    """Return the content of the artifact: every shortened parameter, whole."""
    text = json.dumps(dict(sorted(texts.items())), ensure_ascii=False, indent=1)
    return f"{text}\n".encode()
