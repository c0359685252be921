"""Traces behind a tracking server: their fields, and the spans that its database keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
#: So many experiments are named in one question.
_EXPERIMENTS: Final = 100
_OFTEN: Final = 100
_PLACE: Final = "mlflow.trace.spansLocation"
_ARCHIVE: Final = "mlflow.trace.archiveLocation"
_BEGIN: Final = re.compile(r'\s*{\s*"spans"\s*:\s*\[')
_BETWEEN: Final = " \t\r\n,"


@dataclass(frozen=True, slots=True)
class ServedTrace:
    """A trace as a server tells of it.

    Attributes:
        id: Of the trace.
        experiment: Its id.
        info: Its fields, named as in MLflow 2 or MLflow 3.
        spans: Those that the database keeps, each as the JSON text that it keeps.
        trouble: Why the spans are not here; "" where they are, or are a file.
        runs: Ids of runs that it belongs to: its own, and those it was linked to.
    """

    id: str
    experiment: str
    info: Mapping[str, Any]
    spans: tuple[str, ...] = ()
    trouble: str = ""
    runs: tuple[str, ...] = ()

    @property
    def tags(self) -> dict[str, str]:
        """Its tags. Of an archived trace they say that the spans are a file: that is fetched."""
        found = _texts(self.info.get("tags"))
        if found.get(_PLACE) == "ARCHIVE_REPO":
            found[_PLACE] = "ARTIFACT_REPO"
            found.pop(_ARCHIVE, None)
        return found

    @property
    def metadata(self) -> dict[str, str]:
        """Its metadata."""
        return _texts(self.info.get("trace_metadata", self.info.get("request_metadata")))


def search_traces(
    client: RestClient, experiments: Sequence[str], filtering: str = ""
) -> Iterator[dict[str, Any]]:
    """Yield the traces of experiments as the server tells of them: MLflow 3's way, or 2's.

    Args:
        client: Asks the server; one that knows no traces has none.
        experiments: Their ids.
        filtering: Condition; a server that does not understand it has none.

    Raises:
        ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-invalid``.
    """
    places = [
        {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
        for experiment in experiments
    ]
    body: dict[str, Any] = {"locations": places, "max_results": _PAGE}
    body |= {"filter": filtering} if filtering else {}
    is_known = False
    for page in client.pages("/api/3.0/mlflow/traces/search", body, absent=OPTIONAL):
        is_known = True
        yield from _objects_of(client, page)
    if not is_known and not filtering:
        query = {"experiment_ids": experiments, "max_results": _OLD_PAGE}
        for page in client.pages("/api/2.0/mlflow/traces", query, is_post=False, absent=OPTIONAL):
            yield from _objects_of(client, page)


def _objects_of(client: RestClient, page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for found in page.get("traces", ()):
        if not isinstance(found, dict) or not isinstance(found.get("assessments", []), list):
            raise client.invalid("what it tells of a trace is no object with lists")
        yield found


def trace_id_of(info: Mapping[str, Any]) -> str:
    """Return the id of a trace."""
    return str(info.get("trace_id") or info.get("request_id") or "")


def is_in_database(info: Mapping[str, Any]) -> bool:
    """Return whether the spans of a trace are rows; otherwise they are a file."""
    try:
        return _texts(info.get("tags")).get(_PLACE) == "TRACKING_STORE"
    except AttributeError:  # odd tags are the trouble of whoever reads them
        return False


class HttpTraces:
    """Reads the traces of a tracking server with questions that change nothing.

    Args:
        uri: ``http://host:port`` or ``https://...``.
        credentials: From the environment.
    """

    def __init__(self, uri: str, credentials: Credentials | None = None) -> None:
        self._client = RestClient(uri, credentials)

    def read(
        self, experiments: Sequence[str], runs: Iterable[str], notify: Notify
    ) -> Iterator[ServedTrace]:
        """Yield the traces of experiments, in the order in which the server tells of them.

        Args:
            experiments: Their ids.
            runs: Ids of all runs: of each it is asked which traces it has.
            notify: Told of the progress.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-invalid``.
        """
        notify(StageStarted(_STAGE))
        done = 0
        with ThreadPoolExecutor(_THREADS) as pool:
            asked = [(run, pool.submit(self._of_run, experiments, run)) for run in runs]
            links: dict[str, list[str]] = {}
            for run, found in asked:
                for trace in found.result():
                    links.setdefault(trace, []).append(run)
            for experiment in experiments:
                told = search_traces(self._client, [experiment])
                while part := list(islice(told, _OFTEN)):  # so many are in memory
                    answers = pool.map(self._spans, part)
                    for info, (spans, trouble) in zip(part, answers, strict=True):
                        key = trace_id_of(info)
                        linked = tuple(links.get(key, ()))
                        yield ServedTrace(key, experiment, info, spans, trouble, linked)
                    done += len(part)
                    notify(StepDone(_STAGE, done))
        notify(StageDone(_STAGE, counted(done, "trace")))

    def _of_run(self, experiments: Sequence[str], run: str) -> list[str]:
        """Return the traces that were made in a run, or linked to it later."""
        filtering = f"attributes.run_id = '{run}'"
        return [
            trace_id_of(info)
            for at in range(0, len(experiments), _EXPERIMENTS)
            for info in search_traces(self._client, experiments[at : at + _EXPERIMENTS], filtering)
        ]

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
        except (ValueError, RecursionError) as error:
            return (), f"the server's answer is no list of spans ({error})"


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
