"""A finished build: what was computed, from what, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scorewright.core.digests import canonical_json, refuse_other_version, sha256_hex
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.profiles import ColumnProfile
from scorewright.core.features.proof import AsOfProof

__all__ = ["FeatureBuild", "PartFile", "build_digest"]

#: Raised when the engines come to compute something else for the same plan and rows.
_ENGINES = 2


def build_digest(plan: FeaturePlan, inputs: Mapping[str, str]) -> str:
    """Return the digest of a definition and its inputs; the same digest is the same result.

    Args:
        plan: The definition.
        inputs: Table name -> digest of its content.
    """
    document = {"engines": _ENGINES, "plan": plan.digest, "inputs": dict(inputs)}
    return sha256_hex(canonical_json(document))


@dataclass(frozen=True, slots=True)
class PartFile:
    """One Parquet file of a result, and how to tell that it is still the one that was written.

    Attributes:
        name: File, relative to the folder of the parts.
        rows: Applications in it.
        bytes: Its size.
    """

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class FeatureBuild:
    """The document beside the result.

    Attributes:
        digest: Of definition and inputs, from `build_digest`.
        plan_digest: Of the definition.
        inputs: Table name -> digest of its content.
        engine: ``memory``, ``local``, ``ray``, ``spark`` or a plug-in's name.
        rows: Table name -> rows that belong to an application.
        orphans: Table name -> rows whose parent does not exist; nothing is made of them.
        proofs: That every row was known before its decision.
        profiles: Missing values and range of every feature.
        parts: Parquet files of the result.
        seconds: Wall time of the run that finished it.
        cpu_seconds: CPU time of the workers together; None where there was none.
        peak_bytes: Largest resident memory of a worker; None where there was none.
    """

    digest: str
    plan_digest: str
    inputs: Mapping[str, str]
    engine: str
    rows: Mapping[str, int]
    orphans: Mapping[str, int]
    proofs: tuple[AsOfProof, ...]
    profiles: tuple[ColumnProfile, ...]
    parts: tuple[PartFile, ...]
    seconds: float
    cpu_seconds: float | None = None
    peak_bytes: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; `from_dict` reads it back."""
        return {
            "schema_version": 1,
            "digest": self.digest,
            "plan_digest": self.plan_digest,
            "inputs": dict(self.inputs),
            "engine": self.engine,
            "rows": dict(self.rows),
            "orphans": dict(self.orphans),
            "proofs": [proof.to_dict() for proof in self.proofs],
            "profiles": [column.to_dict() for column in self.profiles],
            "parts": [asdict(part) for part in self.parts],
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "peak_bytes": self.peak_bytes,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> FeatureBuild:
        """Read the form written by `to_dict`.

        Raises:
            KeyError, TypeError, ValueError: Not such a document, or of another release.
        """
        entries = dict(document)
        refuse_other_version(entries.pop("schema_version"))
        return cls(
            **{
                **entries,
                "proofs": tuple(AsOfProof.from_dict(entry) for entry in entries["proofs"]),
                "profiles": tuple(ColumnProfile.from_dict(e) for e in entries["profiles"]),
                "parts": tuple(PartFile(**entry) for entry in entries["parts"]),
            }
        )
