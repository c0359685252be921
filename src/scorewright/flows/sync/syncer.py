"""One look at the registry, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.digests import short
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.flows.ports import Clock, Current, Prover
from scorewright.flows.sync.address import ModelAddress
from scorewright.flows.sync.ports import Candidate, Shelf, SyncMemory, SyncRegistry
from scorewright.flows.sync.report import SyncReport, Taken
from scorewright.flows.verify_bundle import (
    prove_bundle,
    refuse_not_in_force,
    refuse_other_model,
)

__all__ = ["Syncer"]

#: A refused candidate is tried again, in case the machine was busy or the download broken.
_FIRST_WAIT, _LONGEST_WAIT = 15.0, 600.0


@dataclass(slots=True)
class _Refusal:
    """A candidate that was refused, and when it may be tried again."""

    candidate: Candidate
    error: ScorewrightError
    wait: float
    until: float


@dataclass(slots=True)
class Syncer:
    """Follows an alias. Whatever goes wrong, what is deployed stays deployed.

    Only a *move* of the alias is acted on: what was deployed here by other means since, such as
    by a rollback, stays until the alias points to another version or names another policy.

    Attributes:
        address: The alias.
        registry: Where it is asked for.
        shelf: The bundles of this machine.
        prover: Parses the model first, in a child.
        memory: Keeps what was seen.
        clock: The time.
        is_watched: Whether looks follow by themselves; kept for the health pages.
    """

    address: ModelAddress
    registry: SyncRegistry
    shelf: Shelf
    prover: Prover
    memory: SyncMemory
    clock: Clock
    is_watched: bool = False
    _refusal: _Refusal | None = field(default=None)

    def look(self) -> SyncReport:
        """Look once, take over what is new and good, and keep what was found.

        Returns:
            The state that was kept; what went wrong stands in it.

        Raises:
            ScorewrightError: ``write-failed``: the state cannot be kept.
        """
        state = self._begin()
        try:
            candidate = self.registry.resolve(self.address)
        except ScorewrightError as error:
            return self._keep(state.failed(error))
        state = replace(state, version=candidate.version, bundle=candidate.bundle)
        taken = state.taken
        if taken is not None and (taken.version, taken.policy) == (
            candidate.version,
            candidate.policy,
        ):
            self._refusal = None
            known = replace(state, bundle=taken.bundle, note=self._differs(taken))
            return self._keep(replace(known, ok=True, good_at=state.at))
        return self._keep(self._try(state, candidate))

    def _begin(self) -> SyncReport:
        now, model = self.clock.now(), str(self.address)
        fresh = SyncReport(now, ok=False, model=model, alias=self.address.alias)
        last = self.memory.read()
        if last is not None and last.model == model:
            fresh = replace(
                fresh,
                version=last.version,
                bundle=last.bundle,
                good_at=last.good_at,
                taken=last.taken,
            )
        return replace(fresh, is_watched=self.is_watched)

    def _keep(self, state: SyncReport) -> SyncReport:
        self.memory.write(state)
        return state

    def _differs(self, taken: Taken) -> str:
        """Say that something else was deployed here since."""
        current = _current(self.shelf)
        if current is not None and current.bundle == taken.bundle:
            return ""
        here = "nothing" if current is None else f"bundle {short(current.bundle)}"
        return (
            f"Version {taken.version} (bundle {short(taken.bundle)}) was taken over before; since "
            f"then {here} was deployed here by other means and stays until the alias moves."
        )

    def _try(self, state: SyncReport, candidate: Candidate) -> SyncReport:
        refused = self._refusal
        if refused is not None and refused.candidate != candidate:
            refused = None
        if refused is not None and self.clock.elapsed() < refused.until:
            return state.failed(refused.error)
        try:
            bundle = self._take_over(candidate)
        except ScorewrightError as error:
            wait = _FIRST_WAIT if refused is None else min(refused.wait * 2, _LONGEST_WAIT)
            self._refusal = _Refusal(candidate, error, wait, self.clock.elapsed() + wait)
            return state.failed(error)
        self._refusal = None
        taken = Taken(str(self.address), candidate.version, candidate.policy, bundle)
        return replace(state, ok=True, bundle=bundle, good_at=self.clock.now(), taken=taken)

    def _take_over(self, candidate: Candidate) -> str:
        """Deploy a candidate; return its bundle's digest. Raises before anything is changed."""
        digest = self._own(candidate) or self._fetch(candidate)
        manifest, bundle = self.shelf.load(self.shelf.directory(digest))
        file = self._policy(manifest, bundle)
        current = _current(self.shelf)
        if current is None or (current.bundle, current.policy_file) != (digest, file):
            self.shelf.activate(digest, file, self.clock.now())
        return digest

    def _own(self, candidate: Candidate) -> str | None:
        """Return the digest where bundle and policy lie here already, and are proved again."""
        named = candidate.bundle
        if not candidate.policy or named not in self.shelf.digests():
            return None
        if candidate.policy not in self.shelf.policies(named):
            return None
        directory = self.shelf.directory(named)
        prove_bundle(self.prover, directory, self.shelf.verify(directory))
        return named

    def _fetch(self, candidate: Candidate) -> str:
        """Fetch, verify, parse the documents, prove the model in a child; then take it in."""
        with self.shelf.incoming() as folder:
            self.registry.fetch(self.address, candidate, folder)
            directory = folder / "bundle"
            manifest, _ = self.shelf.load(directory)
            self._refuse_other(candidate, manifest)
            prove_bundle(self.prover, directory, manifest)
            policies = _policy_files(folder / "policies", manifest.digest)
            for file in policies:
                self.shelf.read_policy(file)  # all of them are good, or none is taken in
            self.shelf.adopt(directory)
            for file in policies:
                self.shelf.adopt_policy(file, manifest.digest)
        return manifest.digest

    def _refuse_other(self, candidate: Candidate, manifest: Manifest) -> None:
        if candidate.bundle and candidate.bundle != manifest.digest:
            raise IntegrityError(
                f"Version {candidate.version} of {self.address.name} says it is the bundle "
                f"{short(candidate.bundle)} and holds {short(manifest.digest)}.",
                remedy="Register the bundle again: 'scorewright register'.",
                code="registry-other-bundle",
            )

    def _policy(self, manifest: Manifest, bundle: Bundle) -> str:
        """Return the file of the newest policy of a bundle that is in force."""
        files = self.shelf.policies(manifest.digest)
        if not files:
            raise UsageError(
                f"The bundle {short(manifest.digest)} has no policy in the registry, so nothing "
                "says what it decides.",
                remedy="Register the bundle again where it has one: 'scorewright register'.",
                code="policy-missing",
            )
        why: list[ScorewrightError] = []
        for file in reversed(files):
            policy = self.shelf.read_policy(Path(file))
            refuse_other_model(policy, manifest, bundle)
            try:
                refuse_not_in_force(policy, self.clock.now())
            except IntegrityError:
                raise
            except ScorewrightError as error:
                why.append(error)
                continue
            return file
        raise why[0]


def _current(shelf: Shelf) -> Current | None:
    """Return what is deployed; None where nothing is, or where that cannot be read."""
    try:
        return shelf.current()
    except ScorewrightError:
        return None


def _policy_files(folder: Path, digest: str) -> Sequence[Path]:
    """Return the policies of a bundle that were fetched, the oldest first."""
    return sorted(folder.glob(f"{digest}.policy-*.json"), key=lambda file: file.name)
