"""Artifact files behind a tracking server, as the server lists them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import polars as pl

from scorewright.adapters.server_stores.client import OPTIONAL, Credentials, RestClient
from scorewright.adapters.server_stores.fetching import Fetcher
from scorewright.adapters.server_stores.trace_files import fetch_trace_files
from scorewright.core.counting import counted
from scorewright.core.errors import ScorewrightError
from scorewright.core.findings import Finding
from scorewright.core.snapshot import FILES, RootRule, Snapshot
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.store.ports import Inventory

__all__ = ["HttpArtifacts"]

_STAGE: Final = "listing artifacts"
_FETCHING: Final = "fetching artifacts"
_THREADS: Final = 8
_OFTEN: Final = 100
#: Folders of one run that are looked into at most.
_MOST: Final = 100_000
_MISSING: Final = pl.Schema(
    {name: pl.String() for name in ("owner", "owner_id", "address", "place", "reason")}
)
_Answer = list[dict[str, Any]] | None


class HttpArtifacts:
    """Lists the files of runs, and of the logged models of MLflow 3, folder by folder.

    They lie behind the server: they have a size, but no folder, time or digest here, unless they
    are fetched. Of traces a server lists no files: they are known when they are fetched.

    Args:
        uri: Of the server.
        credentials: From the environment.
        fetched: Folder below which files are put whose content is asked for; None to fetch none.
    """

    def __init__(
        self, uri: str, credentials: Credentials | None = None, fetched: Path | None = None
    ) -> None:
        self._client = RestClient(uri, credentials)
        self._fetcher = None if fetched is None else Fetcher(self._client, fetched)

    def inventory(
        self,
        snapshot: Snapshot,
        notify: Notify,
        *,
        rules: Iterable[RootRule] = (),
        hashed: bool = False,
    ) -> Inventory:
        """Ask for the files of each owner; see `scorewright.flows.store.ports.ArtifactFiles`.

        Args:
            snapshot: The store.
            notify: Told of the progress.
            rules: Kept as they are: a server finds its files itself.
            hashed: Fetch every file, where there is a folder for them.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``write-failed``.
        """
        owners = _owners(snapshot)
        notify(StageStarted(_STAGE, len(owners)))
        found: list[dict[str, Any]] = []
        missing: list[dict[str, Any]] = []
        findings: list[Finding] = []
        with ThreadPoolExecutor(_THREADS) as pool:
            answers = pool.map(self._files, owners)
            for done, (owner, answer) in enumerate(zip(owners, answers, strict=True), start=1):
                kind, key, address = owner
                if isinstance(answer, Finding):
                    findings.append(answer)
                if not isinstance(answer, list):
                    row = {"owner": kind, "owner_id": key, "address": address}
                    missing.append({**row, "place": None, "reason": "remote"})
                else:
                    found += answer
                if done % _OFTEN == 0:
                    notify(StepDone(_STAGE, done))
        notify(StageDone(_STAGE, counted(len(found), "file")))
        if hashed and self._fetcher is not None:
            findings += _fetch(self._fetcher, found, notify)
            experiments = snapshot.experiments["experiment_id"].to_list()
            rows, troubles = fetch_trace_files(self._client, self._fetcher, experiments)
            found += rows
            findings += troubles
        files = pl.DataFrame(found, schema=FILES)
        return Inventory(
            files, tuple(rules), pl.DataFrame(missing, schema=_MISSING), tuple(findings)
        )

    def _files(self, owner: tuple[str, str, str]) -> list[dict[str, Any]] | Finding | None:
        kind, key, _ = owner
        waiting, looked = deque([""]), 0
        rows = []
        try:
            while waiting and looked < _MOST:
                looked += 1
                entries = self._entries(kind, key, waiting.popleft())
                if entries is None:
                    return None
                for entry in entries:
                    path = str(entry.get("path", ""))
                    if entry.get("is_dir"):
                        waiting.append(path)
                    elif path:
                        rows.append(_row(kind, key, path, int(entry.get("file_size") or 0)))
        except ScorewrightError as error:
            if error.code == "store-refused":
                raise
            return _unlisted(key, error.message)
        if waiting:
            return _unlisted(key, f"there are more than {_MOST:,} folders.")
        return rows

    def _entries(self, kind: str, key: str, path: str) -> _Answer:
        if kind == "run":
            question = "/api/2.0/mlflow/artifacts/list"
            query = {"run_id": key, "path": path} if path else {"run_id": key}
        else:
            question = f"/api/2.0/mlflow/logged-models/{key}/artifacts/directories"
            query = {"artifact_directory_path": path} if path else {}
        found: list[dict[str, Any]] = []
        for page in self._client.pages(question, query, is_post=False, absent=OPTIONAL):
            found += page.get("files", ())
        return found


def _unlisted(key: str, why: str) -> Finding:
    return Finding(
        code="FILE-003",
        severity="warning",
        subject=key,
        message=f"The server did not list its files: {why}",
        remedy="Look whether the server reaches its artifact store.",
    )


def _fetch(fetcher: Fetcher, rows: list[dict[str, Any]], notify: Notify) -> list[Finding]:
    """Bring the files; those that came get their folder and digest."""
    keys = ("owner", "owner_id", "path", "size")
    notify(StageStarted(_FETCHING, len(rows)))
    findings = []
    with ThreadPoolExecutor(_THREADS) as pool:
        answers = pool.map(lambda row: fetcher.fetch(*(row[key] for key in keys)), rows)
        for done, (row, answer) in enumerate(zip(rows, answers, strict=True), start=1):
            if isinstance(answer, Finding):
                findings.append(answer)
            else:
                row["folder"] = str(fetcher.folder_of(row["owner"], row["owner_id"]))
                row["sha256"] = answer
            if done % _OFTEN == 0:
                notify(StepDone(_FETCHING, done))
    notify(StageDone(_FETCHING, counted(len(rows) - len(findings), "file")))
    return findings


def _owners(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    runs = snapshot.runs.select("run_id", pl.col("artifact_uri").fill_null("")).iter_rows()
    models = snapshot.logged_models.select(
        "model_id", pl.col("artifact_location").fill_null("")
    ).iter_rows()
    return [("run", *row) for row in runs] + [("model", *row) for row in models]


def _row(owner: str, owner_id: str, path: str, size: int) -> dict[str, Any]:
    return {
        "owner": owner, "owner_id": owner_id, "folder": "", "path": path, "size": size,
        "inode": f"{owner}:{owner_id}:{path}",
    }  # fmt: skip
