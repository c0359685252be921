"""What belongs to the scoring service: what answers, its log, its keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.wiring.challengers import challenge
from scorewright.wiring.deployments import Deployments
from scorewright.wiring.keys import KeyRoom
from scorewright.wiring.machine import clock, learners, library_versions, prover

if TYPE_CHECKING:
    from scorewright.core.reasons import ReasonDictionary
    from scorewright.flows.ports import Current
    from scorewright.flows.serve import Gatekeeper, Service, Variant
    from scorewright.flows.sync import Freshness

__all__ = ["ServingRoom"]


@dataclass(frozen=True, slots=True)
class ServingRoom(Deployments):
    """The scoring service of a project."""

    def service(self, reference: str, *, host: str | None = None) -> Service:
        """Put the service together; its bundle is proved before anything answers.

        Args:
            reference: ``current``, a digest, the beginning of one, or a path. What is not
                ``current`` goes on answering when something else is deployed.
            host: Where it listens, if not where the settings say.
        """
        from scorewright.adapters.surroundings import SystemSurroundings
        from scorewright.flows.serve import Decider, Service, Slot, Variant, Watcher, Words
        from scorewright.wiring.batches import batch_desk

        time = clock()
        gatekeeper = self.gatekeeper(host)
        with ThreadPoolExecutor(1) as beside:
            # Half a second of imports, while the bundle is proved by a child.
            beside.submit(import_module, "scorewright.adapters.decision_log")
            slot = Slot(Variant.of(self.deployment(reference)))
        from scorewright.adapters.decision_log import SortableIds

        log = self.log()
        words = Words(self.words)
        words(slot.variant)  # a file that cannot be used is said at the start
        decider = Decider(time, SortableIds(), self.keeping(), words)
        found = challenge(self.settings.serve.challengers, self.deployment, slot, decider, log)
        batches = batch_desk(self.root, self.settings, reference)
        return Service(
            slot=slot,
            watcher=Watcher(slot, self.bundles, lambda: self.deployment("current"), time, words),
            roll_back=self.roll_back,
            load=self.of_that_day,
            decider=decider,
            log=log,
            gatekeeper=gatekeeper,
            clock=time,
            settings=self.settings.serve,
            versions=library_versions(),
            follows=reference == "current",
            surroundings=SystemSurroundings(
                self.root / ".scorewright", self.root / self.settings.bundles.directory
            ),
            stale=self.freshness().stale,
            choose=found.panel.choose,
            after_answer=(found.shadows.after_answer,),
            figures=found.figures,
            closing=(batches.close, found.shadows.close, log.close),
            batches=batches,
        )

    def freshness(self) -> Freshness:
        """Return what tells how old the deployed bundle may be; MLflow is not imported."""
        from scorewright.wiring.syncing import freshness

        return freshness(self.root, self.settings)

    def words(self, variant: Variant) -> ReasonDictionary:
        """Return the reason dictionary for a variant's features."""
        from scorewright.adapters.project_files import load_reasons

        named = self.settings.serve.reasons
        contract = variant.deployment.loaded.bundle.contract
        described = {c.name: c.description for c in contract.columns if c.description}
        return load_reasons(None if named is None else self.root / named, described)

    def roll_back(self) -> Current:
        """Deploy again what was deployed before; running services take it over."""
        from scorewright.flows.serve import roll_back
        from scorewright.flows.verify_bundle import load_for_serving

        def prove(previous: Current) -> None:
            file = Path(previous.policy_file)
            load_for_serving(
                self.bundles,
                prover(self.root, is_anew=True),
                learners(),
                previous.bundle,
                now=clock().now(),
                policy_file=file,
            )

        return roll_back(self.bundles, prove, clock())

    @property
    def keys(self) -> KeyRoom:
        """The API keys."""
        return KeyRoom(self.root, self.settings.serve.access)

    def gatekeeper(self, host: str | None = None) -> Gatekeeper:
        """Return who recognises callers.

        Args:
            host: Where the service listens, if not where the settings say.
        """
        from scorewright.adapters.api_keys import gatekeeper

        settings = self.settings.serve
        if host is not None:
            settings = settings.model_copy(update={"host": host})
        return gatekeeper(settings, self.root)
