"""The experiment "Default", and stores of more than one workspace."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scorewright.core.findings import Finding

__all__ = ["check_default", "check_workspaces"]


def check_default(experiments: pl.DataFrame, location: str) -> tuple[Finding, ...]:
    """Find a "Default" that is not experiment 0, or an experiment 0 of another name.

    MLflow cannot open a store whose "Default" has another id while it misses experiment 0.

    Args:
        experiments: ``experiment_id``, ``name`` and perhaps ``workspace``.
        location: For people.
    """
    if "workspace" in experiments.columns:
        experiments = experiments.filter(pl.col("workspace").fill_null("default") == "default")
    ids = experiments.filter(pl.col("name") == "Default")["experiment_id"].to_list()
    named = experiments.filter(pl.col("experiment_id") == "0")["name"].to_list()
    if experiments.is_empty() or ids == ["0"]:
        return ()
    evidence = {"default_id": ids[0] if ids else None, "name_of_0": named[0] if named else None}
    if ids:
        message = f"The experiment 'Default' has the id {ids[0]}, not 0"
        message += ": MLflow may fail to open the store." if not named else "."
    elif named:
        message = f"Experiment 0 is called '{named[0]}', not 'Default'."
    else:
        message = "There is no experiment 0 called 'Default'; MLflow may make it again."
    return (
        Finding(
            code="STORE-024",
            severity="error" if ids else "info",
            subject=location,
            message=message,
            remedy="Consolidate it into a new store, which gets experiment 0 'Default': "
            "scorewright store consolidate",
            evidence=evidence,
        ),
    )


def check_workspaces(tables: Mapping[str, pl.DataFrame], location: str) -> tuple[Finding, ...]:
    """Find experiments and models of other workspaces: their names may come twice.

    Args:
        tables: Of the store; a snapshot does not keep the workspace.
        location: For people.
    """
    found: dict[str, int] = {}
    for name in ("experiments", "registered_models"):
        if name in tables and "workspace" in tables[name].columns:
            spaces = tables[name]["workspace"].fill_null("default")
            for space, rows in spaces.value_counts().iter_rows():
                found[space] = found.get(space, 0) + int(rows)
    if not found.keys() - {"default"}:
        return ()
    return (
        Finding(
            code="STORE-032",
            severity="warning",
            subject=location,
            message=f"The store holds {len(found)} workspaces: names of experiments and models may "
            "come twice.",
            remedy="Steward each workspace in a store of its own: mlflow db move-resources",
            evidence={"rows": dict(sorted(found.items()))},
        ),
    )
