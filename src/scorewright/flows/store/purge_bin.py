"""Delete for good what is kept for taking plans back: the one command that nothing undoes."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from scorewright.core.digests import short
from scorewright.core.errors import UsageError
from scorewright.core.plans import Receipt
from scorewright.flows.events import Note, Notify, StageDone, StageStarted, StepDone
from scorewright.flows.store.apply_plan import Clock
from scorewright.flows.store.undo_receipt import plan_back

__all__ = ["Attic", "Kept", "Purged", "Remains", "purge", "unfinished_plans"]

_STAGE = "purge"


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept.

    Attributes:
        kind: Files that went (a folder), a copy of the rows or the tree, rows of a plan, files
            that were fetched from a tracking server (a folder).
        path: Absolute.
        size: Bytes; a file with several names counts once.
        files: How many.
    """

    kind: Literal["bin", "backup", "payload", "fetched"]
    path: str
    size: int
    files: int = 1


@dataclass(frozen=True, slots=True)
class Remains:
    """What is kept of one plan, one backup that no receipt names, or the files of one server.

    Attributes:
        id: First characters of the plan's id; of a backup what its name ends with; of a server
            the name of its folder.
        kept: What would be deleted; empty where nothing is left.
        receipt: Of the plan; None for a plan without one, and for all else.
    """

    id: str
    kept: tuple[Kept, ...]
    receipt: Receipt | None = None

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return sum(kept.size for kept in self.kept)


@dataclass(frozen=True, slots=True)
class Purged:
    """What was deleted.

    Attributes:
        kept: All of it.
        size: Bytes.
    """

    kept: tuple[Kept, ...]
    size: int


class Attic(Protocol):
    """What a store's state keeps, and its deletion."""

    def remains(self) -> Sequence[Remains]:
        """List what is kept, receipts with nothing left included."""
        ...

    def unfinished(self) -> Sequence[str]:
        """Return the short ids of plans that were begun and not finished."""
        ...

    def document(self, name: str) -> str:
        """Return where the document lies by which an unfinished plan is finished or given up.

        Args:
            name: Short id, of `unfinished`.

        Returns:
            Path of the plan; of the receipt, where the plan takes one back; "" for neither.
        """
        ...

    def held(self, holder: str, now: datetime) -> AbstractContextManager[None]:
        """Hold the lock of the store.

        Raises:
            ScorewrightError: ``store-busy``.
        """
        ...

    def mark(self, entry: Mapping[str, Any]) -> None:
        """Append an entry to the journal of purges and wait until it is on disk."""
        ...

    def remove(self, kept: Kept) -> None:
        """Delete something; what is gone already is passed over.

        Raises:
            ScorewrightError: ``store-write-failed``.
        """
        ...


def purge(
    ids: Collection[str],
    consent: Collection[str],
    attic: Attic,
    clock: Clock,
    notify: Notify,
    holder: str,
) -> Purged:
    """Delete bins, backups, payloads and fetched files; receipts and journals stay.

    The receipts cannot be taken back afterwards, nor can those of earlier plans, which need the
    later ones taken back first. A purge that was stopped is finished by the same call.

    Args:
        ids: Of what is to go, as `Remains` has them.
        consent: The same ids once more, typed by a person.
        attic: Of the store.
        clock: Gives the time.
        notify: Told of the progress.
        holder: Who deletes.

    Raises:
        UsageError: ``purge-unknown``, ``purge-consent``, ``purge-unfinished``.
        ScorewrightError: ``store-busy``, ``store-write-failed``.
        IntegrityError: ``journal-invalid``: whether a plan is finished cannot be told.
    """
    _wanted(ids, attic)  # what is not there is said before the lock leaves a file
    with attic.held(holder, clock()):
        wanted = _wanted(ids, attic)
        _refuse_unfinished(attic)
        _refuse_silence(wanted, consent)
        count = sum(len(remains.kept) for remains in wanted)
        notify(StageStarted(_STAGE, count))
        gone: list[Kept] = []
        for remains in wanted:
            if not remains.kept:
                notify(Note(f"Nothing is kept of {remains.id} any more."))
                continue
            attic.mark(_begin(remains, holder, clock()))
            for kept in remains.kept:
                attic.remove(kept)
                gone.append(kept)
                notify(StepDone(_STAGE, len(gone), kept.path))
            attic.mark({"entry": "done", "id": remains.id, "at": clock().isoformat()})
        freed = sum(kept.size for kept in gone)
        notify(StageDone(_STAGE, f"{freed:,} bytes deleted"))
        return Purged(tuple(gone), freed)


