"""Every column that points somewhere: what a consolidation writes in the place of the old value.

One table of rules, `REWRITES`; all ids that are not in it are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from scorewright.core.plans import Scalar
from scorewright.core.snapshot import AddressKind, parse_address

__all__ = ["REWRITES", "Moves", "Rewrite", "RewriteKind", "rewrite"]


class RewriteKind(Enum):
    """How a value is rewritten."""

    EXPERIMENT = "number of an experiment"
    EXPERIMENT_TEXT = "number of an experiment, as text"
    EXPERIMENT_LIST = "numbers of experiments between commas"
    EXPERIMENT_PLACE = "folder of an experiment's artifacts"
    RUN_PLACE = "folder of a run's artifacts"
    MODEL_PLACE = "folder of a logged model's artifacts"
    TRACE_PLACE = "folder of a trace's artifacts"
    ADDRESS = "address below a run, a logged model or an experiment"
    RUN_LINK = "link to a run's page"
    DATASET = "id of a data set"
    INPUT = "id of an input"
    SCHEMA = "id of a label schema"
    NAME = "name of a registered model or prompt"
    VERSION = "number of a model version"
    VERSION_TEXT = "name and number of a model version, with a slash"
    VERSION_LIST = "JSON list of names and versions of models or prompts"
    SPAN = "JSON of a span, which may name its experiment and the prompts it read"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One rule.

    Attributes:
        table: As the schema calls it.
        column: Whose value is rewritten.
        kind: How.
        needs: Further columns the new value depends on; ``@`` marks one of the run, logged model or
            trace the row is part of.
        when: Column and value a row must have; None for every row.
    """

    table: str
    column: str
    kind: RewriteKind
    needs: tuple[str, ...] = ()
    when: tuple[str, str] | None = None


_K = RewriteKind
_EXPERIMENT_TABLES: Final = (
    "experiments",
    "experiment_tags",
    "runs",
    "datasets",
    "logged_models",
    "logged_model_params",
    "logged_model_tags",
    "logged_model_metrics",
    "trace_info",
    "spans",
    "assessments",
    "scorers",
    "online_scoring_configs",
    "label_schemas",
    "issues",
    "review_queues",
)
_REGISTRY_TABLES: Final = (
    "registered_models",
    "registered_model_tags",
    "model_versions",
    "model_version_tags",
    "registered_model_aliases",
)
_LINKED_PROMPTS: Final = "mlflow.linkedPrompts"
_MODEL_VERSIONS: Final = "mlflow.modelVersions"

REWRITES: Final = (
    *(Rewrite(table, "experiment_id", _K.EXPERIMENT) for table in _EXPERIMENT_TABLES),
    Rewrite("experiments", "artifact_location", _K.EXPERIMENT_PLACE, ("experiment_id",)),
    Rewrite("runs", "artifact_uri", _K.RUN_PLACE, ("experiment_id", "run_uuid")),
    Rewrite("logged_models", "artifact_location", _K.MODEL_PLACE, ("experiment_id", "model_id")),
    Rewrite(
        "trace_tags",
        "value",
        _K.TRACE_PLACE,
        ("@experiment_id", "request_id"),
        ("key", "mlflow.artifactLocation"),
    ),
    Rewrite("tags", "value", _K.VERSION_LIST, (), ("key", _LINKED_PROMPTS)),
    Rewrite("trace_tags", "value", _K.VERSION_LIST, (), ("key", _LINKED_PROMPTS)),
    Rewrite("logged_model_tags", "tag_value", _K.VERSION_LIST, (), ("tag_key", _LINKED_PROMPTS)),
    Rewrite("logged_model_tags", "tag_value", _K.VERSION_LIST, (), ("tag_key", _MODEL_VERSIONS)),
    Rewrite("spans", "content", _K.SPAN),
    Rewrite("inputs", "source_id", _K.DATASET, (), ("source_type", "DATASET")),
    Rewrite("input_tags", "input_uuid", _K.INPUT),
    Rewrite("logged_model_metrics", "dataset_uuid", _K.DATASET),
    Rewrite("review_queue_label_schemas", "schema_id", _K.SCHEMA),
    Rewrite(
        "entity_associations",
        "destination_id",
        _K.EXPERIMENT_TEXT,
        (),
        ("destination_type", "experiment"),
    ),
    Rewrite(
        "entity_associations",
        "source_id",
        _K.VERSION_TEXT,
        (),
        ("source_type", "prompt_version"),
    ),
    Rewrite(
        "entity_associations",
        "destination_id",
        _K.VERSION_TEXT,
        (),
        ("destination_type", "prompt_version"),
    ),
    Rewrite(
        "registered_model_tags",
        "value",
        _K.EXPERIMENT_LIST,
        (),
        ("key", "_mlflow_experiment_ids"),
    ),
    *(Rewrite(table, "name", _K.NAME) for table in _REGISTRY_TABLES),
    Rewrite("model_versions", "version", _K.VERSION, ("name",)),
    Rewrite("model_versions", "source", _K.ADDRESS),
    Rewrite("model_versions", "storage_location", _K.ADDRESS),
    Rewrite("model_versions", "run_link", _K.RUN_LINK),
    Rewrite("model_version_tags", "version", _K.VERSION, ("name",)),
    Rewrite("registered_model_aliases", "version", _K.VERSION, ("name",)),
)


