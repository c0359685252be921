"""One client of MLflow that gives up in seconds and speaks in our errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import stamina

from scorewright.adapters.mlflow_store import (
    StoreKind,
    StoreLocation,
    check_sqlite,
    open_client,
    translated,
    unreachable,
)
from scorewright.adapters.registry.limits import deadline, environment
from scorewright.core.errors import ScorewrightError

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["PATIENT", "PROMPT", "Connection", "Patience", "is_missing"]

T = TypeVar("T")

FETCH_SECONDS: Final = 600.0
#: MLflow's own client would try for 245 s, and follow a server to any other host. What a server
#: signs for downloads from elsewhere is not used either.
LIMITS: Final = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
    "MLFLOW_ENABLE_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
FETCH_LIMITS: Final = {**LIMITS, "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
_SIGNS: Final = {
    "connection refused": "the connection is refused",
    "timed out": "no answer in time",
    "timeout": "no answer in time",
    "error responses": "it answers with server errors",
    "resolve": "its name is not known",
    "connection aborted": "the connection is cut",
    "reset by peer": "the connection is cut",
}
_MISSING: Final = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "INVALID_PARAMETER_VALUE"})


def is_missing(error: ScorewrightError) -> bool:
    """Return whether MLflow said that there is no such model, version or alias."""
    return getattr(error.__cause__, "error_code", "") in _MISSING


def _plain(message: str) -> str:
    """Say in a few words what the client says in many."""
    found = (words for sign, words in _SIGNS.items() if sign in message.lower())
    return next(found, message[:300])


def _passes(error: Exception) -> bool:
    """Return whether a second try may help within the same look."""
    return isinstance(error, ScorewrightError) and error.code == "store-unreachable"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a question may take.

    Attributes:
        seconds: All tries together.
        each: Whole seconds of silence after which one try is given up.
    """

    seconds: float
    each: int


#: Who looks every few seconds says soon that something is wrong; who waits for it waits longer.
PROMPT: Final = Patience(4.8, 2)
PATIENT: Final = Patience(40.0, 15)


class Connection:
    """Asks one MLflow store.

    Args:
        uri: Address of the store; it is the registry as well.
        patience: How long a question may take.
    """

    def __init__(self, uri: str, patience: Patience) -> None:
        self.location = StoreLocation.parse(uri)
        self._patience = patience
        self._client: MlflowClient | None = None
        stamina.instrumentation.set_on_retry_hooks(())  # what fails is said once, by us

    def ask(self, question: Callable[[MlflowClient], T], what: str) -> T:
        """Ask, a second time where the server was away; end in seconds.

        Args:
            question: Asks the client.
            what: What is asked for, for messages.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-locked``,
                ``registry-timeout``, ``registry-answer``.
        """
        self._import()
        limits = {**LIMITS, "MLFLOW_HTTP_REQUEST_TIMEOUT": str(self._patience.each)}
        with deadline(self._patience.seconds, what), environment(limits):
            for attempt in stamina.retry_context(
                on=_passes, attempts=2, timeout=None, wait_initial=0.2, wait_jitter=0.2
            ):
                with attempt, self._spoken(what):
                    answer = question(self._open())
        return answer

    def fetch(self, fetching: Callable[[MlflowClient], T], what: str) -> T:
        """Do what takes longer, once.

        Raises:
            ScorewrightError: Those of `ask`.
        """
        self._import()
        with (
            deadline(FETCH_SECONDS, what),
            environment(FETCH_LIMITS),
            self._spoken(what),
        ):
            return fetching(self._open())

    def _import(self) -> None:
        """Import all of MLflow that an answer needs, before a clock runs.

        It takes seconds, which are not the registry's; and an import that is cut in the middle
        of MLflow's table classes cannot be done again in this process.
        """
        import mlflow  # noqa: PLC0415 - heavy

        if self.location.kind is not StoreKind.HTTP:
            import mlflow.store.model_registry.sqlalchemy_store  # noqa: PLC0415
            import mlflow.store.tracking.sqlalchemy_store  # noqa: F401, PLC0415

    def _open(self) -> MlflowClient:
        """Return the client. A database that is not there is not made: MLflow would make one."""
        location = self.location
        if location.file is not None and not check_sqlite(location.file, location):
            raise ScorewrightError(
                f"There is no tracking store {location.shown}.",
                remedy="Correct tracking.uri in scorewright.toml: it names the registry as well.",
                code="store-unreachable",
            )
        if self._client is None:
            self._client = open_client(location)
        return self._client

    @contextmanager
    def _spoken(self, what: str) -> Iterator[None]:
        """Translate errors; what a server answers may be anything."""
        import requests  # noqa: PLC0415 - heavy

        try:
            with translated(self.location):
                try:
                    yield
                except requests.RequestException as error:  # an OSError too
                    raise unreachable(self.location, str(error)) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._senseless(what, error) from error
        except ScorewrightError as error:
            if error.code == "store-unreachable" and self.location.file is None:
                raise unreachable(self.location, _plain(f"{error.__cause__ or error}")) from error
            if error.code == "store-refused" and self._is_nonsense(error):
                raise self._senseless(what, error) from error
            raise

    def _is_nonsense(self, error: ScorewrightError) -> bool:
        """Return whether a server gave an answer that is none, rather than refusing."""
        return self.location.kind is StoreKind.HTTP and "valid JSON" in error.message

    def _senseless(self, what: str, error: Exception) -> ScorewrightError:
        return ScorewrightError(
            f"What {self.location.shown} answers when asked for {what} makes no sense "
            f"({type(error).__name__}).",
            remedy="Look whether that is the address of an MLflow server, and what stands before "
            "it; it is tried again by itself.",
            code="registry-answer",
        )
