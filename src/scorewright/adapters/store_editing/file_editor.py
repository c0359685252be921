"""Files beside a store, changed by comparing first; what goes is kept in the plan's bin."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from scorewright.adapters.guarded import sync_directory
from scorewright.adapters.store_editing.bins import Bin
from scorewright.adapters.store_editing.contents import (
    Sharing,
    copy_aside,
    copy_proved,
    link_aside,
    prove,
    sha256_of,
    write_aside,
)
from scorewright.adapters.store_editing.payload import Payload
from scorewright.adapters.store_editing.places import (
    MadeFolders,
    RealFolders,
    asides_of,
    contained,
    folder_digest,
    partial_of,
    real_name,
)
from scorewright.adapters.store_editing.references import STATE_FOLDER, listing_digest
from scorewright.adapters.store_editing.refusals import conflict, outside, write_failed
from scorewright.core.errors import UsageError
from scorewright.core.plans import FileChange, LinkChange, MoveChange
from scorewright.flows.store.editing import FileChanges, State

__all__ = ["LocalFileEditor"]

_AT_ONCE: Final = 64 << 20
"""Bytes that are put aside before they are brought to disk together."""


@dataclass(frozen=True, slots=True)
class _Aside:
    """The new content of a file, put together beside it.

    Attributes:
        change: It is of.
        place: Where it lies.
        what: It is a copy of; "" where it is the earlier file itself.
        returned: The file in a bin that it came from.
    """

    change: FileChange
    place: Path
    what: str = ""
    returned: Path | None = None


class LocalFileEditor:
    """Changes files of this machine.

    Args:
        bin_folder: Of this plan; it lies beside those of earlier plans, from which files return.
        roots: Folders the plan may change: that of the store, and its artifact roots.
        payload: Of the plan; holds the files that it calls ``payload:<name>``.
        database: File of the store, which is not one of its files.
        sharing: How bytes that lie on the same file system are copied.
        listed: Folders and files that the listing is of; None for all of the roots.
        undone: Bin of the plan that this one takes back.
    """

    def __init__(  # noqa: PLR0913 - where it may write, and where it looks
        self,
        bin_folder: Path,
        roots: Iterable[Path],
        payload: Path | None = None,
        *,
        database: Path | None = None,
        sharing: Sharing = "copy",
        listed: Iterable[Path] | None = None,
        undone: Path | None = None,
    ) -> None:
        self._roots = tuple(Path(os.path.realpath(root)) for root in roots)
        wanted = self._roots if listed is None else listed
        self._listed = tuple(Path(os.path.realpath(root)) for root in wanted)
        self._bin = Bin(bin_folder, undone)
        self._made = MadeFolders(bin_folder.parent, bin_folder)
        self._reals = RealFolders()
        self._payload = Payload(payload)
        self._own = _own(database)
        self._sharing = sharing

    def listing(self) -> str:
        """Return a digest over paths and sizes of all files that are listed.

        The store itself is not among them, nor what a restoring moved aside of it: a plan for the
        store as it is in the backup is not stale because of that.
        """
        own = [*self._own, *(asides_of(self._own[0]) if self._own else ())]
        real = [Path(os.path.realpath(path)) for path in own]
        return listing_digest(self._listed, without=[*own, *real])

    def require(self, change: FileChanges) -> None:
        """Refuse a change of something that is not the store's; nothing is read.

        Raises:
            UsageError: ``plan-outside``.
        """
        for path in _paths(change):
            self._place(path)

    def state(self, change: FileChanges) -> State:
        """Compare a change with the disk; contents are read and hashed."""
        try:
            match change:
                case FileChange():
                    return self._file_state(change)
                case MoveChange():
                    return self._move_state(change)
                case LinkChange():
                    return self._link_state(change)
                case _:
                    assert_never(change)
        except OSError as error:
            raise conflict(f"{change.path} cannot be read: {error.strerror or error}.") from error

    def perform(self, change: FileChanges) -> None:
        """Carry a change out: aside, hashed after it reached the disk, renamed.

        Raises:
            ScorewrightError: ``apply-conflict``, ``store-write-failed``.
            UsageError: ``plan-outside``, ``plan-invalid``.
            IntegrityError: ``copy-differs``.
        """
        if isinstance(change, FileChange):
            self.perform_together((change,))
            return
        state = self._expected(change)
        with self._clearing((change,)), _writing(change):
            self._clear(change)
            if state is State.BEFORE:
                self._move(change) if isinstance(change, MoveChange) else self._link(change)
            self._tidy(change)

    def perform_together(self, changes: Sequence[FileChange]) -> None:
        """Carry out changes of different files, each as `perform` does.

        All go aside before the first is brought to disk, and the names of a folder are brought to
        disk once: most of the time of a small file is waiting for the disk.
        """
        with self._clearing(changes):
            for batch in _batches(changes):
                self._carry_out(batch)

    def _carry_out(self, changes: Sequence[FileChange]) -> None:
        folders: dict[Path, None] = {}
        aside = [one for change in changes if (one := self._begin(change, folders)) is not None]
        for one in aside:
            with _writing(one.change):
                if one.what:
                    prove(one.what, one.place, _known(one.change.after))
        for one in aside:
            with _writing(one.change):
                self._put_in_place(one)
        for folder in folders:
            # Another thread took the last file out of it, and the folder away.
            with _writing(changes[0]), suppress(FileNotFoundError):
                sync_directory(folder)
        for one in aside:
            if one.returned is not None:
                with _writing(one.change):
                    one.returned.unlink(missing_ok=True)
        for change in changes:
            with _writing(change):
                self._tidy(change)

    def _begin(self, change: FileChange, folders: dict[Path, None]) -> _Aside | None:
        """Put the new content of a file aside, or the file into the bin.

        Args:
            change: Of the file.
            folders: Receives those whose names are to be brought to disk.
        """
        state = self._expected(change)
        folders[Path(change.path).parent] = None  # also where a killed attempt has renamed
        with _writing(change):
            self._clear(change)
            if state is State.AFTER:
                return None
            if change.after is None:
                folders[self._bin.take(Path(change.path), _known(change.before))] = None
                return None
            return self._put_aside(change, change.after)

    def _expected(self, change: FileChanges) -> State:
        state = self.state(change)
        if state is State.NEITHER:
            raise conflict(self._unexpected(change))
        return state

    @contextmanager
    def _clearing(self, changes: Sequence[FileChanges]) -> Iterator[None]:
        """Leave nothing aside when something fails, or somebody interrupts."""
        try:
            yield
        except BaseException:  # an interrupt, too
            for change in changes:
                with suppress(OSError):
                    self._clear(change)
            raise

    def _place(self, path: str) -> Path:
        place, real = contained(path, self._roots, self._reals)
        folders = [part.casefold() for part in (*place.parts, *real.parts)]
        if STATE_FOLDER in folders or _is_one_of(place, self._own):
            raise outside(path, "which belongs to the store itself")
        return place

    def _pair(self, change: LinkChange) -> tuple[Path, Path]:
        paths = (str(real_name(Path(path))) for path in (change.path, change.keeper))
        path, keeper = (self._place(path) for path in paths)
        return path, keeper

    def _file_state(self, change: FileChange) -> State:
        found = sha256_of(self._place(change.path))
        if found == change.after:
            return State.AFTER
        return State.BEFORE if found == change.before else State.NEITHER

    def _move_state(self, change: MoveChange) -> State:
        here, there = self._place(change.path), self._place(change.target)
        one, other = _digest(here), _digest(there)
        if one is None and other == change.digest:
            return State.AFTER
        return State.BEFORE if other is None and one == change.digest else State.NEITHER

    def _link_state(self, change: LinkChange) -> State:
        path, keeper = self._pair(change)
        if sha256_of(path) != change.sha256:
            return State.NEITHER
        is_linked = keeper.exists() and path.samefile(keeper)
        if is_linked is change.is_linked:
            return State.AFTER
        is_equal = is_linked or sha256_of(keeper) == change.sha256
        return State.BEFORE if is_equal else State.NEITHER

    def _put_aside(self, change: FileChange, sha256: str) -> _Aside:
        self._made.make(Path(change.path).parent)
        place = partial_of(Path(change.path))
        if change.origin.startswith("payload:"):
            write_aside(self._of_payload(change), place)
            return _Aside(change, place, "the payload's content")
        if change.origin not in ("", "bin"):
            origin = real_name(Path(change.origin))
            if origin.is_file():
                copy_aside(origin, place, self._sharing)
                return _Aside(change, place, str(origin))
        returned = self._bin.find(Path(change.path), sha256)
        if returned is None:
            where = change.origin if change.origin not in ("", "bin") else "the bin"
            raise conflict(f"The content for {change.path} is not there any more: {where}.")
        if link_aside(returned, place):
            return _Aside(change, place, "", returned)
        copy_aside(returned, place)
        return _Aside(change, place, str(returned), returned)

    def _put_in_place(self, aside: _Aside) -> None:
        place = Path(aside.change.path)  # its state was looked at a moment ago
        if aside.change.before is not None:
            self._bin.keep(place, aside.change.before)
        os.replace(aside.place, place)  # noqa: PTH105 - one call, one rename

    def _of_payload(self, change: FileChange) -> bytes:
        name = change.origin.removeprefix("payload:")
        content = self._payload.file(name)
        if content is None:
            raise UsageError(
                f"The plan names the file '{name}' of its payload, and there is none.",
                remedy="Put the payload beside the plan, or make the plan again.",
                code="plan-invalid",
            )
        return content

    def _move(self, change: MoveChange) -> None:
        here, there = self._place(change.path), self._place(change.target)
        self._made.make(there.parent)
        os.rename(here, there)  # noqa: PTH104 - one call, one rename
        sync_directory(there.parent)
        sync_directory(here.parent)

    def _link(self, change: LinkChange) -> None:
        path, keeper = self._pair(change)
        aside = partial_of(path)
        if change.is_linked:
            os.link(keeper, aside, follow_symlinks=False)
        else:
            copy_proved(path, aside, change.sha256)
        os.replace(aside, path)  # noqa: PTH105 - one call, one rename
        sync_directory(path.parent)

    def _clear(self, change: FileChanges) -> None:
        """Remove what a killed attempt left aside."""
        partial_of(Path(change.path)).unlink(missing_ok=True)
        if isinstance(change, LinkChange):
            partial_of(real_name(Path(change.path))).unlink(missing_ok=True)

    def _tidy(self, change: FileChanges) -> None:
        """Take away folders that a plan made and that are empty now."""
        if isinstance(change, MoveChange) or (
            isinstance(change, FileChange) and change.after is None
        ):
            self._made.prune(Path(change.path).parent)

    def _unexpected(self, change: FileChanges) -> str:
        match change:
            case FileChange():
                found = sha256_of(Path(change.path))
                wanted = change.before
                return f"{change.path} is {_said(found)}; the plan expects {_said(wanted)}."
            case MoveChange():
                return (
                    f"{change.path} cannot be moved to {change.target}: one of the two is not as "
                    "the plan says."
                )
            case LinkChange():
                return f"{change.path} and {change.keeper} are not the equal files of the plan."
            case _:
                assert_never(change)


@contextmanager
def _writing(change: FileChanges) -> Iterator[None]:
    """Say which change the system refused."""
    try:
        yield
    except OSError as error:
        raise write_failed(change.path, error) from error


def _batches(changes: Sequence[FileChange]) -> Iterator[list[FileChange]]:
    batch: list[FileChange] = []
    size = 0
    for change in changes:
        batch.append(change)
        size += change.size
        if size >= _AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _digest(place: Path) -> str | None:
    if place.is_dir():
        return folder_digest(place)
    return sha256_of(place)


def _paths(change: FileChanges) -> tuple[str, ...]:
    match change:
        case FileChange():
            return (change.path,)
        case MoveChange():
            return change.path, change.target
        case LinkChange():
            return change.path, change.keeper
        case _:
            assert_never(change)


def _own(database: Path | None) -> tuple[Path, ...]:
    """Return the database's file, and those that SQLite keeps beside it."""
    endings = () if database is None else ("", "-journal", "-wal", "-shm")
    return tuple(Path(f"{database}{ending}") for ending in endings)


def _is_one_of(place: Path, own: Iterable[Path]) -> bool:
    """Tell whether a path is one of some files, whatever it is called."""
    name = str(place).casefold()
    if any(name == str(one).casefold() for one in own):
        return True
    return os.path.exists(place) and any(  # noqa: PTH110 - called for every file
        one.exists() and place.samefile(one) for one in own
    )


def _known(sha256: str | None) -> str:
    assert sha256 is not None  # noqa: S101 - a change from nothing to nothing is never BEFORE
    return sha256


def _said(sha256: str | None) -> str:
    return "not there" if sha256 is None else f"content {sha256[:12]}"
