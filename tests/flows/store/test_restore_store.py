"""A backup put in a store's place: what is asked for in which order, and what is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from tests.fakes.store_editing import Clock

from scorewright.core.errors import IntegrityError
from scorewright.flows.events import Event, Note, StageDone
from scorewright.flows.store.backup_store import BackupNote
from scorewright.flows.store.editing import Backup
from scorewright.flows.store.restore_store import Replaced, Restored, restore_store


@dataclass(slots=True)
class World:
    """A shelf and a place; says what it was asked for."""

    found: Replaced
    is_broken: bool = False
    log: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return Path("/backups")

    def note(self, backup: Backup, location: str, made_at: str, made_by: str) -> BackupNote:
        raise NotImplementedError(backup, location, made_at, made_by)

    def notes(self) -> Sequence[BackupNote]:
        return ()

    def prove(self, path: str) -> tuple[str, ...]:
        self.log.append(f"prove {path}")
        if self.is_broken:
            raise IntegrityError("broken", remedy="none", code="backup-broken")
        return ("whole",)

    @contextmanager
    def held(self, holder: str, now: datetime) -> Iterator[None]:
        self.log.append(f"hold {holder} {now:%S}")
        yield
        self.log.append("let go")

    def put(self, backup: str, now: datetime) -> Replaced:
        self.log.append(f"put {backup} {now:%S}")
        return self.found


def restore(world: World) -> tuple[Restored, list[Event]]:
    told: list[Event] = []
    clock = Clock()
    done = restore_store("/s.db", "/backups/b.db", world, world, clock, told.append, "ana")
    return done, told


def test_a_backup_is_proved_and_put_under_the_lock() -> None:
    world = World(Replaced("/s.db.replaced-1"))

    done, told = restore(world)

    assert world.log == [
        "hold ana 01", "prove /backups/b.db", "put /backups/b.db 01", "let go"
    ]  # fmt: skip
    assert (done.aside, done.checks, done.made_by) == ("/s.db.replaced-1", ("whole",), "ana")
    assert told[-1] == StageDone(
        "restore", "/s.db is as in /backups/b.db; what was there lies in /s.db.replaced-1"
    )


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        (("a" * 12,), "What 1 plan did"),
        (("a" * 12, "b" * 12), "What 2 plans did"),
    ],
)
def test_plans_that_are_not_in_the_backup_are_named(plans: tuple[str, ...], said: str) -> None:
    done, told = restore(World(Replaced("", plans)))
    (note,) = [event for event in told if isinstance(event, Note)]
    assert note.message.startswith(said)
    assert all(plan in note.message for plan in plans)
    assert done.aside == ""


def test_a_broken_backup_is_put_nowhere() -> None:
    world = World(Replaced(""), is_broken=True)
    with pytest.raises(IntegrityError):
        restore(world)
    assert not any(line.startswith("put") for line in world.log)
