"""One run, whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scorewright.core.counting import counted
from scorewright.core.errors import UsageError
from scorewright.core.findings import Finding
from scorewright.core.snapshot import Snapshot
from scorewright.core.store_views.census import census_of, named_runs, versions_of
from scorewright.core.store_views.words import (
    bytes_text,
    figure_text,
    plain,
    time_text,
)

__all__ = ["RunCard", "card_of", "find_run"]

_SHORTEST = 4
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class RunCard:
    """A run and everything that belongs to it.

    Attributes:
        run: Its row, see `census_of`, and ``artifact_uri``, ``source_name``, ``source_version``.
        params, tags: By key, sorted.
        metrics: ``key``, ``value``, ``step``, ``time``, ``points``.
        inputs: Data sets: ``name``, ``digest``, ``context``, ``source_type``.
        models: Logged models: ``model_id``, ``name``, ``role``, ``status``.
        versions: ``label``, ``stage``, ``status``.
        artifacts: ``owner``, ``path``, ``size``, ``sha256``.
        parent: Id and name, None without one; the name is None where no such run is.
        children: Id, name, status and state of each.
        findings: What is wrong with it.
    """

    run: Mapping[str, Any]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Sequence[Mapping[str, Any]]
    inputs: Sequence[Mapping[str, Any]]
    models: Sequence[Mapping[str, Any]]
    versions: Sequence[Mapping[str, Any]]
    artifacts: Sequence[Mapping[str, Any]]
    parent: Mapping[str, Any] | None
    children: Sequence[Mapping[str, Any]]
    findings: Sequence[Finding] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright store show --json``."""
        return {
            "schema_version": 1,
            "run": {key: plain(value) for key, value in self.run.items()},
            "params": dict(self.params),
            "metrics": _plain_rows(self.metrics),
            "tags": dict(self.tags),
            "inputs": _plain_rows(self.inputs),
            "models": _plain_rows(self.models),
            "versions": _plain_rows(self.versions),
            "artifacts": _plain_rows(self.artifacts),
            "parent": None if self.parent is None else dict(self.parent),
            "children": _plain_rows(self.children),
            "findings": [
                {
                    "code": f.code,
                    "severity": f.severity,
                    "message": f.message,
                    "remedy": f.remedy,
                    "evidence": dict(f.evidence),
                }
                for f in self.findings
            ],
        }

    def pairs(self) -> list[tuple[str, str]]:
        """Return what it is, for people."""
        run = self.run
        state = "" if run["state"] == "active" else f" ({run['state']})"
        spent = "" if run["seconds"] is None else f", {run['seconds']:,.0f} s"
        pairs = [
            ("run", run["run_id"]),
            ("name", run["name"]),
            ("experiment", f"{run['experiment']} ({run['experiment_id']})"),
            ("status", f"{run['status'] or 'unknown'}{state}"),
            ("time", f"{time_text(run['start'])} to {time_text(run['end']) or 'open'}{spent}"),
            ("user", run["user"] or ""),
            ("source", " @ ".join(t for t in (run["source_name"], run["source_version"]) if t)),
            ("parent", self._parent()),
            ("children", self._children()),
            ("inputs", "; ".join(_input(one) for one in self.inputs)),
            ("models", "; ".join(_model(one) for one in self.models)),
            ("versions", ", ".join(str(one["label"]) for one in self.versions)),
            ("artifacts", run["artifact_uri"] or ""),
            ("files", f"{counted(run['files'], 'file')}, {bytes_text(run['bytes'])}"),
        ]
        return [(name, text) for name, text in pairs if text]

    def metric_rows(self) -> list[tuple[str, ...]]:
        """Return metric, last value, step, number of values."""
        return [
            (
                str(row["key"]), figure_text(row["value"]), str(row["step"]),
                "" if row["points"] is None else f"{row['points']:,}",
            )
            for row in self.metrics
        ]  # fmt: skip

    def artifact_rows(self) -> list[tuple[str, ...]]:
        """Return owner, path and size of each file."""
        return [(str(r["owner"]), str(r["path"]), bytes_text(r["size"])) for r in self.artifacts]

    def finding_rows(self) -> list[tuple[str, ...]]:
        """Return code, severity, message and what mends it."""
        return [(f.code, f.severity, f.message, f.remedy) for f in self.findings]

    def _parent(self) -> str:
        if self.parent is None:
            return ""
        name = self.parent["name"]
        return f"{self.parent['run_id']} " + ("(not in the store)" if name is None else str(name))

    def _children(self) -> str:
        if not self.children:
            return ""
        names = [str(child["name"] or child["run_id"]) for child in self.children[:_SHOWN]]
        more = len(self.children) - len(names)
        return ", ".join(names) + (f" ... {more:,} more" if more else "")


def find_run(snapshot: Snapshot, reference: str) -> str:
    """Return the id of the run that a person means.

    Args:
        snapshot: The store.
        reference: Id, the beginning of an id (four characters or more), or a name that one run
            has; of runs with one name the only active one is meant.

    Raises:
        UsageError: ``run-unknown``, ``run-ambiguous``.
    """
    wanted = reference.strip()
    runs = named_runs(snapshot)
    exact = runs.filter(pl.col("run_id") == wanted)
    named = runs.filter(pl.col("name") == wanted)
    begun = runs.clear()
    if len(wanted) >= _SHORTEST:
        begun = runs.filter(pl.col("run_id").str.starts_with(wanted.lower()))
    for found in (exact, named, begun):
        active = found.filter(pl.col("state") == "active")
        chosen = active if active.height else found
        if chosen.height == 1:
            return str(chosen["run_id"][0])
        if chosen.height > 1:
            raise _ambiguous(snapshot, wanted, chosen)
    raise UsageError(
        f"{snapshot.source.location} has no run with the id or name '{wanted}'.",
        remedy="scorewright store inventory --level runs lists all; name the store with --store.",
        code="run-unknown",
        details={"run": wanted},
    )


