"""The store as the rules look at it: what lives, by run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar, cast

import polars as pl

from scorewright.core.audit.inputs import AuditInput
from scorewright.core.audit.subjects import Subject

__all__ = ["PARENT_KINDS", "StoreView", "view_of"]

Made = TypeVar("Made")

#: Values of the tag ``scorewright.kind`` of runs that only hold others together.
PARENT_KINDS = ("matrix", "study")
_KIND = "scorewright.kind"
_PARENT = "mlflow.parentRunId"
#: Files that a model is loaded from.
_MODEL_FILE = (
    r"(?i)(^|/)"
    r"(MLmodel|model\.[a-z0-9]+|[^/]+\.(pkl|pickle|joblib|onnx|cbm|skops|ubj|bst|h5|keras))$"
)


@dataclass(frozen=True, slots=True, eq=False)
class StoreView:
    """What the rules look at.

    Attributes:
        given: All of it.
        runs: Active runs of active experiments: columns of the snapshot's runs with ``name``
            never null, and ``experiment`` (its name), ``kind`` (tag ``scorewright.kind``, "" if
            none), ``is_parent`` (it only holds others together: by its kind, or it has children
            and neither figures nor files), ``is_finished`` (a finished training run, no parent) and
            ``is_seen`` (whether its artifacts could be looked at).
        names: Name by run id, of active runs.
        experiments: Active experiments.
        files: Files of active runs, with ``owner_id`` as ``run_id``.
        model_files: Run ids with files of a model.
    """

    given: AuditInput
    runs: pl.DataFrame
    names: dict[str, str]
    experiments: pl.DataFrame
    files: pl.DataFrame
    model_files: frozenset[str]
    _made: dict[object, object] = field(default_factory=dict, repr=False)
    _subjects: dict[str, Subject] = field(default_factory=dict, repr=False)

    def once(self, make: Callable[[StoreView], Made]) -> Made:
        """Return what several rules need, made by the first that asks."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("Made", self._made[make])

    def subject(self, run_id: str) -> Subject:
        """Return a run as the subject of a hit, the same for all hits."""
        found = self._subjects.get(run_id)
        if found is None:
            found = self._subjects[run_id] = Subject("run", run_id, self.names.get(run_id, ""))
        return found

    def subjects(self, run_ids: Iterable[str]) -> tuple[Subject, ...]:
        """Return runs as subjects, in the order given."""
        return tuple(map(self.subject, run_ids))

    def tag(self, key: str) -> dict[str, str]:
        """Return a tag's value by run id, of active runs that have it."""
        tags = self.given.snapshot.tags
        rows = tags.filter(pl.col("key") == key).select("run_id", "value").drop_nulls()
        return {run: value for run, value in rows.iter_rows() if run in self.names}

    def figures(self, *keys: str) -> dict[str, dict[str, float]]:
        """Return the last values of metrics by run id, of active runs, finite ones only."""
        rows = self.given.snapshot.metrics.filter(
            pl.col("key").is_in(keys),
            pl.col("value").is_finite(),
            ~pl.col("is_nan").fill_null(value=False),
        )
        found: dict[str, dict[str, float]] = {}
        for run, key, value in rows.select("run_id", "key", "value").iter_rows():
            if run in self.names:
                found.setdefault(run, {})[key] = value
        return found

    def params(self, *keys: str) -> dict[str, dict[str, str]]:
        """Return parameters by run id, of active runs."""
        rows = self.given.snapshot.params.filter(pl.col("key").is_in(keys)).drop_nulls()
        found: dict[str, dict[str, str]] = {}
        for run, key, value in rows.select("run_id", "key", "value").iter_rows():
            if run in self.names:
                found.setdefault(run, {})[key] = value
        return found


def view_of(given: AuditInput) -> StoreView:
    """Sort out what lives: deleted runs and experiments are counted, not judged."""
    snapshot = given.snapshot
    experiments = snapshot.experiments.filter(_is_active())
    named = experiments.select("experiment_id", experiment=pl.col("name").fill_null(""))
    runs = snapshot.runs.filter(_is_active()).join(
        named, on="experiment_id", how="inner", maintain_order="left"
    )
    for key, column in (("mlflow.runName", "tagged"), (_KIND, "kind")):
        runs = runs.join(_tagged(snapshot.tags, key, column), on="run_id", how="left")
    own = pl.when(pl.col("name").fill_null("") == "").then("tagged").otherwise("name")
    unseen = given.missing.filter(
        pl.col("owner") == "run", pl.col("reason").is_in(["remote", "unresolved"])
    )["owner_id"]
    runs = (
        runs.with_columns(
            name=own.fill_null(""),
            kind=pl.col("kind").fill_null(""),
            is_seen=~pl.col("run_id").is_in(unseen.to_list()) & pl.lit(given.has_files),
        )
        .with_columns(
            is_parent=pl.col("kind").is_in(PARENT_KINDS)
            | pl.col("run_id").is_in(_bare_parents(given, runs))
        )
        .with_columns(is_finished=(pl.col("status") == "FINISHED") & ~pl.col("is_parent"))
        .drop("tagged")
        .sort("start_time", "run_id", nulls_last=True)
    )
    names = dict(runs.select("run_id", "name").iter_rows())
    files = given.files.filter(pl.col("owner") == "run").rename({"owner_id": "run_id"})
    files = files.join(runs.select("run_id"), on="run_id", how="semi")
    return StoreView(given, runs, names, experiments, files, _with_model_files(given, files))


def _is_active() -> pl.Expr:
    return pl.col("lifecycle_stage").fill_null("active") != "deleted"


def _bare_parents(given: AuditInput, runs: pl.DataFrame) -> list[str]:
    """Return runs that others name as their parent, and that have logged nothing themselves."""
    snapshot = given.snapshot
    children = snapshot.tags.filter(pl.col("key") == _PARENT).join(runs, on="run_id", how="semi")
    parents = children.select(run_id="value").unique()
    files = given.files.filter(pl.col("owner") == "run").select(run_id="owner_id")
    for own in (snapshot.metrics.select("run_id"), files):
        parents = parents.join(own, on="run_id", how="anti")
    return parents["run_id"].drop_nulls().to_list()


def _tagged(tags: pl.DataFrame, key: str, column: str) -> pl.DataFrame:
    rows = tags.filter(pl.col("key") == key).unique("run_id", keep="first", maintain_order=True)
    return rows.select("run_id", pl.col("value").alias(column))


def _with_model_files(given: AuditInput, files: pl.DataFrame) -> frozenset[str]:
    """Return runs that have files of a model: their own, a logged model's or a version's."""
    own = files.filter(pl.col("path").str.contains(_MODEL_FILE))["run_id"]
    snapshot = given.snapshot
    models = given.files.filter(pl.col("owner") == "model").select(model_id="owner_id").unique()
    made = pl.concat(
        [
            snapshot.logged_models.select("model_id", run_id="source_run_id"),
            snapshot.run_models.filter(pl.col("role") == "output").select("model_id", "run_id"),
        ]
    ).join(models, on="model_id", how="semi")["run_id"]
    kept = set(given.files.filter(pl.col("owner") == "version")["owner_id"].to_list())
    versions = snapshot.model_versions.select("name", "version", "run_id").drop_nulls()
    of_versions = [run for name, number, run in versions.iter_rows() if f"{name}/{number}" in kept]
    return frozenset([*own.to_list(), *made.drop_nulls().to_list(), *of_versions])
