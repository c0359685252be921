"""The policies of a store: find one, list all, compare two, put one in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scorewright.core.decision import FieldChange, Policy, policy_difference
from scorewright.core.digests import short
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.flows.ports import BundleStore, Current
from scorewright.flows.verify_bundle import refuse_not_in_force, refuse_other_model

__all__ = [
    "HISTORY_COLUMNS",
    "Activated",
    "FoundPolicy",
    "HistoryRow",
    "PolicyDiff",
    "activate_policy",
    "diff_policies",
    "find_policy",
    "policy_history",
]

#: Few enough columns for a terminal of 80.
HISTORY_COLUMNS = ("version", "bundle", "threshold", "from (UTC)", "owner / approver, reason")
NOBODY, UNAPPROVED = "nobody named", "nobody yet"


@dataclass(frozen=True, slots=True)
class FoundPolicy:
    """A policy, where it lies, and whether it is in force.

    Attributes:
        policy: The document.
        file: Its name in the store, or a path.
        is_active: Whether it is the deployed one.
        is_signed: Whether its signature was checked; a draft outside the store has none.
    """

    policy: Policy
    file: str
    is_active: bool
    is_signed: bool = True

    @property
    def name(self) -> str:
        """Its version for the head of a table."""
        return f"version {self.policy.version}" if self.policy.version else "draft"

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values for people."""
        policy = self.policy
        state = "in force" if self.is_active else "not in force"
        rows = [
            ("policy", f"{policy.id} version {policy.version}, {state}"),
            ("file", self.file + ("" if self.is_signed else " (a draft without signature)")),
            ("decides", policy.rule.sentence()),
        ]
        rows += [
            (f"{policy.segment_column} = {name}", rule.sentence())
            for name, rule in policy.segments.items()
        ]
        costs = f"{policy.costs.false_negative:g} to {policy.costs.false_positive:g}"
        rows += [
            ("method", policy.method),
            ("costs", costs if policy.loan_costs is None else "of each loan"),
            ("fitted on", f"{policy.data_version}, {policy.data_role}"),
            ("data digest", policy.data_digest or "not recorded"),
            ("bundle", policy.bundle),
            ("model digest", policy.model_digest),
            ("owner", policy.owner or NOBODY),
            ("approver", policy.approver or UNAPPROVED),
            ("effective", f"{policy.effective_from} to {policy.effective_to or 'open'}"),
            ("reason", policy.reason),
            ("digest", policy.digest),
        ]
        return rows + [
            (name, f"{value:.6g}")
            for name, value in sorted(policy.evidence.items())
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright policy show --json``."""
        return {
            "schema_version": 1,
            "file": self.file,
            "is_active": self.is_active,
            "is_signed": self.is_signed,
            "digest": self.policy.digest,
            "policy": self.policy.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One version in the store; ``problem`` says why it cannot be read."""

    version: int
    bundle: str
    file: str
    is_active: bool
    policy: Policy | None
    problem: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the table for people, under `HISTORY_COLUMNS`."""
        policy = self.policy
        number = f"{self.version}\nin force" if self.is_active else str(self.version)
        if policy is None:
            return (number, short(self.bundle), "", "", f"refused: {self.problem}")
        who = f"{policy.owner or NOBODY} / {policy.approver or UNAPPROVED}"
        return (
            number,
            short(self.bundle),
            f"{policy.threshold:.6g}",
            _day(policy.effective_from),
            f"{who}\n{policy.reason}",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "version": self.version,
            "bundle": self.bundle,
            "file": self.file,
            "is_active": self.is_active,
            "policy": None if self.policy is None else self.policy.to_dict(),
            "problem": self.problem or None,
        }


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """What changed from one policy to another."""

    first: FoundPolicy
    second: FoundPolicy
    changes: tuple[FieldChange, ...]

    def cells(self) -> list[tuple[str, ...]]:
        """Return the rows of the table for people."""
        return [
            (
                c.field,
                _shown(c.before),
                _shown(c.after),
                "" if c.change is None else f"{c.change:+.6g}",
            )
            for c in self.changes
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright policy diff --json``."""
        return {
            "schema_version": 1,
            "first": self.first.file,
            "second": self.second.file,
            "changes": [
                {"field": c.field, "before": c.before, "after": c.after, "change": c.change}
                for c in self.changes
            ],
        }


@dataclass(frozen=True, slots=True)
class Activated:
    """The policy that is in force now, and the one before."""

    policy: Policy
    current: Current
    previous: Policy | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright policy activate --json``."""
        return {
            "schema_version": 1,
            "bundle": self.current.bundle,
            "policy_file": self.current.policy_file,
            "version": self.policy.version,
            "since": self.current.since.isoformat(),
            "previous_version": None if self.previous is None else self.previous.version,
        }


def find_policy(store: BundleStore, reference: str) -> FoundPolicy:
    """Find a policy.

    Args:
        store: The bundles.
        reference: ``current``, a version, a file of the store, or a path.

    Raises:
        UsageError: ``policy-missing``, ``policy-ambiguous``, ``no-bundle``.
        IntegrityError: Those of `BundleStore.read_policy`.
    """
    active = _active(store)
    if reference == "current":
        name = store.current().policy_file
        return FoundPolicy(store.read_policy(Path(name)), name, is_active=True)
    names = [name for _, name in _names(store)]
    if reference.isdecimal():
        reference = _of_version(store, int(reference), active)
    if reference in names:
        policy = store.read_policy(Path(reference))
        return FoundPolicy(policy, reference, is_active=reference == active)
    file = Path(reference)
    try:
        policy = store.read_policy(file.absolute())
    except IntegrityError as error:
        if error.code != "policy-unsigned":
            raise
        draft = store.read_draft(file.absolute())
        return FoundPolicy(draft, reference, is_active=False, is_signed=False)
    inside = file.name in names and store.read_policy(Path(file.name)) == policy
    return FoundPolicy(
        policy, file.name if inside else reference, is_active=inside and file.name == active
    )


def _of_version(store: BundleStore, version: int, active: str | None) -> str:
    """Return the file of a version; copied bundles may bring one a second time."""
    found = [name for number, name in _names(store) if number == version]
    if active in found:
        return str(active)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{len(found)} policies of the store have version {version}.",
            remedy=f"Name its file: {', '.join(found)}.",
            code="policy-ambiguous",
        )
    known = ", ".join(str(number) for number, _ in _names(store))
    raise UsageError(
        f"There is no policy of version {version} in the store.",
        remedy=f"Name one of: {known}." if known else "Run 'scorewright train'.",
        code="policy-missing",
    )


def _names(store: BundleStore) -> list[tuple[int, str]]:
    """Return version and file name of all policies, the newest first."""
    names = [name for digest in store.digests() for name in store.policies(digest)]
    return sorted(((_version(name), name) for name in names), reverse=True)


def _version(name: str) -> int:
    return int(name.removesuffix(".json").rsplit("-", 1)[1])


def _active(store: BundleStore) -> str | None:
    try:
        return store.current().policy_file
    except UsageError:
        return None


def policy_history(store: BundleStore) -> tuple[HistoryRow, ...]:
    """List every policy of every bundle, the newest version first.

    Raises:
        IntegrityError: ``current-invalid``.
    """
    return tuple(_history(store, _active(store)))


def _history(store: BundleStore, active: str | None) -> Iterator[HistoryRow]:
    for version, name in _names(store):
        policy, problem = None, ""
        try:
            policy = store.read_policy(Path(name))
        except ScorewrightError as error:
            problem = error.code
        bundle = name.split(".", 1)[0]
        yield HistoryRow(version, bundle, name, name == active, policy, problem)


def diff_policies(store: BundleStore, first: str, second: str) -> PolicyDiff:
    """Compare two policies field by field.

    Args:
        store: The bundles.
        first: As for `find_policy`.
        second: As for `find_policy`.

    Raises:
        UsageError, IntegrityError: Those of `find_policy`.
    """
    one, other = find_policy(store, first), find_policy(store, second)
    return PolicyDiff(one, other, policy_difference(one.policy, other.policy))


def activate_policy(store: BundleStore, reference: str, now: datetime) -> Activated:
    """Put a policy of the deployed bundle in force.

    Args:
        store: The bundles.
        reference: As for `find_policy`; the policy has to be published.
        now: Aware.

    Raises:
        UsageError: ``policy-not-published``, and those of `find_policy`.
        IntegrityError: ``policy-other-model``; those of `find_policy`.
        ScorewrightError: ``policy-not-in-force``.
    """
    current = store.current()
    found = find_policy(store, reference)
    if not found.is_signed or found.file not in store.policies(found.policy.bundle):
        raise UsageError(
            f"The policy {found.file} is not in the store.",
            remedy="Publish it first: 'scorewright policy fit --publish --reason TEXT'.",
            code="policy-not-published",
        )
    manifest, bundle = store.load(store.directory(current.bundle))
    refuse_other_model(found.policy, manifest, bundle)
    refuse_not_in_force(found.policy, now)
    before = store.read_policy(Path(current.policy_file))
    return Activated(found.policy, store.activate(current.bundle, found.file, now), before)


def _day(text: str) -> str:
    """Write the day of a moment, in UTC."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d}"


def _shown(value: object) -> str:
    """Write a value for people."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
