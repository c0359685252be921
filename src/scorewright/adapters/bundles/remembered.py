"""A bundle is tried in a child once; after that, on this machine, its note is enough."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scorewright.adapters.durable import load_json, save_json
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.flows.ports import Proof, Prover

__all__ = ["RememberedProofs"]


class RememberedProofs:
    """Proves a bundle by its note, or by another prover; keeps the port ``Prover``.

    The child is there for a model file that kills whoever parses it. A bundle never changes: what
    its digest names was parsed here before, by the same libraries, and did no harm. Signature,
    digests and golden rows are checked by whoever loads a bundle, note or not.

    Args:
        prover: Asked where there is no note.
        folder: Of the notes; where nothing can be written, every bundle is tried each time.
        setting: What a note holds for, such as versions and processor.
        is_anew: Look at no note, only write them; one that proves wrong is deleted.
    """

    def __init__(
        self, prover: Prover, folder: Path, setting: Mapping[str, str], *, is_anew: bool = False
    ) -> None:
        self._prover = prover
        self._folder = folder
        self._setting = dict(setting)
        self._is_anew = is_anew

    def prove(self, directory: Path) -> Proof:
        """Return the proof of a bundle, from its note or made now.

        Args:
            directory: A bundle whose signature and digests were verified.

        Raises:
            IntegrityError: That of the other prover; there is no note then.
        """
        try:
            digest = sha256_hex((directory / "manifest.json").read_bytes())
        except OSError:
            return self._prover.prove(directory)
        known = None if self._is_anew else self._noted(digest)
        return self._proved(directory, digest) if known is None else known

    def _proved(self, directory: Path, digest: str) -> Proof:
        try:
            proof = self._prover.prove(directory)
        except IntegrityError:
            with suppress(OSError):
                self._note(digest).unlink(missing_ok=True)
            raise
        with suppress(ScorewrightError):
            save_json(self._note(proof.bundle), self._document(proof))
        return proof

    def _note(self, digest: str) -> Path:
        return self._folder / f"{digest}.proved.json"

    def _document(self, proof: Proof) -> dict[str, Any]:
        return {"schema_version": 1, "setting": self._setting, "proof": asdict(proof)}

    def _noted(self, digest: str) -> Proof | None:
        document = load_json(self._note(digest)) or {}
        try:
            if document["schema_version"] != 1 or document["setting"] != self._setting:
                return None
            found = document["proof"]
            proof = Proof(
                bundle=str(found["bundle"]),
                rows=int(found["rows"]),
                largest_difference=float(found["largest_difference"]),
                seconds=float(found["seconds"]),
            )
        except (KeyError, TypeError, ValueError):
            return None
        return proof if proof.bundle == digest else None
