"""Rules from an old root to a new one, for stores that were moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorewright.core.snapshot.addresses import Address, AddressKind

__all__ = ["RootRule", "resolve", "suggest_rules"]


#: What addresses of a server's artifacts begin with.
_PROXY = "mlflow-artifacts:"


@dataclass(frozen=True, slots=True)
class RootRule:
    """Artifacts below ``old`` lie below ``new`` on this machine.

    Attributes:
        old: Beginning of a path of the machine that wrote it, with slashes; "" stands for
            relative paths, "mlflow-artifacts:" for those below a server's artifact root.
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
    best: RootRule | None = None
    rest = ""
    for rule in rules:
        below = _below(address, rule.old)
        if below is not None and (best is None or len(below) < len(rest)):
            best, rest = rule, below
    if best is None:
        return address.path if address.kind is AddressKind.POSIX else None
    if not rest:
        return best.new
    return f"{best.new.rstrip('/')}/{rest}"


def suggest_rules(found: Mapping[str, Iterable[Address]]) -> tuple[RootRule, ...]:
    """Suggest rules from places that were found again, the best supported first.

    An address and the place it was found at end alike (``3/0b5f.../artifacts``); what differs
    before that is the old root and the new one. A rule that would lead other addresses away from
    their places is made longer until it does not: an experiment in the trash has its own.

    Args:
        found: Place on this machine, absolute with slashes -> addresses that mean it. One that
            means its own path needs no rule, and none may reach it. Of addresses that lie in one
            another, but were found in unrelated places, not all may be served.
    """
    pairs = [(a, place) for place, addresses in found.items() for a in addresses]
    pairs = [pair for pair in pairs if pair[0].kind is not AddressKind.REMOTE]
    kept = [pair for pair in pairs if _stands_for_itself(*pair)]
    if len(kept) == len(pairs):
        return ()
    groups: dict[tuple[_Parts, _Parts], list[_Member]] = defaultdict(list)
    rules = _Rules()
    for pair in kept:
        rules.keep(_member(*pair), -1)
    for pair in pairs:
        if not _stands_for_itself(*pair):
            member = _member(*pair)
            groups[_heads(member)].append(member)
    for (old, new), members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        rules.make(len(old), len(new), members)
    return tuple(sorted(rules.made.values(), key=lambda rule: (-rule.votes, rule.old, rule.new)))


def _stands_for_itself(address: Address, place: str) -> bool:
    return address.kind is AddressKind.POSIX and address.path == place


_Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Member:
    """An address and the place where it was found, in parts."""

    kind: AddressKind
    old: _Parts
    new: _Parts

    def head(self, size: int) -> tuple[AddressKind, _Parts]:
        """Return the beginning of the address as it is compared."""
        parts = self.old[:size]
        if self.kind is AddressKind.WINDOWS:
            parts = tuple(part.casefold() for part in parts)
        return self.kind, parts


def _member(address: Address, place: str) -> _Member:
    return _Member(address.kind, tuple(_written(address).split("/")), tuple(place.split("/")))


class _Rules:
    """Rules that were made so far.

    Attributes:
        made: Beginning of an address -> its rule.
    """

    def __init__(self) -> None:
        self.made: dict[tuple[AddressKind, _Parts], RootRule] = {}
        # Beginning of an address -> length of the shortest rule that places one below it.
        self._shortest: dict[tuple[AddressKind, _Parts], int] = {}

    def keep(self, member: _Member, size: int) -> None:
        """Keep that an address is placed by a rule of a length, -1 without a rule."""
        for end in range(len(member.old), -1, -1):
            head = member.head(end)
            # Who shares this beginning shares all shorter ones.
            if self._shortest.get(head, size + 1) <= size:
                break
            self._shortest[head] = size

    def make(self, old: int, new: int, members: list[_Member]) -> None:
        """Make the rule for addresses that lost and gained the same beginnings.

        Args:
            old: Parts of the address before what both have in common.
            new: Parts of the place before that.
            members: They share both.
        """
        waiting = [(old, new, members)]
        while waiting:
            old, new, members = waiting.pop()
            first = members[0]
            is_whole = any(len(member.old) <= old for member in members)
            if is_whole or not self._clashes(old, members):
                root = "/".join(first.old[:old]) or ("" if old == 0 else "/")
                place = "/".join(first.new[:new]) or "/"
                self.made.setdefault(first.head(old), RootRule(root, place, len(members)))
                for member in members:
                    self.keep(member, old)
                continue
            parts: dict[_Parts, list[_Member]] = defaultdict(list)
            for member in members:
                parts[member.head(old + 1)[1]].append(member)
            waiting += [(old + 1, new + 1, some) for _, some in sorted(parts.items())]

    def _clashes(self, old: int, members: list[_Member]) -> bool:
        """Tell whether a rule would lead others away, or theirs would lead these away."""
        if self._shortest.get(members[0].head(old), old + 1) <= old:
            return True
        return any(
            member.head(end) in self.made
            for member in members
            for end in range(old, len(member.old) + 1)
        )


def _written(address: Address) -> str:
    """Return the form that rules compare."""
    prefix = _PROXY if address.kind is AddressKind.PROXIED else ""
    return f"{prefix}/{address.path}" if prefix else address.path


def _heads(member: _Member) -> tuple[_Parts, _Parts]:
    """Cut the ending that both have in common, but never the root of what was written."""
    old, new = len(member.old), len(member.new)
    # "" of "/a", "C:" of "C:/a", "", "", "nas" of "//nas/a"; nothing of "a".
    match member.kind:
        case AddressKind.RELATIVE:
            kept = 0
        case AddressKind.WINDOWS if member.old[0] == "":
            kept = 3
        case _:
            kept = 1
    while new > 1 and old > kept and member.old[old - 1] == member.new[new - 1]:
        old, new = old - 1, new - 1
    return member.old[:old], member.new[:new]


def _below(address: Address, old: str) -> str | None:
    """Return what follows a beginning, None where the address does not begin so."""
    root = old.rstrip("/")
    if not root:
        wished = AddressKind.POSIX if old else AddressKind.RELATIVE
        return address.path.strip("/") if address.kind is wished else None
    path, size = _written(address), len(root)
    head = path[:size]
    if address.kind is AddressKind.WINDOWS:
        # Folded one by one: upper and lower case may differ in length.
        head, root = head.casefold(), root.casefold()
    if head != root or path[size : size + 1] not in ("", "/"):
        return None
    return path[size:].strip("/")
