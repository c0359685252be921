"""Who claims to be in production, and the registry behind it."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from scorewright.core.audit.check_conventions import registered_models
from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.subjects import Subject
from scorewright.core.audit.view import StoreView

__all__ = ["PRODUCTION_CHECKS"]

_DELETED = "Deleted_Internal"
_STAGES = ("Staging", "Production")


def _versions(view: StoreView) -> pl.DataFrame:
    """Return the versions that live, of models: no tombstones, no prompts."""
    models = registered_models(view).select("name")
    return (
        view.given.snapshot.model_versions.filter(pl.col("stage").fill_null("") != _DELETED)
        .join(models, on="name", how="semi")
        .with_columns(label=pl.format("{}/{}", "name", pl.col("version").fill_null(0)))
        .sort("name", "version")
    )


def _is(value: str, word: str) -> bool:
    return value.strip().lower() == word


def _run_claims(view: StoreView) -> dict[str, str]:
    """Return how each run claims production, by run id."""
    stages = view.tag("stage").items()
    claims = {run: "stage = production" for run, stage in stages if _is(stage, "production")}
    for run, status in view.tag("status").items():
        if _is(status, "deployed"):
            claims[run] = ", ".join(filter(None, [claims.get(run), "status = deployed"]))
    return {run: claims[run] for run in view.names if run in claims}


def _version_claims(view: StoreView) -> dict[tuple[str, int], str]:
    """Return how each version claims production, by name and number."""
    claims = {
        (name, number): "stage Production"
        for name, number, stage in _versions(view).select("name", "version", "stage").iter_rows()
        if stage == "Production"
    }
    alive = _versions(view).select("name", "version")
    aliases = view.given.snapshot.registered_model_aliases.sort("name", "alias").join(
        alive, on=["name", "version"], how="semi", maintain_order="left"
    )
    for name, alias, number in aliases.select("name", "alias", "version").iter_rows():
        if _is(alias, "champion") or _is(alias, "production"):
            parts = [claims.get((name, number)), f"alias {alias}"]
            claims[name, number] = ", ".join(filter(None, parts))
    return claims


def _several_in_production(view: StoreView) -> Iterator[Hit]:
    yield from _several_runs(view)
    by_model: dict[str, list[tuple[int, str]]] = {}
    for (name, number), how in _version_claims(view).items():
        by_model.setdefault(name, []).append((number, how))
    for name, claims in by_model.items():
        if len(claims) > 1:
            subjects = tuple(Subject("version", f"{name}/{number}") for number, _ in claims)
            text = "; ".join(f"version {number} by {how}" for number, how in claims)
            detail = {"model": name, "claims": {str(number): how for number, how in claims}}
            yield Hit(subjects, text, detail)
    yield from _several_experiments(view)


def _several_runs(view: StoreView) -> Iterator[Hit]:
    projects, claims = view.tag("project"), view.once(_run_claims)
    known = sorted({projects[run] for run in claims if projects.get(run)})
    # A run that names no project may be of any.
    by_project = {
        project: [run for run in claims if projects.get(run, "") in ("", project)]
        for project in known or [""]
    }
    experiments = dict(view.runs.select("run_id", "experiment").iter_rows())
    for project, runs in by_project.items():
        if len(runs) > 1:
            places = sorted({experiments[run] for run in runs})
            of = f" of project {project}" if project else ""
            text = f"all claim to be the production run{of}, in {', '.join(places)}"
            detail = {"project": project, "claims": {r: claims[r] for r in runs}}
            yield Hit(view.subjects(runs), text, detail | {"experiments": places})


def _several_experiments(view: StoreView) -> Iterator[Hit]:
    """Tell of experiments of one project; one that names no project may be of any."""
    tags = view.given.snapshot.experiment_tags
    value = pl.col("value").str.strip_chars().str.to_lowercase()
    is_claim = ((pl.col("key") == "stage") & (value == "production")) | (
        (pl.col("key") == "status") & (value == "deployed")
    )
    rows = tags.filter(is_claim).select("experiment_id").unique()
    claiming = view.experiments.join(rows, on="experiment_id", how="semi").sort("experiment_id")
    projects = _projects(view)
    known = sorted({p for n in claiming["experiment_id"] if (p := projects.get(n, ""))})
    for project in known or [""]:
        subjects = tuple(
            Subject("experiment", number, name or "")
            for number, name in claiming.select("experiment_id", "name").iter_rows()
            if projects.get(number, "") in ("", project)
        )
        if len(subjects) > 1:
            of = f" of project {project}" if project else ""
            yield Hit(subjects, f"all claim to be the production experiment{of}")


def _projects(view: StoreView) -> dict[str, str]:
    """Return the project of experiments: by their own tag, else the one that all runs name."""
    told: dict[str, set[str]] = {}
    own = view.tag("project")
    for run, number in view.runs.select("run_id", "experiment_id").iter_rows():
        if own.get(run):
            told.setdefault(number, set()).add(own[run])
    found = {number: next(iter(names)) for number, names in told.items() if len(names) == 1}
    tags = view.given.snapshot.experiment_tags.filter(pl.col("key") == "project")
    return found | dict(tags.select("experiment_id", "value").drop_nulls().iter_rows())


def _without_model(view: StoreView) -> Iterator[Hit]:
    claims = dict(view.once(_run_claims))
    made = {
        (name, number): run
        for name, number, run in _versions(view).select("name", "version", "run_id").iter_rows()
    }
    for (name, number), how in _version_claims(view).items():
        run = made.get((name, number))
        if run in view.names:
            claims.setdefault(run, f"{how} of {name}")
    seen = set(view.runs.filter(pl.col("is_seen"))["run_id"])
    for run, how in claims.items():
        if run in seen and run not in view.model_files:
            yield Hit((view.subject(run),), how, {"claim": how})


def _run_is_gone(view: StoreView) -> Iterator[Hit]:
    every = set(view.given.snapshot.runs["run_id"])
    rows = _versions(view).filter(pl.col("run_id").fill_null("") != "")
    for label, run in rows.select("label", "run_id").iter_rows():
        if run not in view.names:
            state = "deleted" if run in every else "missing"
            detail = {"run_id": run, "state": state}
            yield Hit((Subject("version", label),), f"its run {run[:8]} is {state}", detail)


def _source_is_gone(view: StoreView) -> Iterator[Hit]:
    alive = set(_versions(view)["label"])
    rows = view.given.missing.filter(pl.col("owner") == "version", pl.col("reason") == "absent")
    for label, place, address in rows.select("owner_id", "place", "address").iter_rows():
        if label in alive:
            where = place or address or ""
            yield Hit((Subject("version", label),), f"no {where}", {"place": where})


def _stage_not_alias(view: StoreView) -> Iterator[Hit]:
    aliases = view.given.snapshot.registered_model_aliases
    rows = _versions(view).filter(pl.col("stage").is_in(_STAGES))
    rows = rows.join(aliases, on=["name", "version"], how="anti", maintain_order="left")
    for label, stage in rows.select("label", "stage").iter_rows():
        yield Hit((Subject("version", label),), f"stage {stage}", {"stage": stage})


def _alias_to_nothing(view: StoreView) -> Iterator[Hit]:
    aliases = view.given.snapshot.registered_model_aliases
    alive = view.given.snapshot.model_versions.filter(pl.col("stage").fill_null("") != _DELETED)
    rows = aliases.join(alive, on=["name", "version"], how="anti").sort("name", "alias")
    for name, alias, number in rows.select("name", "alias", "version").iter_rows():
        detail = {"alias": alias, "version": number}
        text = f"alias {alias} means version {number}, which is not there"
        yield Hit((Subject("model", name),), text, detail)


def _empty_models(view: StoreView) -> Iterator[Hit]:
    rows = registered_models(view).join(_versions(view), on="name", how="anti").sort("name")
    yield Hit(tuple(Subject("model", name) for name in rows["name"]))


PRODUCTION_CHECKS: dict[str, Check] = {
    "RUN-007": _several_in_production,
    "RUN-009": _without_model,
    "MODEL-001": _run_is_gone,
    "MODEL-002": _source_is_gone,
    "MODEL-003": _stage_not_alias,
    "MODEL-005": _alias_to_nothing,
    "MODEL-006": _empty_models,
}
