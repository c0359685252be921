"""One production: the one that is served stays, the others are archived (RUN-007)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from scorewright.core.plans import Row
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.facts import RunFacts, facts_of
from scorewright.core.rationalise.ideas import Idea, Proposal, SetRow, run_tag
from scorewright.core.rationalise.registry import PRODUCTION_ALIASES

__all__ = ["archive_run_tags", "one_production", "served_runs"]

_CODE = "RUN-007"
_ARCHIVED = "archived"
_KEPT = ("production", "deployed")


def one_production(evidence: Evidence, details: Iterable[Mapping[str, Any]]) -> Proposal:
    """Leave one production run per project, and one production version per model.

    The run behind the alias ``champion`` or ``production`` stays, whether it claims so or not;
    without one the newest with a model, without that the newest. The others become archived.

    Args:
        evidence: The store.
        details: Of the finding's hits: ``claims`` and ``project`` of runs, or ``claims`` and
            ``model`` of versions; of experiments there is neither.
    """
    proposal = Proposal()
    for detail in details:
        if "model" in detail:
            proposal += _one_version(evidence, str(detail["model"]), detail["claims"])
        elif "claims" in detail:
            proposal += _one_run(evidence, str(detail.get("project", "")), detail["claims"])
        else:
            proposal += _one_experiment(evidence)
    return proposal


def archive_run_tags(run_id: str) -> tuple[SetRow, ...]:
    """Set the two tags of an archived run."""
    return (run_tag(run_id, "stage", _ARCHIVED), run_tag(run_id, "status", _ARCHIVED))


def _one_run(evidence: Evidence, project: str, claims: Mapping[str, str]) -> Proposal:
    served = served_runs(evidence)
    runs = facts_of(evidence, [*claims, *served])
    projects = {run.tags.get("project", "") for run in runs.values()} - {""}
    rivals = {
        run_id: run
        for run_id, run in runs.items()
        if not run.is_deleted
        and (run_id in claims or run.tags.get("project", "") in ("", project) or not project)
    }
    if not project and len(projects) > 1:
        rivals = {run_id: run for run_id, run in rivals.items() if run_id in claims}
    keeper, why = _keeper(evidence, rivals, served, set(claims))
    stage, status = _KEPT
    ideas = [
        Idea(
            "keep_production",
            keeper.label,
            f"It stays the production run: {why}.",
            _CODE,
            (run_tag(keeper.run_id, "stage", stage), run_tag(keeper.run_id, "status", status)),
        )
    ]
    others = [run for run_id, run in rivals.items() if run_id in claims and run is not keeper]
    ideas += [
        Idea(
            "archive_run",
            run.label,
            f"Archive it: the production run is {keeper.name or keeper.run_id}.",
            _CODE,
            archive_run_tags(run.run_id),
        )
        for run in others
    ]
    notes = []
    if keeper.run_id not in _with_models(evidence):
        notes.append(
            f"{_CODE}: {keeper.label} has no model files. rerun: train it again with its own "
            "parameters, and register what it makes."
        )
    return Proposal(tuple(ideas), tuple(notes))


def _keeper(
    evidence: Evidence, rivals: Mapping[str, RunFacts], served: Mapping[str, str], claims: set[str]
) -> tuple[RunFacts, str]:
    """Choose by serving, then by model, then by age."""
    models = _with_models(evidence)

    def rank(run: RunFacts) -> tuple[bool, bool, bool, int, str]:
        run_id = run.run_id
        is_served = run_id in served
        return (is_served, is_served and run_id in claims, run_id in models, run.start or 0, run_id)

    keeper = max(rivals.values(), key=rank)
    if keeper.run_id in served:
        return keeper, served[keeper.run_id]
    if keeper.run_id in models:
        return keeper, "no alias tells which, and it is the newest with a model"
    return keeper, "no alias tells which, none has a model, and it is the newest"


def served_runs(evidence: Evidence) -> dict[str, str]:
    """Return the runs behind aliases of production, each with why.

    Args:
        evidence: The store.
    """
    aliases = evidence.snapshot.registered_model_aliases.filter(
        pl.col("alias").is_in(PRODUCTION_ALIASES)
    )
    rows = aliases.join(evidence.living_versions(), on=["name", "version"], how="inner")
    active = set(evidence.active_runs()["run_id"])
    found: dict[str, str] = {}
    columns = ("name", "alias", "version", "run_id")
    for name, alias, number, run in rows.sort("name", "alias").select(columns).iter_rows():
        if run in active:
            found.setdefault(run, f"the alias {alias} of {name} means its version {number}")
    return found


def _with_models(evidence: Evidence) -> set[str]:
    """Return runs that have model files, logged a model, or were registered."""
    files, snapshot = evidence.files, evidence.snapshot
    is_model = pl.col("path").str.contains(r"(?i)(^|/)(MLmodel|model\.[a-z0-9]+)$")
    own = files.filter(pl.col("owner") == "run", is_model)["owner_id"]
    kept = files.filter(pl.col("owner") == "model")["owner_id"].unique()
    logged = snapshot.logged_models.filter(pl.col("model_id").is_in(kept.to_list()))
    return {*own, *logged["source_run_id"].drop_nulls()}


def _one_version(evidence: Evidence, model: str, claims: Mapping[str, str]) -> Proposal:
    """Leave the stage Production to the version of the alias, else to the newest."""
    numbers = sorted(int(number) for number in claims)
    aliases = evidence.snapshot.registered_model_aliases.filter(pl.col("name") == model)
    means = dict(aliases.select("alias", "version").iter_rows())
    by_alias = [means[alias] for alias in PRODUCTION_ALIASES if means.get(alias) in numbers]
    keeper = by_alias[0] if by_alias else numbers[-1]
    stages = dict(
        evidence.living_versions()
        .filter(pl.col("name") == model)
        .select("version", "stage")
        .iter_rows()
    )
    ideas, notes = [], []
    for number in numbers:
        if number == keeper:
            continue
        if stages.get(number) == "Production":
            sentence = f"Move it from stage Production to Archived: version {keeper} stays."
            key: Row = {"name": model, "version": number}
            stamps = {"last_updated_time": evidence.milliseconds}
            task = SetRow(
                "model_versions",
                key,
                {"current_stage": "Archived"},
                is_made=False,
                stamps={**stamps},
            )
            ideas.append(
                Idea("archive_version", f"model {model}/{number}", sentence, _CODE, (task,))
            )
        if number in by_alias:
            notes.append(
                f"{_CODE}: the aliases of {model} name versions {keeper} and {number}. A plan "
                "moves no alias that is served: move or delete one of them in MLflow."
            )
    return Proposal(tuple(ideas), tuple(notes))


def _one_experiment(evidence: Evidence) -> Proposal:
    """Leave the claim to the experiment of the served run, else to that of the newest run."""
    tags = evidence.snapshot.experiment_tags
    claim = ((pl.col("key") == "stage") & (pl.col("value") == "production")) | (
        (pl.col("key") == "status") & (pl.col("value") == "deployed")
    )
    claiming = sorted(set(tags.filter(claim)["experiment_id"]))
    runs = evidence.active_runs().filter(pl.col("experiment_id").is_in(claiming))
    served = served_runs(evidence)
    newest: dict[str, tuple[bool, int]] = dict.fromkeys(claiming, (False, 0))
    for run, experiment, start in runs.select("run_id", "experiment_id", "start_time").iter_rows():
        newest[experiment] = max(newest[experiment], (run in served, start or 0))
    keeper = max(claiming, key=lambda number: (newest[number], number), default="")
    rows = evidence.snapshot.experiments.select("experiment_id", "name", "lifecycle_stage")
    ideas = []
    for number, name, stage in rows.sort("experiment_id").iter_rows():
        if number in claiming and number != keeper and stage != "deleted":
            tasks = tuple(
                SetRow("experiment_tags", {"experiment_id": int(number), "key": key},
                       {"value": _ARCHIVED})
                for key in ("stage", "status")
            )  # fmt: skip
            ideas.append(
                Idea(
                    "archive_claim",
                    f"experiment {name} ({number})",
                    "Set stage and status to archived: another experiment is in production.",
                    _CODE,
                    tasks,
                )
            )
    return Proposal(tuple(ideas))
