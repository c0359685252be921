"""What should become of a store, before the rows themselves were looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from scorewright.core.plans import (
    FileChange,
    LinkChange,
    MoveChange,
    Row,
    RowChange,
    Step,
)
from scorewright.core.rationalise.rawrows import Need, RawRows, TableShape

__all__ = ["Idea", "Proposal", "SetRow", "Task", "needs_of", "run_tag", "steps_of"]


class Task(Protocol):
    """A part of an idea that ends in changes of rows."""

    def needs(self, shapes: Mapping[str, TableShape]) -> Iterable[Need]:
        """Tell which rows have to be read."""
        ...

    def changes(self, rows: RawRows) -> Iterable[RowChange]:
        """Tell what changes; nothing where the rows are so already.

        Raises:
            LookupError: The store's schema cannot say it; the message is half a sentence.
        """
        ...


@dataclass(frozen=True, slots=True)
class SetRow:
    """A row that has these values, or goes.

    Columns that the schema does not have are left out.

    Attributes:
        table: Of the schema.
        key: Column -> value; what tells the row, a workspace apart.
        values: Column -> value; None where the row goes.
        is_made: Whether a row that is not there is made.
        stamps: Column -> value that is set where something else changes.
    """

    table: str
    key: Row
    values: Row | None
    is_made: bool = True
    stamps: Row = field(default_factory=dict)

    def needs(self, shapes: Mapping[str, TableShape]) -> Iterable[Need]:
        """Ask for the rows that share the most telling part of the key."""
        if self.table in shapes:
            column = next((c for c in ("run_uuid", "name") if c in self.key), next(iter(self.key)))
            yield Need(self.table, column, self.key[column])

    def changes(self, rows: RawRows) -> Iterable[RowChange]:
        """Compare the row with its values."""
        shape = rows.shapes.get(self.table)
        if shape is None:
            raise LookupError(f"its schema has no table '{self.table}'")
        found = rows.find(self.table, self.key)
        if len(found) > 1:
            raise LookupError(f"several workspaces have {_said(self.key)}")
        if not found:
            if self.values is not None and self.is_made:
                yield RowChange(self.table, self.key, None, {**self.key, **self.values})
            return
        row, key = found[0], rows.key_of(self.table, found[0])
        if self.values is None:
            yield RowChange(self.table, key, row, None)
            return
        wanted = {k: v for k, v in self.values.items() if k in shape.columns and row[k] != v}
        if wanted:
            wanted |= {k: v for k, v in self.stamps.items() if k in shape.columns and row[k] != v}
            yield RowChange(self.table, key, {k: row[k] for k in wanted}, wanted)


def run_tag(run_id: str, key: str, value: str | None) -> SetRow:
    """Set a tag of a run, or take it away."""
    values: Row | None = None if value is None else {"value": value}
    return SetRow("tags", {"run_uuid": run_id, "key": key}, values)


def _said(key: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in key.items())


@dataclass(frozen=True, slots=True)
class Idea:
    """A step whose rows are not known yet.

    Attributes:
        operation: A verb and a noun.
        subject: What it is about, with its id.
        sentence: What it does, in one line.
        finding: Code of the finding it mends; "" for none.
        tasks: In order.
        files: Changes of files, after those of rows.
    """

    operation: str
    subject: str
    sentence: str
    finding: str = ""
    tasks: tuple[Task, ...] = ()
    files: tuple[FileChange | MoveChange | LinkChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Ideas, and what a reader should know of what is left.

    Attributes:
        ideas: In order.
        notes: One sentence each.
        contents: Contents of new files, by the name after ``payload:``.
    """

    ideas: tuple[Idea, ...] = ()
    notes: tuple[str, ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict)

    def __add__(self, other: Proposal) -> Proposal:
        """Put two proposals one after the other."""
        return Proposal(
            self.ideas + other.ideas,
            self.notes + other.notes,
            {**self.contents, **other.contents},
        )


def needs_of(ideas: Iterable[Idea], shapes: Mapping[str, TableShape]) -> tuple[Need, ...]:
    """Return what has to be read for ideas, each once, in order."""
    needs = (need for idea in ideas for task in idea.tasks for need in task.needs(shapes))
    return tuple(dict.fromkeys(needs))


def steps_of(ideas: Iterable[Idea], rows: RawRows) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Turn ideas into steps with exact values before and after.

    An idea that would change nothing gives no step; one that the store's schema cannot say gives
    a note and no step.

    Args:
        ideas: In order; each sees what those before it changed.
        rows: What `needs_of` asked for.

    Returns:
        Steps and notes.
    """
    steps, notes = [], []
    for idea in ideas:
        found: list[RowChange] = []
        try:
            for task in idea.tasks:
                for change in tuple(task.changes(rows)):
                    rows.put(change)
                    found.append(change)
        except LookupError as error:
            for change in reversed(found):
                rows.put(RowChange(change.table, change.key, change.after, change.before))
            notes.append(f"Left as it is: {idea.subject}: {error.args[0]}.")
            continue
        if found or idea.files:
            changes = (*found, *idea.files)
            steps.append(Step(idea.operation, idea.subject, idea.sentence, changes, idea.finding))
    return tuple(steps), tuple(notes)
