"""What following a registry needs of the outside."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scorewright.core.bundles import Manifest
from scorewright.flows.ports import BundleStore
from scorewright.flows.sync.address import ModelAddress
from scorewright.flows.sync.report import SyncReport

__all__ = ["Candidate", "Shelf", "SyncMemory", "SyncRegistry"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an alias points to.

    Attributes:
        version: Of the registered model.
        bundle: Digest of its bundle as the registry says; a hint, as nobody signed it. Empty
            where it does not say.
        policy: File name of its policy; a hint as well.
    """

    version: str
    bundle: str = ""
    policy: str = ""


class SyncRegistry(Protocol):
    """A registry of models."""

    def resolve(self, address: ModelAddress) -> Candidate:
        """Return what the alias points to now, within seconds or not at all.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-locked``,
                ``registry-timeout``, ``registry-answer``, ``alias-missing``.
        """
        ...

    def fetch(self, address: ModelAddress, candidate: Candidate, folder: Path) -> None:
        """Bring its files: the bundle to ``folder/bundle``, its policies to ``folder/policies``.

        Raises:
            ScorewrightError: Those of `resolve`, ``write-failed``.
            IntegrityError: ``registry-no-bundle``: the version has none; ``bundle-too-large``,
                ``bundle-path``.
        """
        ...


class Shelf(BundleStore, Protocol):
    """A bundle store that takes in what was signed elsewhere."""

    def incoming(self) -> AbstractContextManager[Path]:
        """Give a folder for what is being fetched; it is gone afterwards."""
        ...

    def adopt(self, directory: Path) -> Manifest:
        """Take in a bundle that a trusted key signed: the very bytes that were verified.

        Raises:
            IntegrityError: Those of `BundleStore.verify`, ``bundle-exists-damaged``.
            ScorewrightError: ``write-failed``, ``bundle-store-locked``.
        """
        ...

    def adopt_policy(self, file: Path, bundle_digest: str) -> str:
        """Take in a signed policy of a bundle, its signature beside it; return its file name.

        Raises:
            IntegrityError: Those of `BundleStore.read_policy`, ``policy-other-model``.
            UsageError: ``policy-exists``: another policy has its name here.
            ScorewrightError: ``write-failed``, ``bundle-store-locked``.
        """
        ...


class SyncMemory(Protocol):
    """Keeps the last state, for the next look and for the service's health pages."""

    def read(self) -> SyncReport | None:
        """Return the last state, None where none was kept or it cannot be read."""
        ...

    def write(self, state: SyncReport) -> None:
        """Replace the state, whole or not at all.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        ...
