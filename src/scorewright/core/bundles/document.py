"""The documents of a bundle and their digests.

A bundle is a directory named by the digest of its manifest. The *model digest* covers only what
decides the score (native model, feature space, calibration, contract, feature plan): two runs on
the same data with the same seed share it, though their bundles differ by run id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scorewright.core.calibration import Calibration
from scorewright.core.contracts import Contract
from scorewright.core.digests import (
    canonical_json,
    digest_of_files,
    refuse_other_version,
    sha256_hex,
)
from scorewright.core.errors import IntegrityError
from scorewright.core.features import FeaturePlan
from scorewright.core.matrix import FeatureSpace

__all__ = ["Bundle", "GoldenRow", "Manifest", "ManifestFile"]

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
MODEL_FOLDER = "model"
FEATURE_PLAN = "feature_plan.json"


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a bundle: relative path with forward slashes, size in bytes, SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The list of a bundle's files and what the bundle is.

    Attributes:
        name: Registered model name, ``{project}_{model_type}``.
        model_type: ``lgbm``, ``logistic``, ``dummy``.
        learner: Name of the learner that loads the native files.
        run_id: MLflow run that made it.
        data_version: ``label@hash`` of the training data.
        model_digest: Digest of the files that decide the score.
        created_at: ISO 8601, UTC.
        library_versions: Package -> version at training.
        files: Every file but the manifest and its signature, sorted by path.
    """

    name: str
    model_type: str
    learner: str
    run_id: str
    data_version: str
    model_digest: str
    created_at: str
    library_versions: Mapping[str, str]
    files: tuple[ManifestFile, ...]
    schema_version: int = 1

    def to_bytes(self) -> bytes:
        """Return the canonical JSON that is signed and digested."""
        return canonical_json(asdict(self))

    @property
    def digest(self) -> str:
        """The bundle's digest, which is also its directory's name."""
        return sha256_hex(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            IntegrityError: ``bundle-manifest``: not JSON, or not a manifest of a known version.
        """
        try:
            document = json.loads(data)
            files = tuple(ManifestFile(**entry) for entry in document.pop("files"))
            manifest = cls(files=files, **document)
            refuse_other_version(manifest.schema_version)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise IntegrityError(
                f"The manifest cannot be read: {error}.",
                remedy="Get the bundle again from where it was made; do not edit it.",
                code="bundle-manifest",
            ) from error
        return manifest


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """One application and the PD the model gave for it when the bundle was made.

    Attributes:
        values: JSON-ready values by column: the model's inputs, or the columns of the raw
            application where features are computed of histories.
        pd: The probability of default.
        tables: JSON-ready rows of the histories by table name, where there are any.
    """

    values: Mapping[str, Any]
    pd: float
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        row: dict[str, Any] = {"values": dict(self.values), "pd": self.pd}
        if self.tables:
            row["tables"] = {name: [dict(r) for r in rows] for name, rows in self.tables.items()}
        return row

    def example(self) -> dict[str, Any]:
        """Return the application as one row, its histories as ``tables`` where there are any."""
        tables = {name: [dict(row) for row in rows] for name, rows in self.tables.items()}
        return {**self.values, **({"tables": tables} if tables else {})}


@dataclass(frozen=True, slots=True)
class Bundle:
    """The contents of a bundle.

    Attributes:
        name, model_type, learner, run_id, data_version, created_at, library_versions: As in
            `Manifest`.
        contract: The contract the service enforces.
        space: Order and coding of the model's inputs.
        calibration: From raw score to PD.
        model_files: The learner's native files by relative name.
        reference: Reference statistics for drift checks, JSON-ready.
        golden: Rows with expected PDs.
        metrics: Headline figures of the validation, for people.
        features: How the model's inputs are computed of an application and its histories; None
            where the application's own columns are all there is.
    """

    name: str
    model_type: str
    learner: str
    run_id: str
    data_version: str
    created_at: str
    library_versions: Mapping[str, str]
    contract: Contract
    space: FeatureSpace
    calibration: Calibration
    model_files: Mapping[str, bytes]
    reference: Mapping[str, Any]
    golden: tuple[GoldenRow, ...]
    metrics: Mapping[str, float]
    features: FeaturePlan | None = None

    def scoring_files(self) -> dict[str, bytes]:
        """Return the files that decide the score, by relative path."""
        plan = self.features
        return {
            **{f"{MODEL_FOLDER}/{name}": data for name, data in self.model_files.items()},
            "contract.json": _pretty(self.contract.to_dict()),
            "features.json": _pretty(self.space.to_dict()),
            "calibration.json": _pretty(self.calibration.to_dict()),
            **({} if plan is None else {FEATURE_PLAN: _pretty(plan.to_dict())}),
        }

    def files(self) -> dict[str, bytes]:
        """Return every file but manifest and signature, by relative path."""
        golden = [row.to_dict() for row in self.golden]
        return {
            **self.scoring_files(),
            "reference.json": _pretty(self.reference),
            "golden.json": _pretty({"schema_version": 1, "rows": golden}),
            "metrics.json": _pretty(dict(self.metrics)),
        }

    @property
    def model_digest(self) -> str:
        """Digest of the files that decide the score."""
        return digest_of_files(self.scoring_files())

    def manifest(self) -> Manifest:
        """Return the manifest of this bundle."""
        files = tuple(
            ManifestFile(path, len(data), sha256_hex(data))
            for path, data in sorted(self.files().items())
        )
        return Manifest(
            name=self.name,
            model_type=self.model_type,
            learner=self.learner,
            run_id=self.run_id,
            data_version=self.data_version,
            model_digest=self.model_digest,
            created_at=self.created_at,
            library_versions=dict(sorted(self.library_versions.items())),
            files=files,
        )

    @classmethod
    def from_files(cls, manifest: Manifest, files: Mapping[str, bytes]) -> Bundle:
        """Read a bundle back from verified bytes.

        Raises:
            IntegrityError: ``bundle-manifest``: a document is missing or malformed;
                ``features-plan``: that of the features is.
        """
        try:
            golden = json.loads(files["golden.json"])["rows"]
            plan = files.get(FEATURE_PLAN)
            return cls(
                name=manifest.name,
                model_type=manifest.model_type,
                learner=manifest.learner,
                run_id=manifest.run_id,
                data_version=manifest.data_version,
                created_at=manifest.created_at,
                library_versions=manifest.library_versions,
                contract=Contract.from_dict(json.loads(files["contract.json"])),
                space=FeatureSpace.from_dict(json.loads(files["features.json"])),
                calibration=Calibration.from_dict(json.loads(files["calibration.json"])),
                model_files={
                    path.removeprefix(f"{MODEL_FOLDER}/"): data
                    for path, data in files.items()
                    if path.startswith(f"{MODEL_FOLDER}/")
                },
                reference=json.loads(files["reference.json"]),
                golden=tuple(
                    GoldenRow(row["values"], row["pd"], row.get("tables", {})) for row in golden
                ),
                metrics=json.loads(files["metrics.json"]),
                features=None if plan is None else FeaturePlan.from_dict(json.loads(plan)),
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise IntegrityError(
                f"The bundle's documents cannot be read: {error}.",
                remedy="Get the bundle again from where it was made; do not edit it.",
                code="bundle-manifest",
            ) from error


def _pretty(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Serialise for people and digests alike: sorted keys, two spaces, one newline at the end."""
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")
