"""What a fixture store holds; run by the Python of an old MLflow, never imported by a test.

`make_fixtures.py` starts it as `python recipe.py write URI KIND` in the folder that owns the store.
It keeps to what Python 3.8 and every MLflow from 1.8 know. The clock, the uuids and the random
numbers are replaced, so that two makings of one fixture differ as little as MLflow allows.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import time
import uuid
from pathlib import Path
from typing import Any

BEGIN = 1_709_287_200.0  # 2024-03-01 10:00:00 UTC
MODEL = "credit_scoring_lgbm"
OTHER = "credit_scoring_logistic"
NOTE = "**Baseline**: préstamos, 5-fold CV.\nSecond line — with a dash."
_RANDOM = random.Random(20240301)


class Clock:
    """A clock that goes on by 10 milliseconds each time it is asked."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> float:
        self.now += 0.01
        return self.now


def _uuid() -> uuid.UUID:
    return uuid.UUID(int=_RANDOM.getrandbits(128), version=4)


class Recipe:
    """Writes one store through the client of whatever MLflow is installed."""

    def __init__(self, kind: str) -> None:
        self.mlflow: Any = importlib.import_module("mlflow")
        tracking: Any = importlib.import_module("mlflow.tracking")
        entities: Any = importlib.import_module("mlflow.entities")
        self.entities = entities
        self.kind = kind
        self.client: Any = tracking.MlflowClient()
        self.version = tuple(int(x) for x in self.mlflow.__version__.split("."))
        self.said: dict[str, Any] = {"not_available": {}, "names": {}}
        self.clock = int(BEGIN * 1000)

    # runs

    def run(self, experiment: str, name: str, **more: Any) -> str:
        """Make a run with the tags every run has; return its id."""
        self.clock += 60_000
        tags = {
            "mlflow.runName": name,
            "mlflow.user": "ana",
            "mlflow.source.name": "train.py",
            "mlflow.source.type": "LOCAL",
            "project": "credit_scoring",
            **more,
        }
        made = self.client.create_run(experiment, start_time=self.clock, tags=tags)
        run: str = made.info.run_id
        self.said["names"][name] = run
        return run

    def end(self, run: str, status: str = "FINISHED") -> None:
        self.clock += 30_000
        self.client.set_terminated(run, status, end_time=self.clock)

    def figures(self, run: str, shift: float) -> None:
        """Metrics with a history by step, NaN, both infinities and a huge and a tiny value."""
        entity = self.entities.Metric
        metrics = [
            entity("fold_roc_auc", 0.75 + shift + fold / 1000, self.clock + fold, fold)
            for fold in range(5)
        ]
        metrics += [
            entity("training_loss", 0.7 / (step + 1), self.clock + step, step) for step in range(25)
        ]
        metrics += [
            entity("mean_roc_auc", 0.752 + shift, self.clock, 0),
            entity("brier", 0.068, self.clock, 0),
            entity("not_a_number", float("nan"), self.clock, 0),
            entity("plus_infinity", float("inf"), self.clock, 0),
            entity("minus_infinity", float("-inf"), self.clock, 0),
            entity("tiny", 5e-324, self.clock, -3),
            entity("same_step", 1.0, self.clock, 1),
            entity("same_step", 2.0, self.clock + 1, 1),
        ]
        params = [
            self.entities.Param("n_estimators", "400"),
            self.entities.Param("learning_rate", "0.05"),
            self.entities.Param("features", "préstamos,год,収入"),
            self.entities.Param("two_lines", "one\ntwo"),
            self.entities.Param("long", "x" * self.longest_param()),
            self.entities.Param("nested/name with space", "kept"),
        ]
        self.client.log_batch(run, metrics=metrics, params=params, tags=[])

    def longest_param(self) -> int:
        if self.version < (2, 0, 0):
            return 249
        return 499 if self.version < (2, 9, 0) else 5_999

    def files(self, run: str, label: str) -> None:
        """Artifacts in folders, one with an accent in its name, one empty, a model of text."""
        folder = Path("made") / label
        (folder / "plots" / "roc").mkdir(parents=True)
        (folder / "model").mkdir()
        (folder / "plots" / "roc" / "curve.json").write_text('{"fpr": [0, 1], "tpr": [0, 1]}')
        (folder / "plots" / "largeur réelle.txt").write_text("42\n", encoding="utf-8")
        (folder / "model" / "MLmodel").write_text(
            "flavors:\n  python_function:\n    loader_module: scorewright.entry.mlflow_model\n"
            "run_id: " + run + "\n"
        )
        (folder / "model" / "model.txt").write_text("tree of " + label + "\n")
        (folder / "confusion_matrix.json").write_text(json.dumps({"tp": 10, "run": label}))
        (folder / "empty.log").write_text("")
        self.client.log_artifacts(run, str(folder))

    # the parts that only some versions have

    def attempt(self, name: str, act: Any) -> None:
        """Do an act; where this MLflow cannot, keep the reason."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - any refusal of an old version is the answer
            self.said["not_available"][name] = f"{type(error).__name__}: {error}"[:300]

    def inputs(self, run: str) -> None:
        entity = self.entities
        dataset = entity.Dataset(
            name="home_credit",
            digest="3f2a9c01",
            source_type="local",
            source='{"uri": "data/application_train.parquet"}',
            schema='{"mlflow_colspec": [{"type": "double", "name": "income"}]}',
            profile='{"num_rows": 307511}',
        )
        tag = entity.InputTag("mlflow.data.context", "training")
        self.client.log_inputs(run, [entity.DatasetInput(dataset, [tag])])
        other = entity.Dataset(
            name="home_credit_test", digest="77aa", source_type="local", source='{"uri": "test"}'
        )
        tag = entity.InputTag("mlflow.data.context", "evaluation")
        self.client.log_inputs(run, [entity.DatasetInput(other, [tag])])

    def source(self, run: str) -> str:
        uri: str = self.client.get_run(run).info.artifact_uri
        return uri + "/model"

    def registry(self, first: str, second: str) -> None:
        """Two models, versions in stages, one deleted version, tags and aliases."""
        client = self.client
        client.create_registered_model(MODEL)
        for run in (first, second, first, second):
            client.create_model_version(MODEL, self.source(run), run)
        client.create_registered_model(OTHER)
        client.create_model_version(OTHER, self.source(second), second)
        if self.version < (1, 9, 0):
            self._old_registry()
            return
        client.update_registered_model(MODEL, "LightGBM, monotone.")
        client.set_registered_model_tag(MODEL, "owner", "risk")
        client.update_model_version(MODEL, "1", "The first one.")
        client.set_model_version_tag(MODEL, "1", "validated", "yes")
        self.attempt(
            "stages",
            lambda: [
                client.transition_model_version_stage(MODEL, version, stage)
                for version, stage in (("1", "Archived"), ("2", "Production"))
            ],
        )
        client.delete_model_version(MODEL, "3")
        self.said["deleted_versions"] = {MODEL: ["3"]}
        self.attempt("aliases", self._aliases)

    def _aliases(self) -> None:
        self.client.set_registered_model_alias(MODEL, "champion", "2")
        self.client.set_registered_model_alias(MODEL, "challenger", "4")

    def _old_registry(self) -> None:
        client = self.client
        client.update_model_version(MODEL, "1", stage="Archived", description="The first one.")
        client.update_model_version(MODEL, "2", stage="Production")
        client.update_registered_model(MODEL, description="LightGBM, monotone.")
        client.delete_model_version(MODEL, "3")
        self.said["deleted_versions"] = {MODEL: ["3"]}

    def logged_models(self, experiment: str, run: str) -> None:
        """A ready model with metrics and files, a failed one, a deleted one; links to runs."""
        client, entity = self.client, self.entities
        made = client.create_logged_model(
            experiment,
            name="lgbm",
            source_run_id=run,
            tags={"project": "credit_scoring"},
            params={"num_leaves": "31"},
            model_type="classifier",
        )
        folder = Path("made") / "logged"
        folder.mkdir()
        (folder / "MLmodel").write_text("model_id: " + made.model_id + "\nflavors: {}\n")
        (folder / "model.txt").write_text("tree of a logged model\n")
        client.log_model_artifacts(made.model_id, str(folder))
        client.finalize_logged_model(made.model_id, "READY")
        client.log_metric(
            run,
            "roc_auc",
            0.771,
            timestamp=self.clock,
            step=3,
            model_id=made.model_id,
            dataset_name="home_credit",
            dataset_digest="3f2a9c01",
        )
        client.log_outputs(run, models=[entity.LoggedModelOutput(made.model_id, 3)])
        failed = client.create_logged_model(experiment, name="broken", source_run_id=run)
        client.finalize_logged_model(failed.model_id, "FAILED")
        gone = client.create_logged_model(experiment, name="gone")
        client.finalize_logged_model(gone.model_id, "READY")
        self.said["logged_models"] = {
            "ready": made.model_id,
            "failed": failed.model_id,
            "deleted": gone.model_id,
        }
        reader = self.run(experiment, "reads_a_model")
        client.log_inputs(reader, models=[entity.LoggedModelInput(made.model_id)])
        self.end(reader)
        client.delete_logged_model(gone.model_id)

    def traces(self, experiment: str, run: str) -> None:
        """Two traces with two spans each, the second within a run, and one assessment."""
        mlflow = self.mlflow
        mlflow.set_experiment(experiment_id=experiment)
        self._trace("score one applicant")
        mlflow.start_run(run_id=run)
        self._trace("score a folder")
        mlflow.end_run()
        self.end(run)
        flush = getattr(mlflow, "flush_trace_async_logging", None)
        if flush is not None:
            self.attempt("flush of traces", flush)

    def _trace(self, name: str) -> None:
        with self.mlflow.start_span(name=name) as outer:
            outer.set_inputs({"applicant": 7})
            with self.mlflow.start_span(name="matrix") as inner:
                inner.set_outputs([1, 2])
            outer.set_outputs({"pd": 0.08})

    def assessment(self, experiment: str) -> None:
        found = self.client.search_traces(experiment_ids=[experiment])
        name = min(trace.info.trace_id for trace in found)
        self.mlflow.log_feedback(trace_id=name, name="plausible", value=True)

    def prompt(self) -> None:
        register = getattr(self.mlflow, "register_prompt", None)
        if register is None or self.version >= (3, 1, 0):
            register = self.mlflow.genai.register_prompt
        register(name="reasons", template="Explain {{score}}.")
        register(name="reasons", template="Explain {{score}} in one sentence.")
        self.said["prompts"] = {"reasons": ["1", "2"]}

    def evaluation_dataset(self, experiment: str) -> None:
        datasets: Any = importlib.import_module("mlflow.genai.datasets")
        made = datasets.create_dataset(name="golden_rows", experiment_id=[experiment])
        made.merge_records([{"inputs": {"income": 1}, "expectations": {"pd": 0.1}}])
        self.said["evaluation_datasets"] = {"golden_rows": made.dataset_id}

    # the whole

    def write(self) -> None:
        """Write the store."""
        client, old = self.client, self.version < (1, 17, 0)
        client.get_experiment("0")  # the store makes `Default` on its own
        first = client.create_experiment("credit_scoring_model_selection")
        if not old:
            client.set_experiment_tag(first, "mlflow.note.content", NOTE)
        own = Path.cwd() / "elsewhere" / "tuning"
        second = client.create_experiment("credit_scoring_optimization_fbeta", own.as_uri())
        client.set_experiment_tag(second, "owner", "risk")
        bin_ = client.create_experiment("Test")

        baseline = self.run(first, "exp01_cv_baseline_none", **{"mlflow.note.content": NOTE})
        self.figures(baseline, 0.0)
        self.files(baseline, "baseline")
        self.end(baseline)
        balanced = self.run(first, "exp05_cv_domain_balanced", stage="production")
        self.figures(balanced, 0.01)
        self.files(balanced, "balanced")
        self.end(balanced)
        failed = self.run(first, "exp06_cv_domain_smote")
        client.log_param(failed, "n_estimators", "1")
        self.end(failed, "FAILED")
        running = self.run(first, "exp07_cv_domain_none")
        client.log_metric(running, "mean_roc_auc", 0.5, timestamp=self.clock, step=0)

        parent = self.run(second, "tune_study")
        for number in range(2):
            child = self.run(second, f"tune_trial_{number:04d}", **{"mlflow.parentRunId": parent})
            client.log_metric(child, "fbeta_score", 0.3 + number / 10, self.clock, 0)
            client.log_param(child, "num_leaves", str(31 + number))
            self.files(child, f"trial{number}")
            # The tables of 1.8 have a CHECK that does not know KILLED.
            killed = "FAILED" if old else "KILLED"
            self.end(child, "FINISHED" if number else killed)
        self.end(parent)

        binned = self.run(first, "spiffy-loon-749")
        client.log_metric(binned, "mean_roc_auc", 0.6, self.clock, 0)
        self.files(binned, "binned")
        self.end(binned)
        client.delete_run(binned)
        inside = self.run(bin_, "test")
        self.end(inside)

        self.attempt("inputs", lambda: self.inputs(balanced))
        self.attempt("logged models", lambda: self.logged_models(first, balanced))
        self.attempt("registry", lambda: self.registry(baseline, balanced))
        self.attempt("traces", lambda: self.traces(first, balanced))
        self.attempt("assessment", lambda: self.assessment(first))
        self.attempt("prompt", self.prompt)
        self.attempt("evaluation dataset", lambda: self.evaluation_dataset(first))
        client.delete_experiment(bin_)


def main() -> None:
    """Write the store at the address given, and print what was not possible as JSON."""
    uri, kind = sys.argv[1:]
    uuid.uuid4 = _uuid
    time.time = Clock()
    random.seed(7)
    mlflow: Any = importlib.import_module("mlflow")
    mlflow.set_tracking_uri(uri)
    recipe = Recipe(kind)
    recipe.write()
    Path(os.environ["SAID"]).write_text(json.dumps(recipe.said))


if __name__ == "__main__":
    main()
