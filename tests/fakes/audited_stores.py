"""Stores to audit: perfect ones, row by row, for a test to spoil."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

from scorewright.core.audit import MISSING, AuditFinding, AuditInput, AuditReport, Rule, audit
from scorewright.core.audit import rule_book as _rule_book
from scorewright.core.conventions import Conventions
from scorewright.core.snapshot import FILES, TABLES, Snapshot, Source, SourceKind, snapshot_of

__all__ = ["NOW", "StoreDraft", "audited", "conventions", "findings", "rule_book"]

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BEGIN = 1_767_000_000_000
ROOT = "/srv/credit/mlruns"


@cache
def _toml(name: str) -> dict[str, Any]:
    text = resources.files("scorewright.resources").joinpath(name).read_text("utf-8")
    return tomllib.loads(text)


@cache
def conventions() -> Conventions:
    """The default policy."""
    return Conventions.from_dict(_toml("conventions.toml"))


def rule_book(severity: Mapping[str, str] | None = None) -> tuple[Rule, ...]:
    """The rules that ship with the package."""
    return _rule_book(_toml("audit_rules.toml"), (), severity)


@dataclass(slots=True)
class StoreDraft:
    """Rows of a store; tests add, change and take away.

    Attributes:
        rows: Table of a snapshot -> rows.
        files: Rows of `FILES`.
        missing: Rows of `MISSING`.
        more: Further arguments of `AuditInput`.
    """

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    files: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    source: Source = field(
        default_factory=lambda: Source(f"{ROOT}/mlflow.db", SourceKind.SQLITE, ROOT)
    )

    @classmethod
    def perfect(cls, runs: int = 2) -> StoreDraft:
        """A store with one experiment whose runs keep every line of the conventions."""
        draft = cls()
        draft.experiment("1", "credit_scoring_model_selection")
        for number in range(runs):
            draft.run(number)
        return draft

    def experiment(self, number: str, name: str, stage: str = "active") -> None:
        self.rows["experiments"].append(
            {
                "experiment_id": number,
                "name": name,
                "artifact_location": f"{ROOT}/{number}",
                "lifecycle_stage": stage,
            }
        )

    def run(self, number: int) -> str:
        """Add a complete run; return its id."""
        policy, run = conventions(), f"{number:032x}"
        name = f"exp{number:02d}_cv_domain_balanced"
        self.rows["runs"].append(
            {
                "run_id": run,
                "experiment_id": "1",
                "name": name,
                "status": "FINISHED",
                "start_time": BEGIN + number,
                "end_time": BEGIN + number + 1,
                "lifecycle_stage": "active",
                "artifact_uri": f"{ROOT}/1/{run}/artifacts",
            }
        )
        rules = policy.metrics
        metrics = {name for group in rules.groups().values() for name in group}
        figures = [f for group in rules.cross_validated.groups for f in rules.groups()[group]]
        metrics |= {f"{form}_{f}" for f in figures for form in ("mean", "std", "train")}
        for key in sorted(metrics):
            self.metric(run, key, 0.5 + number / 1000)
        for key in [*(f"fold_{f}" for f in figures), "train_loss"]:
            self.metric(run, key, 0.25, points=5)
        for key in policy.params.common + policy.params.models["lgbm"]:
            self.rows["params"].append(
                {"run_id": run, "key": key.split("|")[-1], "value": str(number + 1)}
            )
        for key, value in self.tags_of(name).items():
            self.rows["tags"].append({"run_id": run, "key": key, "value": value})
        for path in (*policy.artifacts.required, "model/MLmodel", "model/model.txt"):
            self.file(run, path)
        self.rows["datasets"].append(
            {"dataset_id": f"d{run}", "experiment_id": "1", "name": "home_credit",
             "digest": "3f2a9c", "profile": '{"num_rows": 1000}'}
        )  # fmt: skip
        self.rows["inputs"].append({"run_id": run, "dataset_id": f"d{run}", "context": "training"})
        return run

    @staticmethod
    def tags_of(name: str) -> dict[str, str]:
        return {
            "project": "credit_scoring",
            "stage": "candidate",
            "status": "active",
            "feature_strategy": "domain",
            "sampling_strategy": "balanced",
            "model_type": "lgbm",
            "validation": "5-fold CV",
            "data_version": "home_credit@3f2a9c",
            "git_commit": "8d1c8f30d1c5a8ed",
            "mlflow.runName": name,
            "mlflow.note.content": "Domain features with balanced weights.",
        }

    def metric(self, run: str, key: str, value: float | None, points: int = 1) -> None:
        """Log a metric, in place of one of that name."""
        self.drop("metrics", run, key)
        self.rows["metrics"].append(
            {"run_id": run, "key": key, "value": value, "timestamp": BEGIN, "step": 0,
             "is_nan": False, "points": points}
        )  # fmt: skip

    def param(self, run: str, key: str, value: str) -> None:
        self.drop("params", run, key)
        self.rows["params"].append({"run_id": run, "key": key, "value": value})

    def tag(self, run: str, key: str, value: str) -> None:
        self.drop("tags", run, key)
        self.rows["tags"].append({"run_id": run, "key": key, "value": value})

    def drop(self, table: str, run: str, key: str) -> None:
        """Take a metric, parameter or tag away."""
        self.rows[table] = [
            row for row in self.rows[table] if (row["run_id"], row["key"]) != (run, key)
        ]

    def change(self, run: str, **values: Any) -> None:
        """Change the row of a run."""
        for row in self.rows["runs"]:
            if row["run_id"] == run:
                row.update(values)

    def file(self, owner_id: str, path: str, *, owner: str = "run", **values: Any) -> None:
        number = len(self.files)
        row = {
            "owner": owner,
            "owner_id": owner_id,
            "folder": f"{ROOT}/1/{owner_id}/artifacts",
            "path": path,
            "size": 10_000 + number,
            "modified": 0,
            "inode": f"1:{number}",
            "sha256": f"{number:064x}",
        }
        self.files.append(row | values)

    def without_files(self, run: str) -> None:
        self.files = [row for row in self.files if row["owner_id"] != run]

    def absent(self, owner: str, owner_id: str, reason: str = "absent") -> None:
        place = f"{ROOT}/1/{owner_id}/artifacts"
        self.missing.append(
            {"owner": owner, "owner_id": owner_id, "address": place, "place": place,
             "reason": reason}
        )  # fmt: skip

    def version(self, name: str, number: int, run: str, stage: str = "None") -> None:
        self.rows["model_versions"].append(
            {"name": name, "version": number, "run_id": run, "stage": stage}
        )

    def model(self, name: str) -> None:
        self.rows["registered_models"].append({"name": name})

    def alias(self, name: str, alias: str, number: int) -> None:
        self.rows["registered_model_aliases"].append(
            {"name": name, "alias": alias, "version": number}
        )

    def snapshot(self) -> Snapshot:
        tables = {
            name: pl.DataFrame(
                [{c: row.get(c) for c in TABLES[name]} for row in rows], schema=TABLES[name]
            )
            for name, rows in self.rows.items()
            if rows
        }
        return snapshot_of(self.source, tables, findings=self.more.get("findings", ()))

    def given(self) -> AuditInput:
        further = {key: value for key, value in self.more.items() if key != "findings"}
        return AuditInput(
            snapshot=self.snapshot(),
            conventions=further.pop("conventions", None) or conventions(),
            now=NOW,
            files=pl.DataFrame(self.files, schema=FILES),
            missing=pl.DataFrame(self.missing, schema=MISSING),
            **further,
        )


def audited(draft: StoreDraft, severity: Mapping[str, str] | None = None) -> AuditReport:
    """Audit a draft by the rules that ship with the package."""
    return audit(draft.given(), rule_book(severity))


def findings(draft: StoreDraft) -> dict[str, AuditFinding]:
    """Findings of a draft by code."""
    return {finding.code: finding for finding in audited(draft).findings}