def _wanted(ids: Collection[str], attic: Attic) -> list[Remains]:
    known = {remains.id: remains for remains in attic.remains()}
    for name in ids:
        if name not in known:
            there = ", ".join(sorted(known)) or "nothing"
            raise UsageError(
                f"Nothing of the name {name} is kept; there is: {there}.",
                remedy="scorewright store purge, without arguments, lists what is kept.",
                code="purge-unknown",
            )
    return [known[name] for name in dict.fromkeys(ids)]


def unfinished_plans(attic: Attic) -> tuple[tuple[str, str], ...]:
    """Return what keeps a purge from its work, and the commands that end it.

    Args:
        attic: Of the store.

    Returns:
        For each plan that stopped midway a clause that names it and a sentence with commands.
    """
    undoing = {
        short(plan_back(r.receipt).id): r.id for r in attic.remains() if r.receipt is not None
    }
    names = sorted(attic.unfinished(), key=lambda n: (n not in undoing, not attic.document(n)))
    return tuple(_way_out(name, undoing, attic) for name in names)


def _way_out(name: str, undoing: Mapping[str, str], attic: Attic) -> tuple[str, str]:
    place = attic.document(undoing.get(name, name))
    if name in undoing:
        undo = f"scorewright store undo {shlex.quote(place) if place else 'RECEIPT'}"
        return f"The receipt {undoing[name]} is being taken back", f"Finish it: {undo}"
    file = shlex.quote(place) if place else "PLAN, the file of the plan"
    return (
        f"The plan {name} is not finished",
        (
            f"Finish it: scorewright store apply {file}. Or give it up, which takes back what is "
            f"done of it: scorewright store undo {file}"
        ),
    )


def _refuse_unfinished(attic: Attic) -> None:
    waiting = unfinished_plans(attic)
    if not waiting:
        return
    what, way = waiting[0]
    raise UsageError(
        f"{what}: what is kept may still be needed.",
        remedy=way,
        code="purge-unfinished",
        details={"unfinished": list(attic.unfinished())},
    )


def _refuse_silence(wanted: Sequence[Remains], consent: Collection[str]) -> None:
    missing = [remains for remains in wanted if remains.kept and remains.id not in consent]
    if not missing:
        return
    kept = [kept for remains in missing for kept in remains.kept]
    listed = "; ".join(f"{k.kind} {k.path}, {k.size:,} bytes" for k in kept[:5])
    names = " ".join(f"--consent {remains.id}" for remains in missing)
    raise UsageError(
        f"{sum(k.size for k in kept):,} bytes would be deleted for good: {listed}"
        f"{' ...' if len(kept) > 5 else ''}. Nothing brings them back.",  # noqa: PLR2004
        remedy=f"If that is wanted: {names}",
        code="purge-consent",
        details={"kept": [asdict(k) for k in kept]},
    )


def _begin(remains: Remains, holder: str, now: datetime) -> dict[str, Any]:
    receipt = remains.receipt
    return {
        "entry": "begin",
        "id": remains.id,
        "plan": "" if receipt is None else receipt.plan.id,
        "began": "" if receipt is None else receipt.began,
        "holder": holder,
        "at": now.isoformat(),
        "kept": [asdict(kept) for kept in remains.kept],
    }
