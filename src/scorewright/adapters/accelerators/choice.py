"""Which engine scores: LightGBM always may, a faster one only where it was proved equal."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from scorewright.adapters.accelerators.fast import COMPILED, ENGINE, engine_version, open_fast
from scorewright.adapters.accelerators.files import ProofFiles
from scorewright.adapters.accelerators.libraries import Libraries, UnusableLibraryError
from scorewright.adapters.accelerators.proof import EngineProof, prove_engine, setting
from scorewright.adapters.trees import LoadedLgbmModel
from scorewright.core.bundles import Bundle
from scorewright.core.digests import sha256_hex
from scorewright.core.features import RowEvaluator
from scorewright.flows.ports import FittedModel

__all__ = ["Accelerators", "ChosenEngine"]

Floats = npt.NDArray[np.float64]
Wish = Literal["auto", "lightgbm", "fast", "compiled"]


@dataclass(frozen=True, slots=True)
class ChosenEngine:
    """The model to score with, and why.

    Attributes:
        model: Scores as the one that was loaded, to the bit.
        engine: ``lightgbm``, ``pylignum``, ``pylignum, compiled``, or the learner's name where it
            has one engine only.
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
            ``compiled``: its trees as native code where `prove` compiled them, else as ``fast``.
        proofs: Where proofs are kept.
        libraries: Where compiled trees are kept.
    """

    def __init__(self, wish: Wish, proofs: ProofFiles, libraries: Libraries) -> None:
        self._wish = wish
        self._proofs = proofs
        self._libraries = libraries

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
        if self._wish != "compiled":
            return self._interpreted(bundle, model)
        compiled = self._compiled(bundle, model)
        if compiled.engine == COMPILED:
            return compiled
        found = self._interpreted(bundle, model)
        return replace(found, reason=f"{found.reason}; {compiled.reason}")

    def prove(self, bundle: Bundle, model: FittedModel) -> EngineProof | None:
        """Prove the faster engine for a model and keep the outcome; compile it where wished for.

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
        text, golden = _text(model), _golden(bundle)
        proof = prove_engine(text, golden)
        self._proofs.keep(proof)
        if self._wish != "compiled" or not proof.is_equal:
            return proof
        compiled = self._compile(text, golden)
        self._proofs.keep(compiled)
        return compiled

    def _interpreted(self, bundle: Bundle, model: LoadedLgbmModel) -> ChosenEngine:
        proof = self._proofs.find(sha256_hex(_text(model)), setting())
        if proof is None and self._wish in {"fast", "compiled"}:
            proof = prove_engine(_text(model), _golden(bundle))
            self._proofs.keep(proof)
        if proof is None:
            return ChosenEngine(
                model, "lightgbm", f"{ENGINE} is not proved for this model and machine"
            )
        if not proof.is_equal:
            return ChosenEngine(model, "lightgbm", f"{ENGINE} was refused: {_why(proof)}", proof)
        return _opened(bundle, model, proof)

    def _compiled(self, bundle: Bundle, model: LoadedLgbmModel) -> ChosenEngine:
        """Return the model with its compiled trees, or itself and why not."""
        proof = self._proofs.find(sha256_hex(_text(model)), setting(), COMPILED)
        if proof is None:
            why = "'scorewright bundle verify' has not compiled the trees yet"
            return ChosenEngine(model, "lightgbm", why)
        if not proof.is_equal:
            return ChosenEngine(model, "lightgbm", f"not compiled: {_why(proof)}", proof)
        try:
            library = self._libraries.find(proof.library)
        except UnusableLibraryError as error:
            return ChosenEngine(model, "lightgbm", str(error), proof)
        return _opened(bundle, model, proof, library)

    def _compile(self, text: bytes, golden: Floats) -> EngineProof:
        """Compile the trees in a child and compare them there; keep them where they are equal.

        What was compiled before is compared once more, and not compiled.
        """
        known = self._proofs.find(sha256_hex(text), setting(), COMPILED)
        try:
            if known is not None and known.is_equal:
                again = prove_engine(text, golden, library=self._libraries.find(known.library))
                return replace(again, library=known.library)
        except UnusableLibraryError:
            pass  # gone or altered: compiled anew
        try:
            self._libraries.prepare()
        except UnusableLibraryError as error:
            return EngineProof(sha256_hex(text), COMPILED, setting(), 0, 0, 0.0, str(error))
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "trees"
            proof = prove_engine(text, golden, library=library)
            if not proof.is_equal:
                return proof
            return replace(proof, library=self._libraries.keep(library.read_bytes()))


def _opened(
    bundle: Bundle, model: LoadedLgbmModel, proof: EngineProof, library: Path | None = None
) -> ChosenEngine:
    """Open the engine and compare the golden rows here and now."""
    name = proof.engine
    try:
        fast = open_fast(model, library)
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        return ChosenEngine(model, "lightgbm", f"{name} was refused: {error}", proof)
    golden = _golden(bundle)
    rows = [golden[i : i + 1] for i in range(len(golden))]
    if any(model.predict(row).tobytes() != fast.predict(row).tobytes() for row in rows):
        return ChosenEngine(model, "lightgbm", f"{name} was refused: golden rows differ", proof)
    return ChosenEngine(fast, name, f"equal to the bit on {proof.rows:,} rows", proof)


def _why(proof: EngineProof) -> str:
    return proof.reason or f"{proof.different} of {proof.rows} rows differ"


def _text(model: LoadedLgbmModel) -> bytes:
    (text,) = model.files().values()
    return text


def _golden(bundle: Bundle) -> Floats:
    """Return the golden rows as the model sees them, shape (g, p)."""
    evaluator = None if bundle.features is None else RowEvaluator(bundle.features)
    rows = [
        row.values
        if evaluator is None
        else {**row.values, **evaluator.features(row.values, row.tables)}
        for row in bundle.golden
    ]
    return np.array([bundle.space.row(values) for values in rows], dtype=np.float64)
