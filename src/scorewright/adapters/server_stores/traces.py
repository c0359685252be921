"""Traces behind a tracking server: their fields, and the spans that its database keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from scorewright.adapters.server_stores.client import OPTIONAL, Credentials, RestClient
from scorewright.core.counting import counted
from scorewright.core.errors import ScorewrightError
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone

__all__ = ["SPANS", "HttpTraces", "ServedTrace", "is_in_database", "search_traces", "trace_id_of"]

#: Question of the server's own pages for the spans of a trace, wherever they lie.
SPANS: Final = "/ajax-api/2.0/mlflow/get-trace-artifact"
_STAGE: Final = "reading traces"
_PAGE: Final = 500
_OLD_PAGE: Final = 100
_THREADS: Final = 8
_OFTEN: Final = 100
_PLACE: Final = "mlflow.trace.spansLocation"
_BEGIN: Final = re.compile(r'\s*{\s*"spans"\s*:\s*\[')
_BETWEEN: Final = " \t\r\n,"


@dataclass(frozen=True, slots=True)
class ServedTrace:
    """A trace as a server tells of it.

    Attributes:
        id: Of the trace.
        experiment: Its id.
        info: Its fields, named as in MLflow 2 or MLflow 3.
        tags: Texts.
        metadata: Texts.
        assessments: Fields of each.
        spans: Those that the database keeps, each as the JSON text that it keeps.
        trouble: Why the spans are not here; "" where they are, or are a file.
    """

    id: str
    experiment: str
    info: Mapping[str, Any]
    tags: Mapping[str, str]
    metadata: Mapping[str, str]
    assessments: tuple[Mapping[str, Any], ...] = ()
    spans: tuple[str, ...] = ()
    trouble: str = ""


def search_traces(client: RestClient, experiment: str) -> Iterator[dict[str, Any]]:
    """Yield the traces of an experiment as the server tells of them: MLflow 3's way, or 2's.

    Args:
        client: Asks the server; one that knows no traces has none.
        experiment: Its id.

    Raises:
        ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-invalid``.
    """
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    body: dict[str, Any] = {"locations": [place], "max_results": _PAGE}
    is_known = False
    for page in client.pages("/api/3.0/mlflow/traces/search", body, absent=OPTIONAL):
        is_known = True
        yield from page.get("traces", ())
    if not is_known:
        query = {"experiment_ids": experiment, "max_results": _OLD_PAGE}
        for page in client.pages("/api/2.0/mlflow/traces", query, is_post=False, absent=OPTIONAL):
            yield from page.get("traces", ())


def trace_id_of(info: Mapping[str, Any]) -> str:
    """Return the id of a trace."""
    return str(info.get("trace_id") or info.get("request_id") or "")


def is_in_database(info: Mapping[str, Any]) -> bool:
    """Return whether the spans of a trace are rows; otherwise they are a file."""
    return _texts(info.get("tags")).get(_PLACE) == "TRACKING_STORE"


class HttpTraces:
    """Reads the traces of a tracking server with questions that change nothing.

    Args:
        uri: ``http://host:port`` or ``https://...``.
        credentials: From the environment.
    """

    def __init__(self, uri: str, credentials: Credentials | None = None) -> None:
        self._client = RestClient(uri, credentials)

    def read(self, experiments: Iterable[str], notify: Notify) -> Iterator[ServedTrace]:
        """Yield the traces of experiments, in the order in which the server tells of them.

        Args:
            experiments: Their ids.
            notify: Told of the progress.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-invalid``.
        """
        notify(StageStarted(_STAGE))
        done = 0
        with ThreadPoolExecutor(_THREADS) as pool:
            for experiment in experiments:
                told = search_traces(self._client, experiment)
                while part := list(islice(told, _OFTEN)):  # so many are in memory
                    for info, answer in zip(part, pool.map(self._spans, part), strict=True):
                        yield _served(info, experiment, *answer)
                    done += len(part)
                    notify(StepDone(_STAGE, done))
        notify(StageDone(_STAGE, counted(done, "trace")))

    def _spans(self, info: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
        if not is_in_database(info):
            return (), ""
        try:
            query = {"request_id": trace_id_of(info)}
            text = self._client.take(SPANS, query, lambda answer: answer.read().decode())
            return tuple(_objects(text)), ""
        except ScorewrightError as error:
            if error.code == "store-refused":
                raise
            return (), error.message.removesuffix(".")
        except ValueError as error:
            return (), f"the server's answer is no list of spans ({error})"


def _served(
    info: Mapping[str, Any], experiment: str, spans: tuple[str, ...], trouble: str
) -> ServedTrace:
    metadata = info.get("trace_metadata", info.get("request_metadata"))
    return ServedTrace(
        trace_id_of(info),
        experiment,
        info,
        _texts(info.get("tags")),
        _texts(metadata),
        tuple(info.get("assessments") or ()),
        spans,
        trouble,
    )


def _texts(found: object) -> dict[str, str]:
    """Return texts that MLflow 3 tells as an object, and MLflow 2 as a list of pairs."""
    if isinstance(found, Mapping):
        return {str(key): str(value) for key, value in found.items()}
    pairs = found if isinstance(found, list) else []
    return {str(one.get("key", "")): str(one.get("value", "")) for one in pairs}


def _objects(text: str) -> Iterator[str]:
    """Yield the JSON texts of ``{"spans": [...]}`` as they stand there.

    Raises:
        ValueError: It is something else.
    """
    found = json.loads(text)
    spans = found.get("spans") if isinstance(found, dict) else None
    if not isinstance(spans, list):
        raise ValueError("there are none")  # noqa: TRY004 - whatever the text is
    begins = _BEGIN.match(text)
    if begins is None:
        yield from map(json.dumps, spans)
        return
    decoder, at = json.JSONDecoder(), begins.end()
    for _ in spans:
        while text[at] in _BETWEEN:
            at += 1
        _, end = decoder.raw_decode(text, at)
        yield text[at:end]
        at = end
