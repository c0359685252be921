"""Scores tables with the models of runs, in the child process."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from scorewright.adapters.model_prober.child import (
    Child,
    ChildDiedError,
    ChildHungError,
    ChildMissingError,
)
from scorewright.flows.store.backfill_ports import ModelFacts, ModelFile, ScoredTable

__all__ = ["ChildScorer"]


class ChildScorer:
    """Loads models and scores tables; keeps the port ``ModelScorer``.

    Args:
        seconds: Wall time one table may take.
    """

    def __init__(self, seconds: float = 300.0) -> None:
        self._child = Child(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close()

    def facts(self, model: ModelFile) -> ModelFacts | str:
        """Load a model; see the port."""
        answer = self._asked({"do": "load", "format": model.format, "place": str(model.place)})
        if isinstance(answer, str):
            return answer
        importance = {str(k): float(v) for k, v in answer.get("importance", {}).items()}
        return ModelFacts(importance, dict(answer.get("params", {})))

    def score(self, model: ModelFile, table: Path, target: str) -> ScoredTable | str:
        """Score a table; see the port."""
        answer = self._asked(
            {
                "do": "score",
                "format": model.format,
                "place": str(model.place),
                "names": list(model.names),
                "table": str(table.absolute()),
                "target": target,
            }
        )
        if isinstance(answer, str):
            return answer
        try:
            y = np.frombuffer(base64.b64decode(answer["y"]), dtype=np.int8)
            p = np.frombuffer(base64.b64decode(answer["p"]), dtype=np.float64)
        except (KeyError, TypeError, ValueError):
            return "the process that loads models gave no scores"
        keys = answer.get("keys")
        is_whole = y.shape == p.shape and (keys is None or len(keys) == len(y))
        if not is_whole or not np.isin(y, (0, 1)).all() or not np.isfinite(p).all():
            return "the process that loads models gave scores that make no sense"
        return ScoredTable(y, p, None if keys is None else pl.Series(keys))

    def _asked(self, question: Mapping[str, Any]) -> dict[str, Any] | str:
        try:
            answer = self._child.ask(question)
        except (ChildMissingError, ChildDiedError, ChildHungError) as error:
            return str(error)
        if answer.get("state") != "loaded":
            return str(answer.get("reason", "no answer"))[:500]
        return answer
