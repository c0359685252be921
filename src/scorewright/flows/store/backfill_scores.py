"""A run's own model on the data the run names: scores that nobody stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scorewright.core.audit import Predictions
from scorewright.core.backfill import TrainingScores
from scorewright.flows.store.backfill_data import DataFile
from scorewright.flows.store.backfill_models import FoundModel
from scorewright.flows.store.backfill_ports import ModelFile, ModelScorer, ScoredTable

__all__ = ["Scored", "score_data"]

#: What people call the column of outcomes in parameters and tags.
_TARGETS = ("target", "target_column", "target_col", "target_name", "label", "label_column",
            "label_col", "label_name", "y_column")  # fmt: skip
_TRAINING = "training"
#: More tables of one run are not scored.
_MOST = 4


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring gave.

    Attributes:
        stored: Predictions of rows the model has not seen, None without any.
        training: Scores of its training rows, None without any.
        sources: Name of the data -> SHA-256.
        remarks: How the data are known, and why others were not scored.
    """

    stored: Predictions | None = None
    training: TrainingScores | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def score_data(
    found: FoundModel,
    tables: tuple[DataFile, ...],
    texts: Mapping[str, str],
    trained: int | None,
    scorer: ModelScorer,
) -> Scored:
    """Score the first table of unseen rows that fits, and the first of training rows.

    Args:
        found: The run's model.
        tables: From `find_data`.
        texts: Parameters and tags of the run: they may name the outcome.
        trained: How many rows the model was fitted on, None where the run does not say.
        scorer: Does it.
    """
    if found.model is None or found.file is None:
        return Scored()
    model = ModelFile(found.format, found.file.place, tuple(found.model.importance))
    target = next((texts[key] for key in _TARGETS if texts.get(key)), "")
    stored: Predictions | None = None
    training: TrainingScores | None = None
    sources: dict[str, str] = {}
    remarks: list[str] = []
    for table in tables[:_MOST]:
        is_training = table.role == _TRAINING
        if (training if is_training else stored) is not None:
            continue
        answer = scorer.score(model, table.place, target)
        if isinstance(answer, str):
            remarks.append(f"{table.name} ({table.role}) cannot be scored with its model: {answer}")
            continue
        if not is_training and trained == len(answer.y):
            is_training = True
            remarks.append(
                f"{table.name} is called {table.role} and has as many rows as it was trained on: "
                "it is taken as its training rows"
            )
        sources[table.name] = table.sha256
        remarks.append(f"{table.name} ({table.role}) is scored with its model, known {table.how}")
        if is_training:
            training = training or TrainingScores(answer.y, answer.p, answer.keys, table.name)
        else:
            stored = _predictions(answer, table)
    if training is not None and stored is None:
        remarks.append(
            f"scores of {training.name} are those of its training rows: no threshold, cost or "
            "validated figure is made of them"
        )
    return Scored(stored, training, sources, tuple(remarks))


def _predictions(answer: ScoredTable, table: DataFile) -> Predictions:
    return Predictions(
        path="predictions.parquet",
        y=answer.y,
        p=answer.p,
        role=np.array([table.role] * answer.y.size),
        keys=answer.keys,
        is_backfilled=True,
    )
