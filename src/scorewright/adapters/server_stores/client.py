"""Questions to a tracking server: JSON over HTTP, paged, asked again where it makes sense."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, Any, Final, TypeVar
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from scorewright.adapters.store_locations import masked
from scorewright.core.errors import ScorewrightError

__all__ = ["OPTIONAL", "UNKNOWN", "Credentials", "RestClient"]

_SECONDS: Final = 60.0
_PAUSES: Final = (0.5, 2.0)
_AGAIN: Final = (429, 502, 503, 504)
_REFUSED: Final = (401, 403)
#: What a server says that does not know a question: older ones answer 404, some 405.
UNKNOWN: Final = (404, 405)
#: The same, and a server that does not understand what is asked of it.
OPTIONAL: Final = (400, 404, 405, 501)


_Taken = TypeVar("_Taken")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a server is told of us.

    Attributes:
        username, password: For basic authentication.
        token: For a bearer; it goes before the other two.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def header(self) -> dict[str, str]:
        """Return the header, none without credentials."""
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.username:
            pair = f"{self.username}:{self.password}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Credentials are for the address that was named, and for no other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
        headers: HTTPMessage, newurl: str,
    ) -> None:  # fmt: skip
        del req, fp, code, msg, headers, newurl


class RestClient:
    """Asks a tracking server; nothing that it is asked changes anything.

    Args:
        uri: Address of the server; a user and password in it are used where none are given.
        credentials: From the environment.
        seconds: How long an answer may take.
        pauses: Seconds to wait before each further try.
    """

    def __init__(
        self,
        uri: str,
        credentials: Credentials | None = None,
        *,
        seconds: float = _SECONDS,
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        parts = urlsplit(uri)
        given = credentials or Credentials()
        if parts.username and not (given.token or given.username):
            given = Credentials(unquote(parts.username), unquote(parts.password or ""))
        host = parts.netloc.rpartition("@")[2]
        self._root = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._headers = {"Accept": "application/json", **given.header()}
        self._seconds, self._pauses = seconds, pauses
        self._opener = urllib.request.build_opener(_NoRedirect)
        self.location = masked(uri)

    def version(self) -> str:
        """Return the server's MLflow version; "" where it does not tell."""
        answer = self._ask("/version", None, UNKNOWN, _whole)
        text = (answer or b"")[:40].decode("utf-8", "replace").strip()
        return text if text[:1].isdigit() else ""

    def get(
        self, path: str, query: Mapping[str, Any], *, absent: Collection[int] = ()
    ) -> dict[str, Any] | None:
        """Ask with GET.

        Args:
            path: Below the address, such as ``/api/2.0/mlflow/artifacts/list``.
            query: Its parameters.
            absent: Answers that stand for "there is no such thing": None is returned then.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-invalid``.
        """
        return self._json(f"{path}?{urlencode(query, doseq=True)}", None, absent)

    def post(
        self, path: str, body: Mapping[str, Any], *, absent: Collection[int] = ()
    ) -> dict[str, Any] | None:
        """Ask with POST; see `get`."""
        return self._json(path, json.dumps(body).encode(), absent)

    def pages(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        is_post: bool = True,
        absent: Collection[int] = (),
    ) -> Iterator[dict[str, Any]]:
        """Yield the answers page by page; see `get`."""
        token, seen = "", set[str]()
        while True:
            asked = {**body, **({"page_token": token} if token else {})}
            ask = self.post if is_post else self.get
            # Only a first page may be absent: later, the list would end without a word.
            page = ask(path, asked, absent=() if token else absent)
            if page is None:
                return
            yield page
            token = page.get("next_page_token") or ""
            if not token:
                return
            if token in seen:
                raise self.invalid(f"it gives the same page of {path} again and again")
            seen.add(token)

    def take(
        self, path: str, query: Mapping[str, Any], taking: Callable[[HTTPResponse], _Taken]
    ) -> _Taken:
        """Ask with GET for what may be large; see `get`.

        Args:
            path: Below the address.
            query: Its parameters.
            taking: Reads the answer; called again where the connection breaks.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-invalid``, and
                what `taking` raises.
        """
        question = f"{path}?{urlencode(query, doseq=True)}"
        taken = self._ask(question, None, (), taking)
        assert taken is not None  # noqa: S101 - no answer stands for "there is no such thing"
        return taken

    def _json(
        self, path: str, data: bytes | None, absent: Collection[int]
    ) -> dict[str, Any] | None:
        answer = self._ask(path, data, absent, _whole)
        if answer is None:
            return None
        try:
            document = json.loads(answer)
        except ValueError as error:
            raise self.invalid(f"its answer to {path.partition('?')[0]} is no JSON") from error
        if not isinstance(document, dict):
            raise self.invalid(f"its answer to {path.partition('?')[0]} is no object")
        return document

    def _ask(
        self,
        path: str,
        data: bytes | None,
        absent: Collection[int],
        taking: Callable[[HTTPResponse], _Taken],
    ) -> _Taken | None:
        headers = dict(self._headers)
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self._root + path, data, headers)  # noqa: S310 - http or https
        for pause in (*self._pauses, None):
            try:
                with self._opener.open(request, timeout=self._seconds) as answer:
                    return taking(answer)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code in _AGAIN and pause is not None:
                        time.sleep(pause)
                        continue
                    if error.code in absent:
                        return None
                    raise self._refused(error, path) from None
            except (urllib.error.URLError, HTTPException, OSError) as error:
                if pause is None:
                    reason = getattr(error, "reason", None) or error
                    raise self._unreachable(str(reason) or type(error).__name__) from None
                time.sleep(pause)
        raise AssertionError  # the last round returns or raises

    def _refused(self, error: urllib.error.HTTPError, path: str) -> ScorewrightError:
        if error.code in _REFUSED:
            return ScorewrightError(
                f"The tracking server {self.location} refuses access ({error.code}).",
                remedy="Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
                "MLFLOW_TRACKING_TOKEN, for a user who may read.",
                code="store-refused",
            )
        if 300 <= error.code < 400:  # noqa: PLR2004 - redirections
            target = masked(error.headers.get("Location", "elsewhere"))
            return self._unreachable(f"it leads to {target}; name that address")
        if error.code in UNKNOWN:
            return self.invalid(f"it does not know {path.partition('?')[0]}")
        return self._unreachable(f"it answers {error.code} to {path.partition('?')[0]}")

    def _unreachable(self, reason: str) -> ScorewrightError:
        return ScorewrightError(
            f"The tracking server {self.location} does not answer: {reason[:300]}.",
            remedy="Start the server, correct the address, or try again later.",
            code="store-unreachable",
        )

    def invalid(self, why: str) -> ScorewrightError:
        """Return the error of an answer that no tracking server gives."""
        return ScorewrightError(
            f"{self.location} is no tracking server of MLflow: {why}.",
            remedy="Name the address under which MLflow's pages open, without what follows '#'.",
            code="store-invalid",
        )


def _whole(answer: HTTPResponse) -> bytes:
    return bytes(answer.read())
