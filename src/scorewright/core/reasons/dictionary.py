"""The reason dictionary: which features stand behind which words, and which are never named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.errors import UsageError

__all__ = ["Arranged", "ReasonDictionary", "ReasonEntry"]


@dataclass(frozen=True, slots=True)
class ReasonEntry:
    """One reason.

    Attributes:
        code: Stable, such as ``R03``; letters, digits, dots, hyphens, underscores.
        text: What the applicant is told.
        features: Names of features, or patterns in which ``*`` stands for any text.
    """

    code: str
    text: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arranged:
    """The features of one model by reason.

    Attributes:
        named, hidden: Positions of features that may be named, and of those that never are.
        reasons: Each with the positions behind it, in the order of its first feature.
    """

    named: tuple[int, ...]
    hidden: tuple[int, ...]
    reasons: tuple[tuple[ReasonEntry, tuple[int, ...]], ...]


@dataclass(frozen=True)
class ReasonDictionary:
    """Reasons by feature.

    Attributes:
        version: Of the dictionary; raised with every change.
        entries: In order; a feature belongs to the first entry that names it.
        prohibited: Names or patterns of features that are never named to anybody.
        descriptions: Feature -> words, for features no entry names; the name itself otherwise.
    """

    version: str
    entries: tuple[ReasonEntry, ...] = ()
    prohibited: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is ambiguous.

        Raises:
            UsageError: ``reasons-invalid``: a code twice, or an entry that names no feature.
        """
        codes = [entry.code for entry in self.entries]
        for entry in self.entries:
            if codes.count(entry.code) > 1:
                raise _invalid(f"the code '{entry.code}' stands twice")
            if not entry.features:
                raise _invalid(f"the reason '{entry.code}' names no feature")
            if not entry.text.strip():
                raise _invalid(f"the reason '{entry.code}' has no text")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the dictionary, 64 hexadecimal characters."""
        return sha256_hex(canonical_json(asdict(self)))

    def is_prohibited(self, feature: str) -> bool:
        """Tell whether a feature is never named."""
        return _names(self.prohibited, feature)

    def entry_of(self, feature: str) -> ReasonEntry:
        """Return the reason of a feature; one of its own where no entry names it."""
        for entry in self.entries:
            if _names(entry.features, feature):
                return entry
        return ReasonEntry(feature, self.descriptions.get(feature) or feature, (feature,))

    def arranged(self, features: tuple[str, ...]) -> Arranged:
        """Return which features stand behind which reason; looked up once for a model.

        Args:
            features: Of a model, in order.
        """
        known = self._arranged.get(features)
        if known is None:
            known = self._arranged[features] = _arranged(self, features)
        return known

    @cached_property
    def _arranged(self) -> dict[tuple[str, ...], Arranged]:
        """What was asked for until now: a dictionary serves one model, or two that change."""
        return {}

    def unused(self, features: Sequence[str]) -> tuple[str, ...]:
        """Return the codes of entries that name none of these features."""
        return tuple(
            entry.code
            for entry in self.entries
            if not any(_names(entry.features, feature) for feature in features)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {"schema_version": 1, **asdict(self)}


def _arranged(dictionary: ReasonDictionary, features: Sequence[str]) -> Arranged:
    hidden = tuple(i for i, name in enumerate(features) if dictionary.is_prohibited(name))
    named = tuple(sorted({*range(len(features))} - {*hidden}))
    reasons: dict[str, tuple[ReasonEntry, list[int]]] = {}
    for i in named:
        entry = dictionary.entry_of(features[i])
        reasons.setdefault(entry.code, (entry, []))[1].append(i)
    return Arranged(named, hidden, tuple((entry, tuple(own)) for entry, own in reasons.values()))


def _names(patterns: Sequence[str], feature: str) -> bool:
    return any(fnmatchcase(feature, _literal(pattern)) for pattern in patterns)


def _literal(pattern: str) -> str:
    """Let nothing but ``*`` stand for anything else: names may hold brackets."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"The reason dictionary cannot be used: {why}.",
        remedy="Correct the file that serve.reasons names.",
        code="reasons-invalid",
    )
