"""Make a bundle a version of a registered model, and point an alias to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scorewright.core.digests import short
from scorewright.core.errors import UsageError
from scorewright.flows.ports import BundleStore
from scorewright.flows.verify_bundle import refuse_other_model

__all__ = ["Publication", "Registered", "Registrar", "register"]


@dataclass(frozen=True, slots=True)
class Publication:
    """What is registered.

    Attributes:
        name: Of the registered model.
        run_id: Run that made the bundle and logged it as a model.
        bundle: Digest.
        tags: Of the version.
        policies: Signed policies and their signatures, logged beside the model.
    """

    name: str
    run_id: str
    bundle: str
    tags: Mapping[str, str]
    policies: Sequence[Path]


class Registrar(Protocol):
    """A registry that can be written to."""

    def version_of(self, name: str, alias: str) -> str | None:
        """Return the version an alias points to, None where there is no such alias.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-locked``,
                ``registry-timeout``, ``registry-answer``.
        """
        ...

    def refuse_names(self, publication: Publication, alias: str) -> None:
        """Refuse a model name, an alias or a tag the registry would not take.

        Raises:
            UsageError: ``registry-name``.
        """
        ...

    def publish(self, publication: Publication) -> str:
        """Log the policies beside the model; make a version, or find that of this bundle.

        Raises:
            UsageError: ``bundle-not-logged``: the store holds no model of this bundle.
            ScorewrightError: Those of `version_of`.
        """
        ...

    def point(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version.

        Raises:
            ScorewrightError: Those of `version_of`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """What was registered.

    Attributes:
        name: Registered model.
        version: Its version.
        alias: Points to it now.
        before: Version it pointed to before; None where there was none.
        bundle: Digest.
        policy: ``ID@VERSION`` of the newest policy.
    """

    name: str
    version: str
    alias: str
    before: str | None
    bundle: str
    policy: str

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values for people."""
        return [
            ("model", f"models:/{self.name}@{self.alias}"),
            ("version", self.version),
            ("before", self.before or "none"),
            ("bundle", self.bundle),
            ("policy", self.policy),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {
            "schema_version": 1,
            "model_uri": f"models:/{self.name}@{self.alias}",
            "name": self.name,
            "version": self.version,
            "alias": self.alias,
            "before": self.before,
            "bundle": self.bundle,
            "policy": self.policy,
        }


def register(
    store: BundleStore,
    registrar: Registrar,
    reference: str,
    alias: str,
    expected: str | None = None,
) -> Registered:
    """Register a bundle with its policies and point an alias to it.

    Args:
        store: The bundles.
        registrar: The registry.
        reference: ``current``, a digest, the beginning of one, or a path.
        alias: Such as ``champion``.
        expected: The version the alias has to point to now, ``0`` for none; None to not ask.

    Raises:
        UsageError: ``alias-moved``, ``policy-missing``, ``bundle-unknown``, ``bundle-ambiguous``,
            ``no-bundle``, and those of `Registrar`.
        IntegrityError: Those of `BundleStore.verify` and ``policy-...``.
        ScorewrightError: Those of `Registrar`.
    """
    directory = store.directory(reference)
    manifest, bundle = store.load(directory)
    files = store.policies(manifest.digest)
    if not files:
        raise UsageError(
            f"The bundle {short(manifest.digest)} has no policy, so nobody who takes it over "
            "could decide by it.",
            remedy="Run 'scorewright policy fit' or 'scorewright train' first.",
            code="policy-missing",
        )
    policies = [store.read_policy(Path(file)) for file in files]
    for policy in policies:
        refuse_other_model(policy, manifest, bundle)
    newest = f"{policies[-1].id}@{policies[-1].version}"
    tags = {
        "bundle": manifest.digest,
        "model_digest": manifest.model_digest,
        "data_version": manifest.data_version,
        "policy": newest,
        "policy_digest": policies[-1].digest,
        "policy_file": files[-1],
    }
    shelf = store.directory(manifest.digest).parent
    publication = Publication(
        manifest.name,
        manifest.run_id,
        manifest.digest,
        tags,
        [path for file in files for path in _both(shelf / file)],
    )
    registrar.refuse_names(publication, alias)
    before = registrar.version_of(manifest.name, alias)
    _refuse_moved(manifest.name, alias, before, expected)
    version = registrar.publish(publication)
    # Asked again: publishing takes seconds, in which somebody else may have moved it.
    now = registrar.version_of(manifest.name, alias)
    if now != before:
        _refuse_moved(manifest.name, alias, now, before or "0")
    if now != version:
        registrar.point(manifest.name, alias, version)
    return Registered(manifest.name, version, alias, before, manifest.digest, newest)


def _both(policy: Path) -> tuple[Path, Path]:
    return policy, policy.with_suffix(".sig")


def _refuse_moved(name: str, alias: str, found: str | None, expected: str | None) -> None:
    if expected is None or (found or "0") == expected:
        return
    there = "does not exist" if found is None else f"points to version {found}"
    meant = "not to exist" if expected == "0" else f"at version {expected}"
    raise UsageError(
        f"The alias models:/{name}@{alias} {there} and was expected {meant}: somebody moved it.",
        remedy="Look at what it points to now, then give that as --expect-version.",
        code="alias-moved",
        details={"version": found},
    )
