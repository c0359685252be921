"""Proofs on disk: one small JSON file per model and engine, wherever one may write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scorewright.adapters.accelerators.fast import COMPILED, ENGINE
from scorewright.adapters.accelerators.proof import EngineProof
from scorewright.adapters.durable import load_json, save_json

__all__ = ["ProofFiles"]


class ProofFiles:
    """Proofs by model.

    A proof is no licence by itself: it holds for the very versions and processor it names, and
    the golden rows are compared again whenever a model is loaded.

    Args:
        folder: Made when the first proof is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(
        self, model: str, setting: Mapping[str, str], engine: str = ENGINE
    ) -> EngineProof | None:
        """Return the proof of a model in this setting, or None.

        Args:
            model: SHA-256 of the model's text.
            setting: Versions and processor.
            engine: Which engine it is to be of.
        """
        try:
            proof = EngineProof.from_dict(load_json(self._file(model, engine)) or {})
        except (OSError, KeyError, TypeError, ValueError):
            return None
        holds_for = (proof.model, proof.engine, dict(proof.setting))
        return proof if holds_for == (model, engine, dict(setting)) else None

    def keep(self, proof: EngineProof) -> Path:
        """Write a proof whole; return its file.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        file = self._file(proof.model, proof.engine)
        save_json(file, proof.to_dict())
        return file

    def _file(self, model: str, engine: str) -> Path:
        kind = "compiled" if engine == COMPILED else "engine"
        return self._folder / f"{model}.{kind}.json"
