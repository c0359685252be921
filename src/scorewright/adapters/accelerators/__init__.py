"""Faster engines for models that are served, each only after it proved equal to the bit."""

from scorewright.adapters.accelerators.choice import Accelerators, ChosenEngine
from scorewright.adapters.accelerators.files import ProofFiles
from scorewright.adapters.accelerators.libraries import Libraries
from scorewright.adapters.accelerators.proof import EngineProof, prove_engine

__all__ = [
    "Accelerators", "ChosenEngine", "EngineProof", "Libraries", "ProofFiles", "prove_engine",
]  # fmt: skip
