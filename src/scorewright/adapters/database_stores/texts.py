"""Texts of a PostgreSQL server are asked for in UTF-8, whatever its database keeps them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from scorewright.adapters.store_locations import masked
from scorewright.core.errors import ScorewrightError

__all__ = ["IN_UTF8", "decoded"]

#: For the driver. Unasked, psycopg gives the texts of a database of encoding SQL_ASCII as bytes.
IN_UTF8: Final[Mapping[str, str]] = {"client_encoding": "utf8"}


_NOT_IN_REPERTOIRE: Final = "22021"


@contextmanager
def decoded(location: str, table: str = "") -> Iterator[None]:
    """Refuse a text that is no UTF-8: a database of encoding SQL_ASCII takes any bytes.

    Args:
        location: Of the store; a password is not shown.
        table: That is read; "" where that is not known.

    Raises:
        ScorewrightError: ``store-invalid``.
    """
    try:
        yield
    except Exception as error:
        why = _undecodable(error)
        if why is None:
            raise
        where = f" of the table '{table}'" if table else ""
        raise ScorewrightError(
            f"The store {masked(location)} cannot be read: a text{where} is no UTF-8 ({why}).",
            remedy="Write that text anew on the server, in UTF-8. The store was not changed.",
            code="store-invalid",
            details={"table": table},
        ) from error


def _undecodable(error: Exception) -> str | None:
    """Return why a text is none; the server looks before it sends, the driver does too."""
    if isinstance(error, UnicodeDecodeError):
        return f"{error.reason} 0x{error.object[error.start]:02x}"
    vendor = getattr(error, "orig", None)
    if getattr(vendor, "sqlstate", None) != _NOT_IN_REPERTOIRE:
        return None
    return str(vendor).strip().partition("\n")[0]
