"""A tracking server: does it answer, and is it one we can log models to?

MLflow's own client retries for minutes before it gives up, and the only way to change that is
the process's environment. A plain question with a short time limit comes first instead.
"""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

from packaging.version import InvalidVersion, Version

from scorewright.adapters.mlflow_store.location import StoreLocation
from scorewright.adapters.mlflow_store.vendor_errors import unreachable
from scorewright.core.errors import ScorewrightError

__all__ = ["SECONDS", "require_reachable", "require_supported"]

SECONDS = 5.0

#: Logged models came with MLflow 3.
OLDEST = Version("3.0")


def require_reachable(location: StoreLocation, seconds: float = SECONDS) -> None:
    """Ask for ``/health`` and take any answer below 500 as a sign of life.

    Raises:
        ScorewrightError: ``store-unreachable``.
    """
    _get(location, "/health", seconds)


def require_supported(location: StoreLocation, seconds: float = SECONDS) -> str:
    """Return the server's MLflow version; empty where it does not tell.

    Raises:
        ScorewrightError: ``store-unreachable``; ``store-schema`` for a server before MLflow 3.
    """
    text = _get(location, "/version", seconds)
    try:
        found = Version(text)
    except InvalidVersion:
        return ""
    if found < OLDEST:
        raise ScorewrightError(
            f"The tracking server {location.shown} runs MLflow {found}; models need {OLDEST}.",
            remedy="Upgrade the server, or leave tracking.uri out to use the project's own store.",
            code="store-schema",
        )
    return str(found)


def _get(location: StoreLocation, path: str, seconds: float) -> str:
    parts = urlsplit(location.uri)
    # Credentials in the address are MLflow's business; urllib would take them for a host name.
    host = parts.netloc.rpartition("@")[2]
    url = urlunsplit((parts.scheme, host, parts.path.rstrip("/") + path, "", ""))
    request = urllib.request.Request(url)  # noqa: S310 - the scheme is http or https
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - as above
            return str(answer.read(200).decode("utf-8", "replace")).strip()
    except urllib.error.HTTPError as error:
        with error:
            if error.code >= 500:  # noqa: PLR2004 - server errors
                raise unreachable(location, f"it answers {error.code}") from error
        return ""
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            return ""  # MLflow has settings of its own for certificates
        raise unreachable(location, str(error.reason)) from error
    except (TimeoutError, ConnectionError) as error:
        raise unreachable(location, str(error) or "no answer in time") from error
