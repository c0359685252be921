"""What is interrupted: plans for real stores, to be carried out, gone on with, taken back."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol
from unittest.mock import patch

from sqlalchemy import Connection
from tests.adapters.store_editing.small import Small, full_plan, small_at
from tests.stores.large import build_large
from tests.stores.story import build_story

from scorewright import wiring
from scorewright.adapters.store_editing import (
    backups,
    checks,
    founding,
    pointing,
    raw_rows,
    shapes,
)
from scorewright.adapters.store_editing.children import run_child
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.shapes import Shape, shapes_of
from scorewright.adapters.store_editing.workshops import Workshops
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.plans import Plan, read_receipt
from scorewright.entry.cli import main
from scorewright.flows.events import ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.editing import Workshop
from scorewright.flows.store.progress import Progress
from scorewright.flows.store.undo_receipt import undo_receipt, undo_unfinished
from scorewright.wiring import store_changes, store_workshops
from scorewright.wiring.stores import installed_schema

__all__ = ["Case", "Look", "Machine", "Place", "large_case", "small_case", "story_cases"]

#: Table -> digest of its rows; path -> digest of a file, "" of a folder.
Look = tuple[dict[str, str], dict[str, str]]

#: What is left out here: the opening of a copy with MLflow.
_COUNTED: Final = ("experiments", "runs", "points", "models", "aliases")
_TIME: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
_STRUCTURE: Final = """
[store.rationalise]
archive = [
    "credit_scoring_model_selection",
    "credit_scoring_feature_engineering_cv",
    "credit_scoring_optimization_fbeta",
]
delete = ["Test"]
merge = { "credit-scoring-production" = "credit_scoring_final_delivery" }
"""
_FIXED: Final = "RUN-001,RUN-007,CONV-001,CONV-005,CONV-009,FILE-002"


@dataclass(slots=True)
class Machine:
    """Runs plans in a process that has everything loaded; the clock stands.

    MLflow, which takes seconds to start, is left out, unless it is asked for: a store that it made
    once is copied, and its opinion of the result is not asked.

    Attributes:
        folder: Its own.
        fresh: A store that MLflow made, for every root; None to let it make one for each.
        threads: Of a plan.
        is_whole: MLflow is asked.
    """

    folder: Path
    fresh: Path | None = None
    threads: int = 1
    is_whole: bool = False
    _made: dict[str, Path] = field(default_factory=dict)

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Take the place of what is slow while the block lasts."""
        head = installed_schema()
        known_shapes: dict[str, dict[str, Shape]] = {}
        opens, engine = Workshops.open, Database._engine
        compiled: dict[Any, Any] = {}

        def limited(own: Workshops, plan: Plan, payload: Path | None = None) -> Workshop:
            return replace(opens(own, plan, payload), threads=self.threads)

        def remembering(own: Database, isolation: str) -> Any:
            return engine(own, isolation).execution_options(compiled_cache=compiled)

        def reflected(connection: Connection) -> dict[str, Shape]:
            tables = connection.exec_driver_sql("SELECT sql FROM sqlite_master").fetchall()
            key = repr(tables)
            if key not in known_shapes:
                known_shapes[key] = shapes_of(connection)
            return known_shapes[key]

        with ExitStack() as stack:
            for place, name, new in (
                (store_workshops, "installed_schema", lambda: head),
                (store_workshops, "kept_databases", lambda: None),
                (store_changes, "now_of", lambda: lambda: _TIME),
                (backups, "datetime", _Clock),
                (founding, "run_child", self._child),
                (checks, "run_child", self._child),
                (shapes, "shapes_of", reflected),
                (pointing, "shapes_of", reflected),
                (raw_rows, "shapes_of", reflected),
                (Workshops, "open", limited),
                (Database, "_engine", remembering),
            ):
                stack.enter_context(patch.object(place, name, new))
            yield

    def _child(self, module: str, *arguments: str) -> str:
        if self.is_whole:
            return run_child(module, *arguments)
        if module == "opening":
            return json.dumps(dict.fromkeys(_COUNTED, 0))
        uri, root = arguments
        aside = Path(uri.removeprefix("sqlite:///"))
        try:
            aside.write_bytes(self.made(root).read_bytes())
        except OSError as error:  # the real child says it by its exit
            raise ChildProcessError(str(error)) from error
        return ""

    def made(self, root: str) -> Path:
        """Return a store that MLflow made."""
        if self.fresh is not None:
            return self.fresh
        if root not in self._made:
            file = self.folder / f"made-{len(self._made)}.db"
            run_child("making", f"sqlite:///{file}", root)
            self._made[root] = file
        return self._made[root]


