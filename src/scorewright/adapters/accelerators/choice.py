"""Which engine scores: LightGBM always may, a faster one only where it was proved equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from scorewright.adapters.accelerators.fast import ENGINE, engine_version, open_fast
from scorewright.adapters.accelerators.files import ProofFiles
from scorewright.adapters.accelerators.proof import EngineProof, prove_engine, setting
from scorewright.adapters.trees import LoadedLgbmModel
from scorewright.core.bundles import Bundle
from scorewright.core.digests import sha256_hex
from scorewright.core.features import RowEvaluator
from scorewright.flows.ports import FittedModel

__all__ = ["Accelerators", "ChosenEngine"]

Wish = Literal["auto", "lightgbm", "fast"]


@dataclass(frozen=True, slots=True)
class ChosenEngine:
    """The model to score with, and why.

    Attributes:
        model: Scores as the one that was loaded, to the bit.
        engine: ``lightgbm``, ``pylignum``, or the learner's name where it has one engine only.
        reason: In words.
        proof: What was proved, where it was.
    """

    model: FittedModel
    engine: str
    reason: str
    proof: EngineProof | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what is shown, ready for JSON."""
        proof = self.proof.to_dict() if self.proof else None
        return {"engine": self.engine, "reason": self.reason, "proof": proof}


class Accelerators:
    """Chooses the engine of a loaded model.

    Args:
        wish: ``lightgbm``: that and nothing else. ``auto``: the faster one where a proof is at
            hand. ``fast``: the same, and a missing proof is made first, which takes seconds.
        proofs: Where proofs are kept.
    """

    def __init__(self, wish: Wish, proofs: ProofFiles) -> None:
        self._wish = wish
        self._proofs = proofs

    def choose(self, bundle: Bundle, model: FittedModel) -> ChosenEngine:
        """Return the model to score with.

        Args:
            bundle: The bundle, proved.
            model: Its model, loaded.

        Raises:
            ScorewrightError: ``write-failed`` where a proof was made and cannot be kept.
        """
        if not isinstance(model, LoadedLgbmModel):
            return ChosenEngine(model, bundle.learner, "the learner has one engine")
        if self._wish == "lightgbm":
            return ChosenEngine(model, "lightgbm", "the settings say so")
        if engine_version() is None:
            return ChosenEngine(model, "lightgbm", f"{ENGINE} is not installed (scorewright[fast])")
        proof = self._proof(bundle, model)
        if proof is None:
            return ChosenEngine(
                model, "lightgbm", f"{ENGINE} is not proved for this model and machine"
            )
        if not proof.is_equal:
            why = proof.reason or f"{proof.different} of {proof.rows} rows differ"
            return ChosenEngine(model, "lightgbm", f"{ENGINE} was refused: {why}", proof)
        return _opened(bundle, model, proof)

    def prove(self, bundle: Bundle, model: FittedModel) -> EngineProof | None:
        """Prove the faster engine for a model and keep the outcome.

        Args:
            bundle: The bundle, proved.
            model: Its model, loaded.

        Returns:
            The proof; None where the model has one engine only, or no other is installed.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        if not isinstance(model, LoadedLgbmModel) or engine_version() is None:
            return None
        proof = prove_engine(_text(model), _golden(bundle))
        self._proofs.keep(proof)
        return proof

    def _proof(self, bundle: Bundle, model: LoadedLgbmModel) -> EngineProof | None:
        found = self._proofs.find(sha256_hex(_text(model)), setting())
        return self.prove(bundle, model) if found is None and self._wish == "fast" else found


def _opened(bundle: Bundle, model: LoadedLgbmModel, proof: EngineProof) -> ChosenEngine:
    """Open the engine and compare the golden rows here and now."""
    try:
        fast = open_fast(model)
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        return ChosenEngine(model, "lightgbm", f"{ENGINE} was refused: {error}", proof)
    golden = _golden(bundle)
    rows = [golden[i : i + 1] for i in range(len(golden))]
    if any(model.predict(row).tobytes() != fast.predict(row).tobytes() for row in rows):
        return ChosenEngine(model, "lightgbm", f"{ENGINE} was refused: golden rows differ", proof)
    return ChosenEngine(fast, ENGINE, f"equal to the bit on {proof.rows:,} rows", proof)


def _text(model: LoadedLgbmModel) -> bytes:
    (text,) = model.files().values()
    return text


def _golden(bundle: Bundle) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the golden rows as the model sees them, shape (g, p)."""
    evaluator = None if bundle.features is None else RowEvaluator(bundle.features)
    rows = [
        row.values
        if evaluator is None
        else {**row.values, **evaluator.features(row.values, row.tables)}
        for row in bundle.golden
    ]
    return np.array([bundle.space.row(values) for values in rows], dtype=np.float64)
