"""Bundles on disk, and the proof that one works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.decision import Policy
from scorewright.flows.ports.learning import FittedModel

__all__ = ["BundleStore", "Current", "LoadedBundle", "Proof", "Prover"]


@dataclass(frozen=True, slots=True)
class LoadedBundle:
    """A bundle whose signature, digests and golden rows have been proved."""

    manifest: Manifest
    bundle: Bundle
    model: FittedModel


@dataclass(frozen=True, slots=True)
class Current:
    """What ``current.json`` names: the deployed bundle and its policy."""

    bundle: str
    policy_file: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of proving a bundle in a disposable child process.

    Attributes:
        bundle: Digest of the manifest the child read; the caller compares it with its own.
        rows: Golden rows scored.
        largest_difference: Largest absolute difference of a PD.
        seconds: Wall time, start of the child included.
    """

    bundle: str
    rows: int
    largest_difference: float
    seconds: float


class Prover(Protocol):
    """Proves a bundle in a child process that may die without harm."""

    def prove(self, directory: Path) -> Proof:
        """Load the model in a child and compare its answers with the golden rows.

        Raises:
            IntegrityError: ``bundle-canary-died``, ``bundle-canary-timeout``,
                ``bundle-golden-mismatch``.
        """
        ...


class BundleStore(Protocol):
    """The bundles of a project, on disk: ``<digest>/`` and the policies beside them."""

    def check_ready(self) -> None:
        """Check, cheaply and before any work, that a bundle could be signed and written.

        Raises:
            ScorewrightError: ``key-untrusted``, ``key-permissions``, ``key-invalid``,
                ``key-unwritable``, ``write-failed``, ``bundle-store-locked``.
        """
        ...

    def publish(self, bundle: Bundle) -> Path:
        """Sign and write a bundle aside, rename it to its digest; return its directory."""
        ...

    def publish_policy(self, policy: Policy) -> tuple[Policy, Path]:
        """Sign and write a policy beside its bundle as ``<digest>.policy-<version>.json``.

        A policy of version 0 gets the store's next version, which no other writer can take
        meanwhile. Returns the policy with its version, and its file.
        """
        ...

    def policies(self, bundle_digest: str) -> Sequence[str]:
        """Return the file names of a bundle's policies, the newest version last."""
        ...

    def activate(self, bundle_digest: str, policy_file: str, now: datetime) -> Current:
        """Replace ``current.json`` atomically."""
        ...

    def current(self) -> Current:
        """Read ``current.json``.

        Raises:
            UsageError: ``no-bundle`` when nothing has been trained yet.
        """
        ...

    def previous(self) -> Current | None:
        """Return what was deployed before what is deployed now; None where nothing was."""
        ...

    def directory(self, reference: str) -> Path:
        """Resolve ``current``, a digest, a unique beginning of one, or a path."""
        ...

    def verify(self, directory: Path) -> Manifest:
        """Check signature, list of files, sizes and digests.

        Raises:
            IntegrityError: ``bundle-unsigned``, ``bundle-signature``, ``bundle-untrusted-key``,
                ``bundle-file-missing``, ``bundle-file-extra``, ``bundle-file-changed``,
                ``bundle-manifest``.
        """
        ...

    def read(self, directory: Path) -> Bundle:
        """Read a verified bundle's documents and bytes (no model is parsed)."""
        ...

    def load(self, directory: Path) -> tuple[Manifest, Bundle]:
        """Verify and read in one pass: the bytes that are hashed are the bytes that are used."""
        ...

    def read_policy(self, file: Path) -> Policy:
        """Read a policy and check its signature."""
        ...

    def read_draft(self, file: Path) -> Policy:
        """Read a policy that nobody signed, to be looked at and not to decide."""
        ...

    def digests(self) -> Iterator[str]:
        """List the digests of all bundles, newest first."""
        ...
