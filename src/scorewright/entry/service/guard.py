"""What the head of a request says: read once, before anything else."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from starlette.types import Scope

from scorewright.entry.service.problems import SECURITY_HEADERS

__all__ = ["GUARDING", "IDENTIFIER", "Head"]

IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Headers of every answer that keep browsers and caches careful.
GUARDING = tuple(
    (name.lower().encode("ascii"), value.encode("ascii"))
    for name, value in SECURITY_HEADERS.items()
)
_READ = frozenset(
    {
        b"host",
        b"x-request-id",
        b"authorization",
        b"x-api-key",
        b"content-type",
        b"content-encoding",
        b"content-length",
        b"transfer-encoding",
        b"idempotency-key",
        b"sec-fetch-site",
    }
)


#: What browsers say of requests that the user or a page of this service made.
_OWN_PAGES = frozenset({"same-origin", "none"})
#: The names of a machine for itself. A page that reaches it by another one had that name lead
#: here, to ask as if it were our own page.
_OWN_NAMES = frozenset({"", "localhost", "127.0.0.1", "[::1]"})
_PORT = re.compile(r":\d*$")


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a request says; of a header sent twice, the first.

    Attributes:
        request_id: The caller's ``X-Request-ID`` where it has the form, else a new one.
        authorization: ``Authorization``.
        api_key: ``X-API-Key``.
        media_type: ``Content-Type`` without parameters, in lower case.
        encoding: ``Content-Encoding``, in lower case.
        length: ``Content-Length``.
        idempotency: ``Idempotency-Key``.
        has_body: Whether a body comes after the head.
        is_foreign: Whether a browser sends it for a page of somebody else.
        host: ``Host``, the name by which this service was reached.
    """

    request_id: str
    authorization: str | None
    api_key: str | None
    media_type: str
    encoding: str
    length: str
    idempotency: str | None
    has_body: bool
    is_foreign: bool
    host: str = ""

    @property
    def is_for_this_machine(self) -> bool:
        """Whether the service was reached by a name of this machine for itself, or by none."""
        return _PORT.sub("", self.host.strip().lower()) in _OWN_NAMES

    @classmethod
    def of(cls, scope: Scope) -> Head:
        """Read the head of a request."""
        found: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in _READ and name not in found:
                found[name] = value.decode("latin-1")
        sent = found.get(b"x-request-id", "")
        return cls(
            sent if IDENTIFIER.fullmatch(sent) else str(uuid.uuid4()),
            found.get(b"authorization"),
            found.get(b"x-api-key"),
            found.get(b"content-type", "").split(";", 1)[0].strip().lower(),
            found.get(b"content-encoding", "identity").strip().lower(),
            found.get(b"content-length", ""),
            found.get(b"idempotency-key"),
            b"transfer-encoding" in found or found.get(b"content-length", "0") != "0",
            found.get(b"sec-fetch-site", "none") not in _OWN_PAGES,
            found.get(b"host", ""),
        )
