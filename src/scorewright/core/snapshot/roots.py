"""Rules from an old root to a new one, for stores that were moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorewright.core.snapshot.addresses import Address, AddressKind

__all__ = ["RootRule", "resolve", "suggest_rules"]


@dataclass(frozen=True, slots=True)
class RootRule:
    """Artifacts below ``old`` lie below ``new`` on this machine.

    Attributes:
        old: Beginning of a path of the machine that wrote it, with slashes, none at the end; ""
            stands for relative paths.
        new: A folder of this machine, absolute.
        votes: Addresses that speak for it; 0 where a person gave the rule.
    """

    old: str
    new: str
    votes: int = 0


def resolve(address: Address, rules: Iterable[RootRule]) -> str | None:
    """Return the place on this machine; None where it is not a file's, or no rule reaches it.

    The rule with the longest old root decides. Windows paths are compared without regard to
    upper and lower case. Without a rule an absolute path of this machine stands for itself.

    Args:
        address: What the store wrote down.
        rules: Old root to new one.
    """
    if address.kind is AddressKind.REMOTE:
        return None
    fold = address.kind is AddressKind.WINDOWS
    best: RootRule | None = None
    for rule in rules:
        if _is_below(address, rule.old, fold=fold) and (
            best is None or len(rule.old) > len(best.old)
        ):
            best = rule
    if best is not None:
        rest = address.path[len(best.old) :].strip("/")
        return f"{best.new.rstrip('/')}/{rest}" if rest else best.new
    return address.path if address.kind is AddressKind.POSIX else None


def suggest_rules(found: Mapping[str, Iterable[Address]]) -> tuple[RootRule, ...]:
    """Suggest rules from places that were found again, the best supported first.

    An address and the place it was found at end alike (``3/0b5f.../artifacts``); what differs
    before that is the old root and the new one.

    Args:
        found: Place on this machine, absolute with slashes -> addresses that mean it.
    """
    votes: Counter[tuple[str, str]] = Counter()
    for place, addresses in found.items():
        for address in addresses:
            if address.kind is AddressKind.REMOTE or address.path == place:
                continue
            votes[_heads(address.path, place)] += 1
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    return tuple(RootRule(old, new, count) for (old, new), count in ranked)


def _heads(old: str, new: str) -> tuple[str, str]:
    """Cut the ending that both have in common."""
    a, b = old.split("/"), new.split("/")
    while len(b) > 1 and a and a[-1] == b[-1]:
        a.pop()
        b.pop()
    return "/".join(a), "/".join(b)


def _is_below(address: Address, old: str, *, fold: bool) -> bool:
    if not old:
        return address.kind in (AddressKind.RELATIVE, AddressKind.PROXIED)
    path = address.path
    if fold:
        path, old = path.casefold(), old.casefold()
    return path == old or path.startswith(f"{old}/")
