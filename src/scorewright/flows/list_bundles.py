"""List the bundles of a project: what is there, what is deployed, what was deployed before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scorewright.core.digests import short
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.flows.ports import BundleStore, Current

__all__ = ["BUNDLE_COLUMNS", "ListedBundle", "bundle_name", "list_bundles"]

BUNDLE_COLUMNS = ("bundle", "model", "run", "made", "policies", "state")
_VERSION = re.compile(r"\.policy-([0-9]+)\.json$")


@dataclass(frozen=True, slots=True)
class ListedBundle:
    """One bundle of a store.

    Attributes:
        bundle: Its digest.
        model: Name of the model; empty for a bundle that does not verify.
        run_id: MLflow run that made it; empty likewise.
        made: When, ISO 8601; empty likewise.
        policies: Versions of its policies, the newest last.
        state: ``deployed``, ``previous`` (what `bundle rollback` goes back to), ``damaged``, or
            empty.
        policy: Version of the policy that is in force, or was; None for all others.
        cause: Code of what is wrong with a damaged one.
    """

    bundle: str
    model: str
    run_id: str
    made: str
    policies: tuple[int, ...]
    state: str
    policy: int | None = None
    cause: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return the row for people, by `BUNDLE_COLUMNS`."""
        state = self.state
        if self.policy is not None and state:
            state = f"{state}, policy {self.policy}"
        if self.cause:
            state = f"{state} ({self.cause})"
        versions = ", ".join(map(str, self.policies))
        made = self.made[:19].replace("T", " ")
        return short(self.bundle), self.model, self.run_id[:8], made, versions, state

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-ready row."""
        return {**asdict(self), "policies": list(self.policies)}


def list_bundles(store: BundleStore) -> tuple[ListedBundle, ...]:
    """List the bundles of a store, the newest first.

    Signatures and digests are checked, no model is parsed; one that is damaged is listed as such.

    Args:
        store: The bundles.

    Raises:
        IntegrityError: ``current-invalid``.
    """
    try:
        named = {"deployed": store.current(), "previous": store.previous()}
    except UsageError:  # nothing has been deployed yet
        named = {}
    return tuple(_listed(store, digest, named) for digest in store.digests())


def _listed(store: BundleStore, digest: str, named: Mapping[str, Current | None]) -> ListedBundle:
    versions = tuple(_version(name) for name in store.policies(digest))
    state, policy = "", None
    for name, place in named.items():
        if not state and place is not None and place.bundle == digest:
            state, policy = name, _version(place.policy_file)
    try:
        manifest = store.verify(store.directory(digest))
    except IntegrityError as error:
        state = f"{state}, damaged" if state else "damaged"
        return ListedBundle(digest, "", "", "", versions, state, policy, error.code)
    return ListedBundle(
        digest, manifest.name, manifest.run_id, manifest.created_at, versions, state, policy
    )


def bundle_name(current: Current) -> str:
    """Return bundle and policy of a deployment in words."""
    return f"{short(current.bundle)} with policy version {_version(current.policy_file)}"


def _version(policy_file: str) -> int:
    found = _VERSION.search(policy_file)
    return 0 if found is None else int(found[1])
