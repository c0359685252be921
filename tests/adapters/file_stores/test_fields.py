"""Every field that real MLflow writes into a tree is read, or is left for a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.stores.fixtures import CASES, unpacked

from scorewright.adapters import file_stores, store_staging

#: What a file is of, by how deep it lies or by the folder above.
_UPPER = ("experiment", "run")
_LOWER = {
    "inputs": "input", "outputs": "output", "models": "logged model", "datasets": "data set",
    "traces": "trace",
}  # fmt: skip
_NOTHING = "MLflow's databases have no column for it, and MLflow itself leaves it empty in trees"
_ONE = "MLflow keeps one workspace in a tree, 'default'"
_DATABRICKS = "a job of Databricks; no database of MLflow has it"
#: Fields that no reader asks for.
LEFT = {
    ("experiment", "experiment_id"): "the folder is the id; a file that says another is reported",
    ("experiment", "effective_trace_archival_retention"): _NOTHING,
    ("experiment", "trace_location"): _NOTHING,
    ("experiment", "tags"): "lies in files of its own",
    ("run", "tags"): "lies in files of its own",
    ("logged model", "experiment_id"): "the model lies in its experiment",
    ("output", "tags"): _NOTHING,
    ("trace", "assessments"): "lie in files of their own",
    ("trace", "trace_location"): "the trace lies in its experiment",
    ("registered model", "aliases"): "lie in files of their own",
    ("registered model", "deployment_job_id"): _DATABRICKS,
    ("registered model", "deployment_job_state"): _DATABRICKS,
    ("registered model", "name"): "the folder is the name",
    ("version", "aliases"): "lie with the registered model",
    ("version", "deployment_job_state"): _DATABRICKS,
    ("version", "metrics"): _NOTHING,
    ("version", "model_id"): "no database has it; the address of the version names the model",
    ("version", "params"): _NOTHING,
    ("version", "name"): "the folder above is the name",
    ("version", "version"): "the folder is the number",
    ("experiment", "workspace"): _ONE,
    ("registered model", "workspace"): _ONE,
    ("version", "workspace"): _ONE,
    ("assessments", "feedback"): "looked for by its kind, feedback or expectation",
}
#: How a reader asks for a field.
_ASKED = re.compile(r'(?:\b(?:text|whole|word|mapping|get)\(|\w\[)("\w+"(?:, "\w+")*)')
#: Where it does.
_MODULES = [
    *Path(file_stores.__path__[0]).glob("*.py"),
    Path(store_staging.__path__[0]) / "trace_rows.py",
]


def _kind(parts: tuple[str, ...]) -> str:
    folders = [part for part in parts[:-1] if part != ".trash"]
    if folders[0] == "models":
        return ("registered model", "version")[len(folders) - 2]
    if len(folders) <= len(_UPPER):
        return _UPPER[len(folders) - 1]
    return _LOWER.get(folders[-2], folders[-1])


def _fields(root: Path) -> set[tuple[str, str]]:
    found = set()
    for file in root.rglob("*.yaml"):
        parts = file.relative_to(root).parts
        if "artifacts" not in parts:
            document = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            found |= {(_kind(parts), key) for key in document}
    return found


@pytest.mark.parametrize("version", [version for version, kind in CASES if kind == "file"])
def test_every_field_of_a_real_tree_is_read_or_left_for_a_reason(
    version: str, tmp_path: Path
) -> None:
    source = "".join(module.read_text(encoding="utf-8") for module in _MODULES)
    asked = {word for call in _ASKED.findall(source) for word in re.findall(r'"(\w+)"', call)}
    found = _fields(Path(unpacked(version, "file", tmp_path / "store").path))
    assert len(found) > 15
    unknown = {(kind, key) for kind, key in found - LEFT.keys() if key not in asked}
    assert unknown == set()


def test_no_field_is_left_that_real_trees_do_not_have(tmp_path: Path) -> None:
    trees = [unpacked(v, k, tmp_path / v) for v, k in CASES if k == "file"]
    found = set().union(*(_fields(Path(tree.path)) for tree in trees))
    assert LEFT.keys() <= found
