"""What answers for a project, proved, and the log of what was answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scorewright.wiring.machine import clock, learners, prover
from scorewright.wiring.user_cache import user_cache

if TYPE_CHECKING:
    from scorewright.adapters.accelerators import Accelerators
    from scorewright.core.decision_log import Keeping
    from scorewright.core.project import Settings
    from scorewright.flows.ports import BundleStore
    from scorewright.flows.serve import DecisionLog
    from scorewright.flows.verify_bundle import Deployment
    from scorewright.wiring.project import Project

__all__ = ["Deployments"]


@dataclass(frozen=True, slots=True)
class Deployments:
    """What answers for a project.

    Attributes:
        root: Folder of the project.
        settings: Its settings.
        bundles: Its bundles.
    """

    root: Path
    settings: Settings
    bundles: BundleStore

    @classmethod
    def of(cls, project: Project) -> Self:
        """Return what answers for a project."""
        return cls(project.root, project.settings, project.bundles())

    def deployment(self, reference: str) -> Deployment:
        """Load a bundle after signature, digests and golden rows have been proved."""
        from scorewright.flows.verify_bundle import load_for_serving

        now = clock().now()
        found = load_for_serving(self.bundles, prover(self.root), learners(), reference, now=now)
        return self.quickened(found)

    @property
    def engines(self) -> Accelerators:
        """What may score faster, once it was proved equal to the last bit."""
        from scorewright.adapters.accelerators import Accelerators, Libraries, ProofFiles

        proofs = ProofFiles(self.root / ".scorewright" / "engines")
        cache = user_cache()
        libraries = Libraries(None if cache is None else cache / "compiled")
        return Accelerators(self.settings.serve.engine, proofs, libraries)

    def prove_engine(self, reference: str) -> dict[str, Any]:
        """Prove the faster engine on a bundle where it may be used; say which one scores.

        Args:
            reference: ``current``, a digest, the beginning of one, or a path.
        """
        from scorewright.flows.verify_bundle import load_bundle

        loaded = load_bundle(self.bundles, prover(self.root), learners(), reference)
        if self.settings.serve.engine != "lightgbm":
            self.engines.prove(loaded.bundle, loaded.model)
        return self.engines.choose(loaded.bundle, loaded.model).to_dict()

    def quickened(self, found: Deployment) -> Deployment:
        """Let the fastest engine score that is wished for and proved."""
        model = self.engines.choose(found.loaded.bundle, found.loaded.model).model
        if model is found.loaded.model:
            return found
        return replace(
            found,
            loaded=replace(found.loaded, model=model),
            scorer=replace(found.scorer, model=model),
        )

    def of_that_day(self, bundle: str, policy: str) -> Deployment:
        """Load a bundle of the store with one of its policies, whether in force now or not.

        Args:
            bundle: Digest.
            policy: ``ID@VERSION``.

        Raises:
            UsageError: ``bundle-unknown``, ``policy-missing``.
        """
        from scorewright.flows.verify_bundle import load_with_policy

        return load_with_policy(self.bundles, prover(self.root), learners(), bundle, policy)

    def log(self) -> DecisionLog:
        """Open the decision log."""
        from scorewright.adapters.decision_log import open_log

        return open_log(self.settings.serve.log, self.root)

    def keeping(self) -> Keeping:
        """Return what the log keeps of an application, with the key of its pseudonyms."""
        from scorewright.adapters.decision_log import subject_key
        from scorewright.core.decision_log import Keeping

        log = self.settings.serve.log
        return Keeping(subject_key(self.root / log.subject_key_file), log.inputs, log.columns)
