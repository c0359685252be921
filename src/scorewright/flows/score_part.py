"""Score one file of a folder, in a worker: done twice it is done once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scorewright.core.decision import Policy
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.scoring import Scorer
from scorewright.flows.events import ignore
from scorewright.flows.ports import (
    BundleStore,
    LearnerCatalogue,
    PartReader,
    Proof,
    TableFile,
    TableWriter,
)
from scorewright.flows.score import ScoreRequest, score_file
from scorewright.flows.verify_bundle import Deployment, load_bundle

__all__ = ["PartFiles", "PartTask", "proved_deployment", "score_part"]


class PartFiles(Protocol):
    """What a worker asks of the files beside the table itself."""

    def digest(self, path: Path) -> str | None:
        """Return the SHA-256 of a file's bytes, or None where there is none."""
        ...

    def load(self, path: Path) -> dict[str, Any] | None:
        """Return a receipt, or None where there is no whole one."""
        ...

    def save(self, path: Path, receipt: Mapping[str, Any]) -> None:
        """Write a receipt, aside first.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        ...

    def clear(self, path: Path) -> None:
        """Remove a file of an earlier run, if there is one.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        ...


@dataclass(frozen=True, slots=True)
class PartTask:
    """One file's work.

    Attributes:
        source: The applications.
        output: Result file.
        rejects: File for rows that break the contract, or None.
        settings: The project's settings file.
        directory: The bundle's.
        bundle: Digest of the bundle that was proved.
        policy: The policy's JSON.
    """

    source: Path
    output: Path
    rejects: Path | None
    settings: Path
    directory: Path
    bundle: str
    policy: str

    @property
    def receipt(self) -> Path:
        """The receipt's file, ``x.parquet.json`` beside the result ``x.parquet``."""
        return self.output.with_name(f"{self.output.name}.json")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, as workers on other machines receive it."""
        return {
            "source": str(self.source),
            "output": str(self.output),
            "rejects": None if self.rejects is None else str(self.rejects),
            "settings": str(self.settings),
            "directory": str(self.directory),
            "bundle": self.bundle,
            "policy": self.policy,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> PartTask:
        """Read the form written by `to_dict`."""
        return cls(
            source=Path(document["source"]),
            output=Path(document["output"]),
            rejects=None if document["rejects"] is None else Path(document["rejects"]),
            settings=Path(document["settings"]),
            directory=Path(document["directory"]),
            bundle=document["bundle"],
            policy=document["policy"],
        )


def proved_deployment(task: PartTask, store: BundleStore, learners: LearnerCatalogue) -> Deployment:
    """Load, in a worker, the bundle that its parent has proved.

    Signature, digests and golden rows are checked again; the child process that dies of a
    damaged model is spared, because the parent ran it over the same bytes.

    Args:
        task: Any task of the folder.
        store: The bundles, with the keys.
        learners: Parse the native files.

    Raises:
        IntegrityError: As `load_bundle`; ``bundle-digest`` when it is not the proved one.
    """
    loaded = load_bundle(store, _ProvedBefore(task.bundle), learners, str(task.directory))
    bundle = loaded.bundle
    scorer = Scorer(loaded.model, bundle.space, bundle.calibration, bundle.contract)
    return Deployment(loaded, Policy.from_bytes(task.policy.encode("utf-8")), scorer, None)


@dataclass(frozen=True, slots=True)
class _ProvedBefore:
    """A `Prover` that gives the parent's result."""

    bundle: str

    def prove(self, directory: Path) -> Proof:
        del directory
        return Proof(self.bundle, 0, 0.0, 0.0)


def score_part(
    task: PartTask,
    deployment: Deployment,
    files: PartFiles,
    reader: PartReader,
    writer: TableWriter,
) -> dict[str, Any]:
    """Score a file as `score_file` does; done already, return its receipt.

    Args:
        task: The file.
        deployment: By `proved_deployment`.
        files: Digests and receipts.
        reader: Reads the applications.
        writer: Writes the result.

    Returns:
        The receipt: that of `ScoreResult.to_dict` with ``source`` and ``found`` (whether an
        earlier run had finished it); or ``source`` and ``refused`` (code, message, remedy,
        details) for a file that cannot be read or breaks the contract.

    Raises:
        ScorewrightError: ``write-failed``, ``score-not-finite``.
    """
    made_of = {
        "source_digest": files.digest(task.source),
        "bundle": task.bundle,
        "policy_digest": deployment.policy.digest,
        "rejects_file": None if task.rejects is None else str(task.rejects),
    }
    here = {"source": str(task.source)}
    found = files.load(task.receipt)
    if found is not None and _stands(found, made_of, _written(task, files)):
        return {**found, **here, "found": True}
    for file in (task.receipt, task.output, task.rejects):
        if file is not None:
            files.clear(file)
    table = TableFile(task.source.stem, (str(task.source),))
    request = ScoreRequest(table, task.output, task.rejects)
    try:
        result = score_file(request, deployment, reader, writer, ignore)
    except (FindingsError, UsageError) as error:
        return {**here, "refused": error.to_dict()["error"]}
    receipt = {
        **result.to_dict(), **here, **made_of, **_written(task, files),
    }  # fmt: skip
    files.save(task.receipt, receipt)
    return {**receipt, "found": False}


def _written(task: PartTask, files: PartFiles) -> dict[str, str | None]:
    """Return the digests of the files that scoring writes; None for one that is not there."""
    return {
        "output_digest": files.digest(task.output),
        "rejects_digest": None if task.rejects is None else files.digest(task.rejects),
    }


def _stands(
    found: Mapping[str, Any], made_of: Mapping[str, Any], written: Mapping[str, str | None]
) -> bool:
    """Tell whether a receipt is of these rows, bundle and policy, and its files are intact."""
    expected = {**made_of, **written}
    is_same = all(name in found and found[name] == value for name, value in expected.items())
    return is_same and written["output_digest"] is not None
