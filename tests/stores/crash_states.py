"""States of folders on disk: taken while a process stands still, kept, and put back."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["Entry", "State", "Vault", "is_being_made"]

_BLOCK = 1 << 16
_RACY = 50_000_000
"""Nanoseconds: two writes within a tick of the clock leave the same time of change."""
_ATTEMPTS = 100
_OPAQUE = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{12}\.partial(?P<ending>-\w+)?")
"""A new store that MLflow is making: nobody reads it, what is left of it is deleted."""

_JOURNAL = re.compile(r"/journal-\w+\.jsonl$")
_SEEN = re.compile(rb'^\{"entry": ?"seen".*\n', re.MULTILINE)

_HOLDER = "holder.json"
"""Says who holds a lock, with the number of the process: it only serves a message."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies at a path.

    Attributes:
        path: Absolute.
        kind: ``file``, ``folder`` or ``link``.
        mode: Its permissions.
        changed: Time of its last change, nanoseconds.
        size: Of a file.
        blocks: Digests of a file's blocks; the target of a link.
        twin: The first path of the same file; "" for a file of one name.
    """

    path: str
    kind: str
    mode: int
    changed: int
    size: int = 0
    blocks: tuple[str, ...] = ()
    twin: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """All that lies in the watched folder.

    Attributes:
        digest: Same for states that differ in times only, or in what nobody reads.
        outline: Same for those that differ in what SQLite puts into a journal, too: random numbers
            are part of it.
        entries: Folders before what is in them.
    """

    digest: str
    outline: str
    entries: tuple[Entry, ...]


class Vault:
    """Takes states and puts them back; each block of 64 KiB is kept once.

    Args:
        folder: Of the vault itself.
        watched: Folder of the states.
        without: Folders right in it that nobody changes: they are left alone.
    """

    def __init__(self, folder: Path, watched: Path, without: Sequence[Path] = ()) -> None:
        self._blocks = folder / "blocks"
        self._blocks.mkdir(parents=True, exist_ok=True)
        self._watched = str(watched)
        self._without = frozenset(map(str, without))
        self._entries: dict[str, Entry] = {}
        self._known: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {}
        self._kept = {block.name for block in self._blocks.iterdir()}

    def take(self) -> State:
        """Take the state as it is now; only files that nobody reads may change meanwhile."""
        for _ in range(_ATTEMPTS):
            twins: dict[tuple[int, int], str] = {}
            try:
                found = [
                    self._once(self._entry(path, twins))
                    for path in _below(self._watched, self._without)
                ]
            except FileNotFoundError:
                continue
            return _state(found)
        raise FileNotFoundError(self._watched)

    def put_back(self, state: State) -> None:
        """Make the watched folder as it was."""
        for place in Path(self._watched).iterdir():
            if str(place) in self._without:
                continue
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink()
        for entry in state.entries:
            self._make(entry)
        for entry in reversed(state.entries):
            if entry.kind != "link":
                os.utime(entry.path, ns=(entry.changed, entry.changed))

    def outcome(self, state: State) -> str:
        """Return the same for states in which a journal differs by what was seen alone.

        A plan that is refused something says how it leaves the store; the next entry of the
        journal makes that void.
        """
        meanings = [
            (entry.path, _SEEN.sub(b"", self._content(entry)))
            if _JOURNAL.search(entry.path)
            else _meaning(entry)
            for entry in state.entries
        ]
        return hashlib.sha256(repr(meanings).encode()).hexdigest()

    def tear(self, state: State, before: State) -> State | None:
        """Return a state in which only half of a write arrived; None where none was.

        Args:
            state: After a call.
            before: Before it.
        """
        earlier = {entry.path: entry for entry in before.entries}
        for place, entry in enumerate(state.entries):
            old = earlier.get(entry.path)
            if entry.kind != "file" or old is None or old.blocks == entry.blocks:
                continue
            half = _half(self._content(old), self._content(entry))
            if half is None:
                return None
            torn = replace(entry, size=len(half), blocks=self._keep(half))
            return _state([*state.entries[:place], torn, *state.entries[place + 1 :]])
        return None

    def _once(self, entry: Entry) -> Entry:
        """Return an entry that is there already, if it is the same: states share most of theirs."""
        known = self._entries.setdefault(entry.path, entry)
        if known != entry:
            known = self._entries[entry.path] = entry
        return known

    def _entry(self, path: str, twins: dict[tuple[int, int], str]) -> Entry:
        found = os.lstat(path)
        mode = stat.S_IMODE(found.st_mode)
        if stat.S_ISDIR(found.st_mode):
            return Entry(path, "folder", mode, found.st_mtime_ns)
        if stat.S_ISLNK(found.st_mode):
            return Entry(path, "link", mode, found.st_mtime_ns, 0, (str(Path(path).readlink()),))
        twin = ""
        if found.st_nlink > 1:
            twin = twins.setdefault((found.st_dev, found.st_ino), path)
        blocks = self._read(path, found)
        twin = "" if twin == path else twin
        return Entry(path, "file", mode, found.st_mtime_ns, found.st_size, blocks, twin)

    def _read(self, path: str, found: os.stat_result) -> tuple[str, ...]:
        sign = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = self._known.get(path)
        if known is not None and known[0] == sign:
            return known[1]
        now = time.time_ns()
        blocks = self._keep(Path(path).read_bytes())
        if now - max(found.st_mtime_ns, found.st_ctime_ns) > _RACY:
            self._known[path] = (sign, blocks)
        return blocks

    def _keep(self, content: bytes) -> tuple[str, ...]:
        blocks = []
        for begin in range(0, len(content), _BLOCK):
            block = content[begin : begin + _BLOCK]
            digest = hashlib.sha256(block).hexdigest()[:40]
            if digest not in self._kept:
                (self._blocks / digest).write_bytes(block)
                self._kept.add(digest)
            blocks.append(digest)
        return tuple(blocks)

    def _content(self, entry: Entry) -> bytes:
        return b"".join((self._blocks / digest).read_bytes() for digest in entry.blocks)

    def _make(self, entry: Entry) -> None:
        if entry.kind == "folder":
            Path(entry.path).mkdir(parents=True, exist_ok=True)
        elif entry.kind == "link":
            Path(entry.path).symlink_to(entry.blocks[0])
            return
        elif entry.twin:
            os.link(entry.twin, entry.path)
        else:
            Path(entry.path).parent.mkdir(parents=True, exist_ok=True)
            Path(entry.path).write_bytes(self._content(entry))
        Path(entry.path).chmod(entry.mode)


def _below(folder: str, without: frozenset[str]) -> Iterator[str]:
    for entry in sorted(os.scandir(folder), key=lambda found: found.name):
        if entry.path in without:
            continue
        yield entry.path
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, without)


def is_being_made(state: State) -> bool:
    """Tell whether MLflow is making a new store in a state."""
    return any(_OPAQUE.fullmatch(Path(entry.path).name) for entry in state.entries)


def _state(entries: Sequence[Entry]) -> State:
    meanings = [_meaning(entry) for entry in entries]
    outline = [
        (entry.path, entry.size) if entry.path.endswith("-journal") else meaning
        for entry, meaning in zip(entries, meanings, strict=True)
    ]
    digest, other = (hashlib.sha256(repr(one).encode()).hexdigest() for one in (meanings, outline))
    return State(digest, other, tuple(entries))


def _meaning(entry: Entry) -> tuple[object, ...]:
    """Return what makes a state another one."""
    folder, name = os.path.split(entry.path)
    if opaque := _OPAQUE.fullmatch(name):
        return (folder, opaque["name"], opaque["ending"], "opaque")
    if name == _HOLDER:
        return (folder, name, bool(entry.blocks))
    return (entry.path, entry.kind, entry.mode, entry.blocks, entry.twin)


def _half(old: bytes, new: bytes) -> bytes | None:
    """Return a content in which the first half of what changed is new."""
    if old == new or len(new) < len(old):
        return None
    begin = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    end = len(new)
    while end > begin and end <= len(old) and old[end - 1] == new[end - 1]:
        end -= 1
    middle = (begin + end) // 2
    return None if middle == begin else new[:middle] + old[middle:]