class _Clock(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _TIME.astimezone(tz)


@dataclass(frozen=True, slots=True)
class Place:
    """A store.

    Attributes:
        name: Of the case.
        folder: All that may change.
        database: The store.
        kept: Folders right in the folder that may not change.
        sources: Whatever else may not.
    """

    name: str
    folder: Path
    database: Path
    kept: tuple[Path, ...] = ()
    sources: tuple[Path, ...] = ()

    def look(self) -> Look:
        """Return every row, and every file and folder but for those of the store's state."""
        rows = _rows(self.database) if self.database.exists() else {}
        skipped = {self.folder / ".scorewright", *self.kept}
        files: dict[str, str] = {}
        for here, folders, names in os.walk(self.folder):
            folders[:] = [name for name in folders if Path(here, name) not in skipped]
            files |= {str(Path(here, name)): "" for name in folders}
            files |= {
                str(Path(here, name)): hashlib.sha256(Path(here, name).read_bytes()).hexdigest()
                for name in names
                if Path(here, name) != self.database
            }
        return rows, files

    def untouched(self) -> int:
        """Return a sign of all that may not change; each change of a file or its times shows."""
        return hash(tuple(_signs((*self.kept, *self.sources))))


class Case(Protocol):
    """A plan that is interrupted, and its store."""

    @property
    def place(self) -> Place:
        """Where it is carried out."""
        ...

    def command(self) -> int:
        """Carry the plan out as a program that says its errors; return the exit code."""
        ...

    def act(self) -> None:
        """Carry the plan out, or what is left of it."""
        ...

    def back(self) -> bool:
        """Take back what is done of it; False where it was not begun."""
        ...


@dataclass(frozen=True, slots=True)
class CommandCase:
    """A plan in a file, for the command line.

    Attributes:
        place: Its store.
        plan: Its file.
    """

    place: Place
    plan: Path

    def command(self) -> int:
        """Carry the plan out as the command line does; return the exit code."""
        sys.argv = ["scorewright", "-q", "store", "apply", str(self.plan), "--json"]
        try:
            main()
        except SystemExit as end:
            sys.stdout.flush()
            return int(end.code or 0)
        sys.stdout.flush()
        return 0

    def act(self) -> None:
        """Carry the plan out, or what is left of it."""
        self._changes().apply(self.plan, ignore, "ben")

    def back(self) -> bool:
        """Take back what is done of it; False where it was not begun."""
        try:
            self._changes().undo(self.plan, ignore, "ben")
        except UsageError as error:
            if error.code != "plan-not-begun":
                raise
            return False
        return True

    @staticmethod
    def _changes() -> wiring.StoreChanges:
        return wiring.StoreChanges(_room())


@dataclass(frozen=True, slots=True)
class SmallCase:
    """The plan that does a bit of everything, without command line or MLflow.

    Attributes:
        place: Its store.
        small: The same.
        plan: What is done.
    """

    place: Place
    small: Small
    plan: Plan

    def command(self) -> int:
        """Carry the plan out; print the code of its error."""
        try:
            self.act()
        except ScorewrightError as error:
            print(json.dumps({"error": {"code": error.code}}, indent=1), flush=True)  # noqa: T201
            return error.exit_code
        return 0

    def act(self) -> None:
        """Carry the plan out, or what is left of it."""
        apply_plan(self.plan, self.small.open(self.plan), _now, ignore, "ben")

    def back(self) -> bool:
        """Take back what is done of it; False where it was not begun."""
        workshop = self.small.open(self.plan)
        progress = Progress(workshop.journal)
        if progress.is_ended:
            receipt = read_receipt(workshop.papers.receipt(), "receipt")
            undo_receipt(receipt, self.small.open, _now, ignore, "ben")
        elif progress.has_started:
            undo_unfinished(self.plan, self.small.open, _now, ignore, "ben")
        return progress.has_started


def small_case(folder: Path, machine: Machine) -> SmallCase:
    """Return the plan that does a bit of everything.

    Args:
        folder: Empty.
        machine: Makes its store.
    """
    small = small_at(folder, machine.made("mlruns"))
    place = Place("small", small.folder, small.database, (), (small.source,))
    return SmallCase(place, small, full_plan(small))


def _now() -> datetime:
    return _TIME


@cache
def _room() -> wiring.StoreRoom:
    return wiring.StoreRoom()


def _signs(places: Sequence[Path]) -> Iterator[tuple[object, ...]]:
    for place in places:
        for here, _, names in os.walk(place):
            for path in (here, *(f"{here}/{name}" for name in names)):
                found = os.lstat(path)
                yield path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _rows(database: Path) -> dict[str, str]:
    """Digest the rows of each table; when "Default" was made is no matter."""
    found = {}
    uri = f"{database.as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.text_factory = bytes
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            quoted = f'"{name.decode()}"'
            columns = [
                row[1].decode() for row in connection.execute(f"PRAGMA table_info({quoted})")
            ]
            wanted = [f'"{c}"' for c in columns]
            if name == b"experiments":
                wanted = [
                    f'CASE WHEN experiment_id THEN "{c}" END' if c.endswith("_time") else f'"{c}"'
                    for c in columns
                ]
            rows = connection.execute(f"SELECT {', '.join(wanted)} FROM {quoted}")  # noqa: S608
            lines = sorted(map(repr, rows))
            found[name.decode()] = (
                f"{len(lines)} {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"
            )
    return found


def _store(folder: Path, *arguments: str | Path) -> Any:
    """Call a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "scorewright", "-q", "store", *map(str, arguments), "--json"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ChildProcessError(done.stderr)
    return json.loads(done.stdout)


def story_cases(folder: Path) -> Iterator[CommandCase]:
    """Give the plans of the story, each with its store ready for it.

    Two stores become one; then the wished structure; or what the audit found is mended, files
    that are there twice among it.

    Args:
        folder: Empty.
    """
    story = build_story(folder / "credit")
    home = story.folder
    kept = (home / "mlruns", home / "notebooks")
    database = home / "mlflow.db"
    plan = _store(home, "consolidate", story.database, story.notebooks, "--into", database)
    first = CommandCase(Place("consolidation", home, database, kept), Path(plan["file"]))
    yield first
    _store(home, "apply", first.plan)
    wish = folder / "structure.toml"
    wish.write_text(_STRUCTURE, "utf-8")
    plans = (
        ("structure", ("--structure", "--declaration", wish)),
        ("mending", tuple(word for code in _FIXED.split(",") for word in ("--fix", code))),
    )
    made = [(name, _store(home, "plan", database, *words)["file"]) for name, words in plans]
    for name, file in made:
        yield CommandCase(Place(name, home, database, kept), Path(file))


def large_case(folder: Path, runs: int) -> CommandCase:
    """Return the consolidation of a large store.

    Args:
        folder: Empty.
        runs: Of the store.
    """
    source = folder / "source" / "mlflow.db"
    build_large(source, runs, metrics_per_run=5, artifacts=1)
    home = folder / "store"
    home.mkdir()
    database = home / "mlflow.db"
    plan = _store(home, "consolidate", source, "--into", database)
    return CommandCase(Place("large", home, database, (), (source.parent,)), Path(plan["file"]))
