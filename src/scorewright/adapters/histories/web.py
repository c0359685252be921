"""What a web server says of a file, before it is read."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from scorewright.adapters.histories.chunks import failed
from scorewright.adapters.histories.places import shown
from scorewright.core.digests import canonical_json, sha256_hex

__all__ = ["WebFile", "probe"]

_SECONDS: Final = 20
_REFUSED: Final = (401, 403)
_GONE: Final = (404, 410)


@dataclass(frozen=True, slots=True)
class WebFile:
    """Headers that change when the file does; empty where the server does not send them."""

    size: str
    etag: str
    modified: str

    @property
    def is_telling(self) -> bool:
        """Whether a change of the file would show."""
        return bool(self.etag or self.modified)

    def digest(self) -> str:
        """Return a digest of the headers."""
        return sha256_hex(canonical_json(asdict(self)))


def probe(table: str, url: str) -> WebFile:
    """Ask for the first byte of a file: signed addresses often allow no other question.

    Raises:
        UsageError: ``data-source``.
    """
    try:
        with urlopen(_request(url), timeout=_SECONDS) as answer:  # noqa: S310 - http and https only
            total = answer.headers.get("Content-Range", "").rpartition("/")[2]
            return WebFile(
                total or answer.headers.get("Content-Length", ""),
                answer.headers.get("ETag", ""),
                answer.headers.get("Last-Modified", ""),
            )
    except HTTPError as error:
        error.close()
        if error.code in _GONE:
            reason, remedy = "there is no such file.", "Correct the address."
        elif error.code in _REFUSED:
            reason, remedy = "access was refused.", "Use an address that you may read, or sign it."
        else:
            reason, remedy = f"the server answers {error.code}.", "Try again later."
        raise failed(table, shown(url), reason, remedy) from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        remedy = "Check the address and the network, then try again."
        raise failed(table, shown(url), "it does not answer.", remedy) from error


def _request(url: str) -> Request:
    parts = urlsplit(url)
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    headers = {"Range": "bytes=0-0"}
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return Request(plain, headers=headers)  # noqa: S310 - http and https only
