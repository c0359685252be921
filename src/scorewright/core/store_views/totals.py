"""How much of everything a store holds."""

from __future__ import annotations

import polars as pl

from scorewright.core.snapshot import Snapshot
from scorewright.core.store_views.census import versions_of
from scorewright.core.store_views.words import state_of

__all__ = ["totals_of"]


def totals_of(snapshot: Snapshot, runs: pl.DataFrame, files: pl.DataFrame) -> dict[str, int]:
    """Count what a whole store holds.

    Args:
        snapshot: The store.
        runs: From `census_of`.
        files: Its artifact files.
    """
    active = runs.filter(pl.col("state") == "active")
    experiments = snapshot.experiments.select(state_of().alias("state"))["state"]
    nobodys = files.filter(pl.col("owner") == "")
    versions = versions_of(snapshot)
    counts = {
        "experiments": (experiments == "active").sum(),
        "deleted_experiments": (experiments == "deleted").sum(),
        "runs": active.height,
        "deleted_runs": runs.height - active.height,
        "finished": (active["status"] == "FINISHED").sum(),
        "running": (active["status"] == "RUNNING").sum(),
        "failed": active["status"].is_in(["FAILED", "KILLED"]).sum(),
        "children": active["parent_id"].is_not_null().sum(),
        "without_name": (active["name"] == "").sum(),
        "without_artifacts": (active["files"] == 0).sum(),
        "production": active["is_production"].sum(),
        "params": snapshot.params.height,
        "tags": snapshot.tags.height,
        "metrics": snapshot.metrics.height,
        "points": snapshot.metrics["points"].sum(),
        "datasets": snapshot.datasets.height,
        "inputs": snapshot.inputs.height,
        "logged_models": snapshot.logged_models.select(state_of() == "active").sum().item(),
        "registered_models": snapshot.registered_models.height,
        "versions": versions.height,
        "aliases": snapshot.registered_model_aliases.height,
        "traces": snapshot.traces["traces"].sum(),
        "files": files.height,
        "bytes": files["size"].sum(),
        # Hard links take their room once.
        "bytes_on_disk": files.unique("inode")["size"].sum(),
        "nobodys_files": nobodys.height,
        "nobodys_bytes": nobodys["size"].sum(),
    }
    return {key: int(value or 0) for key, value in counts.items()}
