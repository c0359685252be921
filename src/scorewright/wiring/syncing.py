"""Following a registry: what looks, what is told, and the process that does it for a service."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.wiring.machine import clock, need, prover

if TYPE_CHECKING:
    from collections.abc import Callable

    from scorewright.core.project import Settings
    from scorewright.flows.sync import Freshness, Registered, Shelf, Syncer, SyncReport

__all__ = ["SyncRoom", "freshness"]

#: Beside the bundles: that folder is what the sync process and the services share.
STATE, LOCK = "sync.json", ".sync.lock"
MODEL_URI = "SCOREWRIGHT__SERVE__MODEL_URI"
LOOK_SECONDS = 0.5


def freshness(root: Path, settings: Settings) -> Freshness:
    """Return what tells how old the deployed bundle of a project may be.

    Args:
        root: Folder of the project.
        settings: Its settings.
    """
    from scorewright.adapters.sync_file import SyncFile
    from scorewright.flows.sync import Freshness

    file = SyncFile(root / settings.bundles.directory / STATE)
    return Freshness(file, clock(), settings.serve.sync_seconds, settings.serve.model_uri)


@dataclass(frozen=True, slots=True)
class SyncRoom:
    """The registry a project's bundles come from.

    Attributes:
        root: Folder of the project.
        file: Its settings' file.
        settings: Its settings.
        store: Address of the MLflow store, the registry's as well.
    """

    root: Path
    file: Path
    settings: Settings
    store: str

    def once(self, model_uri: str | None) -> SyncReport:
        """Look once.

        Raises:
            UsageError: ``model-uri``.
            ScorewrightError: ``sync-running``, ``write-failed``.
        """
        from scorewright.adapters.sync_file import only_one

        with only_one(self._folder / LOCK):
            return self._syncer(self.address(model_uri), is_watched=False).look()

    def watch(
        self,
        model_uri: str | None,
        tell: Callable[[SyncReport], None],
        is_over: Callable[[float], bool],
    ) -> None:
        """Look again and again, also where the state could not be kept: a disk gets room again.

        Args:
            model_uri: ``models:/NAME@ALIAS``; None for that of the settings.
            tell: Called with the first state and with every one that says something else.
            is_over: Waits the given seconds and says whether to end.

        Raises:
            UsageError: ``model-uri``.
            ScorewrightError: ``sync-running``, ``write-failed``.
        """
        from scorewright.adapters.sync_file import only_one

        with only_one(self._folder / LOCK):
            syncer = self._syncer(self.address(model_uri), is_watched=True)
            said = None
            while True:
                state = _looked(syncer)
                if state.said != said:
                    said = state.said
                    tell(state)
                if is_over(self.settings.serve.sync_seconds):
                    return

    def register(self, reference: str, alias: str, expected: str | None) -> Registered:
        """Register a bundle with its policies and point an alias to it.

        Raises:
            UsageError, ScorewrightError: Those of `flows.sync.register`.
        """
        from scorewright.adapters.registry import MlflowRegistrar
        from scorewright.flows.sync import register

        need("stamina", "serve")
        return register(self._shelf(), MlflowRegistrar(self.store), reference, alias, expected)

    def freshness(self) -> Freshness:
        """Return what tells how old the deployed bundle may be; MLflow is not imported."""
        return freshness(self.root, self.settings)

    def accompany(self, model_uri: str | None) -> None:
        """Start what follows the registry beside this process, and wait for the first bundle.

        The other process ends with this one, also where this one becomes another program. It is
        started again when it dies. What it has to say it says on standard error.

        Args:
            model_uri: ``models:/NAME@ALIAS``; None for that of the settings.

        Raises:
            UsageError: ``model-uri``; ``missing-extra`` without ``scorewright[serve]``.
        """
        import time

        from scorewright.adapters.machine import start_companion

        need("stamina", "serve")
        address = self.address(model_uri)
        os.environ[MODEL_URI] = address  # the service learns what is followed
        command = [
            sys.executable, "-m", "scorewright", "--config", str(self.file),
            "sync", "--model-uri", address, "--attached",
        ]  # fmt: skip
        start_companion(command)
        while not self._has_bundle():
            time.sleep(LOOK_SECONDS)

    def address(self, model_uri: str | None) -> str:
        """Return the address to follow.

        Raises:
            UsageError: ``model-uri``: none is named, or it is no such address.
        """
        from scorewright.flows.sync import ModelAddress

        given = model_uri or self.settings.serve.model_uri
        if given is None:
            raise UsageError(
                "No registered model is named.",
                remedy="Give --model-uri models:/NAME@ALIAS, or set serve.model_uri in "
                "scorewright.toml.",
                code="model-uri",
            )
        return str(ModelAddress.parse(given))

    @property
    def _folder(self) -> Path:
        return self.root / self.settings.bundles.directory

    def _has_bundle(self) -> bool:
        try:
            self._shelf().current()
        except UsageError as error:
            if error.code != "no-bundle":
                raise
            return False
        return True

    def _shelf(self) -> Shelf:
        from scorewright.adapters.bundles import DiskBundles, KeyRing

        return DiskBundles(self._folder, KeyRing(self.root / self.settings.bundles.keys))

    def _syncer(self, address: str, *, is_watched: bool) -> Syncer:
        from scorewright.adapters.registry import MlflowRegistry
        from scorewright.adapters.sync_file import SyncFile
        from scorewright.flows.sync import ModelAddress, Syncer

        return Syncer(
            ModelAddress.parse(address),
            MlflowRegistry(self.store),
            self._shelf(),
            prover(None),  # it writes to the bundles alone
            SyncFile(self._folder / STATE),
            clock(),
            is_watched,
        )


def _looked(syncer: Syncer) -> SyncReport:
    """Look once; a state that cannot be kept is a look that failed.

    Raises:
        ScorewrightError: Any but ``write-failed``.
    """
    from scorewright.flows.sync import SyncReport

    try:
        return syncer.look()
    except ScorewrightError as error:
        if error.code != "write-failed":
            raise
        address, now = syncer.address, syncer.clock.now()
        state = SyncReport(now, ok=False, model=str(address), alias=address.alias, is_watched=True)
        return state.failed(error)
