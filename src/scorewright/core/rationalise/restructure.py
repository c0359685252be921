"""From a wished structure to ideas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from scorewright.core.counting import counted
from scorewright.core.plans import Row
from scorewright.core.rationalise.evidence import DELETED, Evidence
from scorewright.core.rationalise.gathering import gathered
from scorewright.core.rationalise.ideas import Idea, Proposal, SetRow
from scorewright.core.rationalise.production import archive_run_tags, served_runs
from scorewright.core.rationalise.rehome import Rehome
from scorewright.core.rationalise.wish import Experiment, Wish, Wished, resolved

__all__ = ["restructured"]

_ARCHIVED = "archived"


def restructured(evidence: Evidence, wish: Wish) -> tuple[Proposal, Wished]:
    """Make the ideas of a wish: tags, gathering, merges, names, archives, deletions.

    Args:
        evidence: The store.
        wish: What a person wishes.

    Returns:
        The ideas, and the wish as it was understood.

    Raises:
        UsageError: What `resolved` raises, ``run-unknown``.
    """
    wished = resolved(wish, evidence.snapshot)
    runs = _runs(evidence)
    proposal = gathered(evidence, wish)
    ideas = [
        *_tagged(wished),
        *_merged(evidence, wished, runs),
        *_renamed(evidence, wished),
        *_archived(wished, runs),
        *_deleted(evidence, wished, runs),
        *_rooted(wish.artifact_root, wished, evidence),
    ]
    notes = (*_notes(wish, wished, runs), *_served(evidence, wished))
    return proposal + Proposal(tuple(ideas), notes), wished


def _served(evidence: Evidence, wished: Wished) -> Iterable[str]:
    """Warn of runs that are archived although an alias serves them."""
    rows = evidence.active_runs().filter(pl.col("experiment_id").is_in(list(wished.archive)))
    archived = set(rows["run_id"])
    for run, why in sorted(served_runs(evidence).items()):
        if run in archived:
            yield f"Run {run} is archived, but it is served: {why}."


def _runs(evidence: Evidence) -> dict[str, list[tuple[str, str, bool]]]:
    """Return id, name and whether deleted of the runs of each experiment."""
    columns = ("experiment_id", "run_id", "name", "lifecycle_stage")
    rows = evidence.snapshot.runs.sort("start_time", "run_id", nulls_last=True).select(columns)
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for experiment, run, name, stage in rows.iter_rows():
        found.setdefault(experiment, []).append((run, name or "", stage == DELETED))
    return found


def _experiment_row(experiment: Experiment, values: Mapping[str, str], now: int) -> SetRow:
    return SetRow(
        "experiments",
        {"experiment_id": int(experiment.id)},
        {**values},
        is_made=False,
        stamps={"last_update_time": now},
    )


def _experiment_tag(experiment: Experiment, key: str, value: str) -> SetRow:
    row_key: Row = {"experiment_id": int(experiment.id), "key": key}
    return SetRow("experiment_tags", row_key, {"value": value})


def _tagged(wished: Wished) -> Iterable[Idea]:
    for number, tags in wished.tag.items():
        experiment = wished.experiments[number]
        said = ", ".join(f"{key} = {value}" for key, value in tags.items())
        tasks = tuple(_experiment_tag(experiment, k, v) for k, v in tags.items())
        yield Idea("tag_experiment", experiment.label, f"Set {said}.", tasks=tasks)


def _merged(
    evidence: Evidence, wished: Wished, runs: Mapping[str, list[tuple[str, str, bool]]]
) -> Iterable[Idea]:
    for source, target in wished.merge.items():
        experiment, into = wished.experiments[source], wished.experiments[target]
        count = len(runs.get(source, ()))
        row = _experiment_row(experiment, {"lifecycle_stage": DELETED}, evidence.milliseconds)
        is_default = source == "0"
        rest = "" if is_default else ", and mark it as deleted"
        # One step: an experiment whose rows cannot move must not go.
        yield Idea(
            "merge_experiment",
            experiment.label,
            f"Move its runs ({count}) to {into.name} ({into.id}){rest}; their artifacts stay "
            "where they are.",
            tasks=(Rehome(source, target), *(() if is_default else (row,))),
        )


def _renamed(evidence: Evidence, wished: Wished) -> Iterable[Idea]:
    for number, name in wished.names.items():
        experiment = wished.experiments[number]
        task = _experiment_row(experiment, {"name": name}, evidence.milliseconds)
        yield Idea(
            "rename_experiment",
            experiment.label,
            f"Rename '{experiment.name}' to '{name}'.",
            tasks=(task,),
        )


def _archived(wished: Wished, runs: Mapping[str, list[tuple[str, str, bool]]]) -> Iterable[Idea]:
    for number in wished.archive:
        experiment = wished.experiments[number]
        members = [*runs.get(number, ())]
        for source, target in wished.merge.items():
            members += runs.get(source, ()) if target == number else ()
        tasks = [_experiment_tag(experiment, key, _ARCHIVED) for key in ("stage", "status")]
        for run, _, is_gone in members:
            tasks += () if is_gone else archive_run_tags(run)
        count = sum(not is_gone for _, _, is_gone in members)
        yield Idea(
            "archive_experiment",
            experiment.label,
            f"Set stage and status of it and of its {counted(count, 'run')} to archived.",
            tasks=tuple(tasks),
        )


def _deleted(
    evidence: Evidence, wished: Wished, runs: Mapping[str, list[tuple[str, str, bool]]]
) -> Iterable[Idea]:
    """Mark experiments as deleted with their runs, and with the logged models nobody else has."""
    now = evidence.milliseconds
    models = evidence.snapshot.logged_models
    for number in wished.delete:
        experiment = wished.experiments[number]
        tasks = [_experiment_row(experiment, {"lifecycle_stage": DELETED}, now)]
        alive = [run for run, _, is_gone in runs.get(number, ()) if not is_gone]
        tasks += [_doomed("runs", {"run_uuid": run}, {"deleted_time": now}) for run in alive]
        own = models.filter(pl.col("experiment_id") == number)["model_id"].sort()
        stamp = {"last_updated_timestamp_ms": now}
        tasks += [_doomed("logged_models", {"model_id": model}, stamp) for model in own]
        said = f" and its {counted(len(own), 'logged model')}" if len(own) else ""
        yield Idea(
            "delete_experiment",
            experiment.label,
            f"Mark it, its {counted(len(alive), 'run')}{said} as deleted; its rows and files stay.",
            tasks=tuple(tasks),
        )


def _doomed(table: str, key: Mapping[str, str], stamps: Mapping[str, int]) -> SetRow:
    values = {"lifecycle_stage": DELETED}
    return SetRow(table, {**key}, {**values}, is_made=False, stamps={**stamps})


def _rooted(root: str, wished: Wished, evidence: Evidence) -> Iterable[Idea]:
    """Set where the artifacts of new runs go, for experiments that stay."""
    if not root:
        return
    gone = {*wished.delete, *wished.merge}
    for number, experiment in wished.experiments.items():
        place = f"{root.rstrip('/')}/{number}"
        if experiment.is_deleted or number in gone or experiment.location == place:
            continue
        yield Idea(
            "set_artifact_root",
            experiment.label,
            f"Artifacts of new runs go to {place}; those of old runs stay where they are.",
            tasks=(
                _experiment_row(experiment, {"artifact_location": place}, evidence.milliseconds),
            ),
        )


def _notes(
    wish: Wish, wished: Wished, runs: Mapping[str, list[tuple[str, str, bool]]]
) -> Iterable[str]:
    left = [
        f"{e.name} ({counted(len(runs.get(number, ())), 'run')}{', deleted' * e.is_deleted})"
        for number, e in wished.experiments.items()
        if number not in wished.mentioned
    ]
    if left:
        but = ", but for the artifact root" if wish.artifact_root else ""
        yield f"Not named, and left as they are{but}: {', '.join(left)}."
    if wish.keep:
        yield f"Kept as they are: {', '.join(wish.keep)}."
    for source, target in wished.merge.items():
        experiment, into = wished.experiments[source], wished.experiments[target]
        if source == "0":
            yield f"{experiment.name} stays without runs: MLflow needs an experiment 0."
        else:
            yield (
                f"Tags and description of {experiment.name} stay with it; say under tag and "
                f"describe what {into.name} should have of them."
            )
    for number in wished.delete:
        yield (f"The name of {wished.experiments[number].name} stays taken while it is marked.")