@dataclass(frozen=True, slots=True)
class Moves:
    """Old to new, of one source.

    Attributes:
        experiments: Numbers.
        homes: New number -> folder of its artifacts.
        datasets: Ids; those not in it are kept.
        inputs: Ids; those not in it are kept.
        schemas: Ids of label schemas; those not in it are kept.
        versions: (name, old number) -> new number; those not in it are kept.
        names: Of models and prompts; those not in it are kept.
        places: Old address -> new folder, of runs, logged models and versions.
    """

    experiments: Mapping[int, int]
    homes: Mapping[int, str] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    schemas: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[tuple[str, int], int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @staticmethod
    def place_key(address: str) -> tuple[str, str]:
        """Return what an address is looked up by: ``file:///a`` and ``/a`` are one."""
        parsed = parse_address(address)
        return parsed.kind.value, parsed.path


def rewrite(kind: RewriteKind, value: Scalar, needs: tuple[Any, ...], moves: Moves) -> Scalar:
    """Return the new value of a column; one that is empty or leads elsewhere is kept.

    Args:
        kind: Of the rule.
        value: As the source has it.
        needs: Values of the rule's further columns, as the source has them.
        moves: Of the source.
    """
    if value is None:
        return None
    if isinstance(value, int):
        return _whole(kind, value, needs, moves)
    return _text(kind, str(value), needs, moves)


def _whole(kind: RewriteKind, value: int, needs: tuple[Any, ...], moves: Moves) -> int:
    if kind is RewriteKind.VERSION:
        return moves.versions.get((needs[0], value), value)
    return moves.experiments.get(value, value)


def _text(kind: RewriteKind, value: str, needs: tuple[Any, ...], moves: Moves) -> str:
    if kind in _FOLDERS:
        return _place(kind, value, needs, moves)
    return _SIMPLE[kind](value, moves)


_FOLDERS: Final = {
    RewriteKind.EXPERIMENT_PLACE: "{home}",
    RewriteKind.RUN_PLACE: "{home}/{id}/artifacts",
    RewriteKind.MODEL_PLACE: "{home}/models/{id}/artifacts",
    RewriteKind.TRACE_PLACE: "{home}/traces/{id}/artifacts",
}


def _place(kind: RewriteKind, value: str, needs: tuple[Any, ...], moves: Moves) -> str:
    """Return the folder in the target; what lies in an object store stays where it is."""
    if parse_address(value).kind is AddressKind.REMOTE:
        return value
    home = moves.homes[moves.experiments[needs[0]]]
    return _FOLDERS[kind].format(home=home, id=needs[-1])


def _experiment_text(value: str, moves: Moves) -> str:
    return str(moves.experiments.get(int(value), value)) if value.isdecimal() else value


def _address(value: str, moves: Moves) -> str:
    """Return an address below the new folder of whatever the old one lay below."""
    if value.startswith("models:/"):
        return f"models:/{_model(value.removeprefix('models:/'), moves)}"
    kind, path = Moves.place_key(value)
    rest = ""
    while path:
        if (kind, path) in moves.places:
            return moves.places[kind, path] + rest
        head, slash, tail = path.rpartition("/")
        path, rest = head, f"{slash}{tail}{rest}"
    return value


def _model(value: str, moves: Moves) -> str:
    """Rewrite ``name/version`` or ``name@alias``; the id of a logged model is kept."""
    if "/" in value:
        return _version_text(value, moves)
    name, at, alias = value.partition("@")
    return f"{moves.names.get(name, name)}{at}{alias}" if at else value


def _experiment_list(value: str, moves: Moves) -> str:
    """Rewrite ids; one that the source does not have would name an unrelated experiment."""
    parts = value.split(",")
    kept = [part for part in parts if not part.isdecimal() or int(part) in moves.experiments]
    return ",".join(_experiment_text(part, moves) for part in kept) if any(kept) else ""


def _version_text(value: str, moves: Moves) -> str:
    name, slash, number = value.rpartition("/")
    return f"{moves.names.get(name, name)}{slash}{_number(name, number, moves)}"


_LINK: Final = re.compile(r"(?P<head>.*/experiments/)(?P<id>\d+)(?P<tail>/runs/.*)")


def _run_link(value: str, moves: Moves) -> str:
    """Rewrite a link within the server; one to another server still leads there."""
    found = _LINK.fullmatch(value)
    if found is None or "://" in value:
        return value
    return f"{found['head']}{_experiment_text(found['id'], moves)}{found['tail']}"


#: Of the longest integer that a database holds.
_DIGITS: Final = 19


def _number(name: str, number: str, moves: Moves) -> str:
    if not number.isdecimal() or len(number) > _DIGITS:
        return number
    return str(moves.versions.get((name, int(number)), number))


def _version_list(value: str, moves: Moves) -> str:
    """Rewrite numbers, each as the text or integer it was; without a new one, every byte stays."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    if not isinstance(found, list):
        return value
    changed = [_renumber(one, moves) for one in found]
    return json.dumps(found) if any(changed) else value


def _renumber(one: Any, moves: Moves) -> bool:  # noqa: ANN401 - any JSON
    """Write the new name and number into one of a list; tell whether they are others."""
    if not isinstance(one, dict) or not isinstance(one.get("name"), str):
        return False
    version = one.get("version")
    # ``True`` is an integer to Python, and no number of a version.
    if isinstance(version, bool) or not isinstance(version, int | str):
        return False
    number = _number(one["name"], str(version), moves)
    name = moves.names.get(one["name"], one["name"])
    if (name, number) == (one["name"], str(version)):
        return False
    one["name"] = name
    one["version"] = number if isinstance(version, str) else int(number)
    return True


_SPAN_EXPERIMENT: Final = re.compile(r'("mlflow\.experimentId": "(?:\\")?)(\d+)')


_SPAN_PROMPTS: Final = re.compile(r'("mlflow\.linkedPrompts":\s*)("(?:[^"\\]|\\.)*")')


def _span(value: str, moves: Moves) -> str:
    new = _SPAN_EXPERIMENT.sub(lambda found: found[1] + _experiment_text(found[2], moves), value)
    return _SPAN_PROMPTS.sub(lambda found: found[1] + _span_prompts(found[2], moves), new)


def _span_prompts(value: str, moves: Moves) -> str:
    """Rewrite a list that is a JSON text, or, from OpenTelemetry, the JSON text of one."""
    try:
        old = json.loads(value)
        inner = json.loads(old)
    except (ValueError, RecursionError):
        return value
    if isinstance(inner, str):
        text = _version_list(inner, moves)
        return value if text == inner else json.dumps(json.dumps(text))
    text = _version_list(old, moves)
    return value if text == old else json.dumps(text)


_SIMPLE: Final[Mapping[RewriteKind, Callable[[str, Moves], str]]] = {
    RewriteKind.EXPERIMENT: _experiment_text,
    RewriteKind.EXPERIMENT_TEXT: _experiment_text,
    RewriteKind.EXPERIMENT_LIST: _experiment_list,
    RewriteKind.ADDRESS: _address,
    RewriteKind.RUN_LINK: _run_link,
    RewriteKind.DATASET: lambda value, moves: moves.datasets.get(value, value),
    RewriteKind.INPUT: lambda value, moves: moves.inputs.get(value, value),
    RewriteKind.SCHEMA: lambda value, moves: moves.schemas.get(value, value),
    RewriteKind.NAME: lambda value, moves: moves.names.get(value, value),
    RewriteKind.VERSION_TEXT: _version_text,
    RewriteKind.VERSION_LIST: _version_list,
    RewriteKind.SPAN: _span,
}
