"""A data set as MLflow shows it: name, digest, role, columns and counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scorewright.flows.ports import DatasetInput

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput as MlflowInput

__all__ = ["MAX_DIGEST", "dataset_entity"]

#: MLflow keeps 36 characters; the full digest goes into a tag of the input.
MAX_DIGEST = 32

_TYPES = {
    "integer": "long",
    "number": "double",
    "boolean": "boolean",
    "date": "datetime",
    "datetime": "datetime",
}


def dataset_entity(dataset: DatasetInput) -> MlflowInput:
    """Return the entity MLflow logs as a run's input.

    The role is the tag ``mlflow.data.context``, which MLflow's own pages show.
    """
    from mlflow.entities import Dataset, InputTag  # noqa: PLC0415 - heavy
    from mlflow.entities import DatasetInput as MlflowInput  # noqa: PLC0415

    columns = [
        {"type": _TYPES.get(kind, "string"), "name": name, "required": False}
        for name, kind in dataset.schema.items()
    ]
    return MlflowInput(
        dataset=Dataset(
            name=dataset.name,
            digest=dataset.digest[:MAX_DIGEST],
            source_type="local",
            source=json.dumps({"uri": dataset.source}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps(dict(dataset.profile), default=str),
        ),
        tags=[
            InputTag("mlflow.data.context", dataset.role),
            InputTag("digest", dataset.digest),
        ],
    )
