"""What the server's log may say: where something went wrong, never with which values."""

from __future__ import annotations

import logging
import traceback

__all__ = ["careful"]

#: Who tells of what nobody thought of.
LOGGERS = ("uvicorn.error", "asyncio")
NOISE = frozenset({"Invalid HTTP request received.", "Unsupported upgrade request."})


def careful() -> None:
    """Keep out of the server's log what was sent, and requests that are none.

    The text of an exception often holds the value that caused it, and that is an applicant's.
    """
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_told)


def _told(record: logging.LogRecord) -> bool:
    """Replace an exception by its type and its places; drop what anybody could fill a disk with."""
    if record.getMessage() in NOISE:
        return False
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        # The other lines of asyncio's messages show the exception with its text.
        first = record.getMessage().partition("\n")[0]
        record.msg, record.args = "%s", (f"{first}\n{_places(error)}",)
        record.exc_info = record.exc_text = None
    return True


def _places(error: BaseException) -> str:
    """Return types and places of an exception and of those behind it, the last one first."""
    lines: list[str] = []
    seen: set[int] = set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        seen.add(id(behind))
        lines.append(f"{type(behind).__module__}.{type(behind).__qualname__}")
        lines += [
            f'  File "{place.filename}", line {place.lineno}, in {place.name}'
            for place in traceback.extract_tb(behind.__traceback__)
        ]
        behind = behind.__cause__ or behind.__context__
    return "\n".join(lines)
