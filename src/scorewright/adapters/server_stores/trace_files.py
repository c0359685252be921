"""Files of the traces behind a tracking server: spans that are no rows, and attachments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from scorewright.adapters.server_stores.client import RestClient
from scorewright.adapters.server_stores.fetching import ATTACHMENTS, Fetcher
from scorewright.adapters.server_stores.traces import is_in_database, search_traces, trace_id_of
from scorewright.core.findings import Finding

__all__ = ["fetch_trace_files"]

_THREADS: Final = 8
_OWNER: Final = "trace"
_SPANS: Final = "traces.json"
_ATTACHED: Final = re.compile(r"mlflow-attachment://([\w-]+)\?")

_Rows = list[dict[str, Any]]


def fetch_trace_files(
    client: RestClient, fetcher: Fetcher, experiments: Iterable[str]
) -> tuple[_Rows, list[Finding]]:
    """Bring the files of traces.

    Args:
        client: Asks the server.
        fetcher: Brings a file.
        experiments: Their ids.

    Returns:
        A row of `scorewright.core.snapshot.FILES` for each file, and why some are not here: those
        have no digest.

    Raises:
        ScorewrightError: ``store-unreachable``, ``store-refused``, ``write-failed``.
    """
    rows: _Rows = []
    findings: list[Finding] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for experiment in experiments:
            told = search_traces(client, [experiment])
            for found, troubles in pool.map(lambda info: _of_one(fetcher, info), told):
                rows += found
                findings += troubles
    return rows, findings


def _of_one(fetcher: Fetcher, info: Mapping[str, Any]) -> tuple[_Rows, list[Finding]]:
    key = trace_id_of(info)
    answers = {_SPANS: fetcher.fetch(_OWNER, key, _SPANS, None)}
    spans = fetcher.folder_of(_OWNER, key) / _SPANS
    if not isinstance(answers[_SPANS], Finding):
        text = spans.read_text(encoding="utf-8", errors="replace")
        for name in dict.fromkeys(_ATTACHED.findall(text)):
            path = f"{ATTACHMENTS}{name}"
            answers[path] = fetcher.fetch(_OWNER, key, path, None)
    if is_in_database(info):  # they are rows, which are read as such
        del answers[_SPANS]
        spans.unlink(missing_ok=True)
    rows = [_row(fetcher, key, path, answer) for path, answer in answers.items()]
    return rows, [answer for answer in answers.values() if isinstance(answer, Finding)]


def _row(fetcher: Fetcher, key: str, path: str, answer: str | Finding) -> dict[str, Any]:
    row = {"owner": _OWNER, "owner_id": key, "folder": "", "path": path, "size": 0}
    row["inode"] = f"{_OWNER}:{key}:{path}"
    if not isinstance(answer, Finding):
        folder = fetcher.folder_of(_OWNER, key)
        row |= {"folder": str(folder), "size": (folder / path).stat().st_size, "sha256": answer}
    return row