def card_of(
    snapshot: Snapshot, files: pl.DataFrame, run_id: str, findings: Sequence[Finding] = ()
) -> RunCard:
    """Gather everything of a run.

    Args:
        snapshot: The store.
        files: Its artifact files, columns of `scorewright.core.snapshot.FILES`.
        run_id: A run of the store.
        findings: What is wrong with it.
    """
    census = census_of(snapshot, files)
    raw = snapshot.runs.filter(pl.col("run_id") == run_id).row(0, named=True)
    row = census.filter(pl.col("run_id") == run_id).row(0, named=True)
    kept = ("artifact_uri", "source_type", "source_name", "source_version", "entry_point_name")
    tags = _pairs(snapshot.tags, run_id)
    run = row | {key: raw[key] for key in kept}
    run["source_name"] = run["source_name"] or tags.get("mlflow.source.name")
    run["source_version"] = run["source_version"] or tags.get("mlflow.source.git.commit")
    models = _models(snapshot, run_id)
    owners = {"run": [run_id], "model": [m["model_id"] for m in models if m["role"] == "output"]}
    mine = pl.any_horizontal(
        (pl.col("owner") == owner) & pl.col("owner_id").is_in(ids) for owner, ids in owners.items()
    )
    artifacts = files.filter(mine).sort("owner", "path", descending=[True, False])
    versions = versions_of(snapshot).filter(pl.col("run_id") == run_id)
    children = census.filter(pl.col("parent_id") == run_id)
    return RunCard(
        run=run,
        params=_pairs(snapshot.params, run_id),
        tags=tags,
        metrics=_metrics(snapshot, run_id),
        inputs=_inputs(snapshot, run_id),
        models=models,
        versions=versions.select("label", "stage", "status", "source").to_dicts(),
        artifacts=artifacts.select("owner", "owner_id", "path", "size", "sha256").to_dicts(),
        parent=_parent(census, row["parent_id"]),
        children=children.select("run_id", "name", "status", "state").to_dicts(),
        findings=tuple(findings),
    )


def _pairs(frame: pl.DataFrame, run_id: str) -> dict[str, str]:
    rows = frame.filter(pl.col("run_id") == run_id).sort("key").select("key", "value")
    return {str(key): value for key, value in rows.iter_rows()}


def _metrics(snapshot: Snapshot, run_id: str) -> list[dict[str, Any]]:
    value = pl.when(pl.col("is_nan").fill_null(value=False)).then(float("nan")).otherwise("value")
    rows = snapshot.metrics.filter(pl.col("run_id") == run_id).sort("key")
    return rows.select("key", value.alias("value"), "step", "timestamp", "points").to_dicts()


def _inputs(snapshot: Snapshot, run_id: str) -> list[dict[str, Any]]:
    used = snapshot.inputs.filter(pl.col("run_id") == run_id)
    known = snapshot.datasets.unique("dataset_id", keep="first")
    joined = used.join(known, on="dataset_id", how="left").sort("context", "name")
    return joined.select("name", "digest", "context", "source_type", "source").to_dicts()


def _models(snapshot: Snapshot, run_id: str) -> list[dict[str, Any]]:
    linked = snapshot.run_models.filter(pl.col("run_id") == run_id).select("model_id", "role")
    made = snapshot.logged_models.filter(pl.col("source_run_id") == run_id).select(
        "model_id", role=pl.lit("output")
    )
    both = pl.concat([linked, made]).unique(["model_id", "role"], keep="first")
    known = snapshot.logged_models.unique("model_id", keep="first")
    joined = both.join(known, on="model_id", how="left").sort("role", "model_id")
    return joined.select(
        "model_id", "name", "role", "status", "model_type", "lifecycle_stage"
    ).to_dicts()


def _parent(census: pl.DataFrame, parent_id: str | None) -> dict[str, Any] | None:
    if not parent_id:
        return None
    found = census.filter(pl.col("run_id") == parent_id)
    name = found["name"][0] if found.height else None
    return {"run_id": parent_id, "name": name}


def _input(row: Mapping[str, Any]) -> str:
    role = f" ({row['context']})" if row["context"] else ""
    return f"{row['name'] or 'unknown'}@{row['digest'] or '?'}{role}"


def _model(row: Mapping[str, Any]) -> str:
    told = f"({row['role']}, {row['status'] or 'unknown'})"
    return " ".join(text for text in (row["name"], row["model_id"], told) if text)


def _ambiguous(snapshot: Snapshot, wanted: str, found: pl.DataFrame) -> UsageError:
    shown = [
        f"{run[:12]} ({name or 'without name'}, {experiment})"
        for run, name, experiment in found.select("run_id", "name", "experiment")
        .head(_SHOWN)
        .iter_rows()
    ]
    more = found.height - len(shown)
    return UsageError(
        f"'{wanted}' means {found.height:,} runs of {snapshot.source.location}: "
        f"{'; '.join(shown)}{f'; and {more:,} more' if more else ''}.",
        remedy="Name one of them by its id, or by the beginning of it.",
        code="run-ambiguous",
        details={"run": wanted, "run_ids": found["run_id"].to_list()},
    )


def _plain_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: plain(value) for key, value in row.items()} for row in rows]
