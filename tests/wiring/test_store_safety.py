"""Plans that would write where a store is not, or into what they only read."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.file_tree import TreeRun, write_experiment, write_run
from tests.stores.schema import create_database, insert

from scorewright.adapters.store_editing import Workshops, reference_of
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import Change, FileChange, MoveChange, Plan, Step, StoreChange
from scorewright.flows.events import ignore
from scorewright.wiring import StoreChanges
from scorewright.wiring.store_asides import payload_aside
from scorewright.wiring.store_plans import ConsolidateWish, PlanFile, StorePlans
from scorewright.wiring.store_workshops import StoreSite
from scorewright.wiring.stores import StoreRoom

RUN = "1" * 32


@pytest.fixture(autouse=True)
def _no_proof_by_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds, and nothing here depends on it."""
    defaults = Workshops.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "opens", lambda uri: f"left out: {bool(uri)}")


def database(path: Path, artifacts: Path, *, is_empty: bool = False) -> Path:
    """A store of one run."""
    with closing(create_database(path)) as connection, connection:
        write_database_experiment(connection, 0, "Default", f"{artifacts}/0")
        if not is_empty:
            write_database_experiment(connection, 1, "scoring", f"{artifacts}/1")
            place = f"{artifacts}/1/{RUN}/artifacts"
            write_database_run(connection, DatabaseRun(RUN, 1, "run", place, 1, 2))
    return path


def tree(root: Path) -> Path:
    """A tree of one run with one file."""
    write_experiment(root, "1", "scoring", f"{root}/1")
    place = root / "1" / RUN / "artifacts"
    write_run(root, TreeRun(RUN, "1", "run", str(place), 1, 2))
    (place / "model.bin").write_bytes(b"model")
    return root


def consolidate(source: Path, into: Path) -> PlanFile:
    plans = StorePlans(StoreRoom())
    return plans.consolidate([str(source)], str(into), ConsolidateWish(), None, ignore)


def forged(store: Path, kind: str, *changes: Change) -> Path:
    """A plan that somebody wrote by hand; its id fits."""
    steps = tuple(Step("change", "files", "Change.", (change,)) for change in changes)
    plan = Plan(kind, reference_of(str(store)), (), steps, (), "2026-11-21", "eve")  # type: ignore[arg-type]
    file = store.parent / "forged.json"
    file.write_text(json.dumps(plan.to_json()))
    return file


def test_artifacts_never_go_into_a_source(tmp_path: Path) -> None:
    source = tree(tmp_path / "mlruns")
    target = database(tmp_path / "mlflow.db", source, is_empty=True)
    with pytest.raises(ScorewrightError) as caught:
        consolidate(source, target)
    assert caught.value.code == "consolidate-into-source"


def test_a_store_is_not_made_in_a_source(tmp_path: Path) -> None:
    source = tree(tmp_path / "mlruns")
    with pytest.raises(ScorewrightError) as caught:
        consolidate(source, source / "new.db")
    assert caught.value.code == "consolidate-into-source"


def test_a_store_is_not_consolidated_into_itself_by_a_link(tmp_path: Path) -> None:
    store = database(tmp_path / "a" / "mlflow.db", tmp_path / "a" / "mlruns")
    link = tmp_path / "link.db"
    link.symlink_to(store)
    for source, into in ((store, link), (link, store)):
        with pytest.raises(ScorewrightError) as caught:
            consolidate(source, into)
        assert caught.value.code == "consolidate-into-itself"


def test_a_consolidation_that_came_to_nothing_leaves_nothing(tmp_path: Path) -> None:
    # Given a store, and a folder that is not there
    store = database(tmp_path / "a" / "mlflow.db", tmp_path / "a" / "mlruns")
    before = sorted(tmp_path.rglob("*"))

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    # When a plan is refused, or interrupted
    with pytest.raises(ScorewrightError, match="source and the target"):
        consolidate(store, store)
    for into in (tmp_path / "b/c/mlflow.db", store.with_name("other.db")):
        with pytest.raises(KeyboardInterrupt):
            StorePlans(StoreRoom()).consolidate(
                [str(store)], str(into), ConsolidateWish(), None, interrupt
            )
    # Then nothing is left, beside the source or elsewhere
    assert sorted(tmp_path.rglob("*")) == before
    # And what a plan that came to something wrote stays
    made = consolidate(store, tmp_path / "b/c/mlflow.db")
    assert made.file is not None
    assert made.file.parent == tmp_path / "b/c/.scorewright"


KILLED = """
import os, signal, sys
from pathlib import Path
os.getpid = lambda: 7
real = Path.replace
def replace(self, target):
    if self.name.startswith(".payload."):
        os.kill(int(os.readlink("/proc/self")), signal.SIGKILL)
    return real(self, target)
Path.replace = replace
from scorewright.flows.events import ignore
from scorewright.wiring.store_asides import payload_aside
from scorewright.wiring.store_plans import ConsolidateWish, StorePlans
from scorewright.wiring.stores import StoreRoom
StorePlans(StoreRoom()).consolidate([sys.argv[1]], sys.argv[2], ConsolidateWish(), None, ignore)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it asks /proc who it is")
def test_a_killed_consolidation_is_made_again_by_a_process_of_the_same_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a consolidation that was killed when its payload was written, and a writer who lives
    store = database(tmp_path / "a" / "mlflow.db", tmp_path / "a" / "mlruns")
    into = tmp_path / "b" / "mlflow.db"
    folder = into.parent / ".scorewright"
    command = [sys.executable, "-c", KILLED, str(store), str(into)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert list(folder.glob(".payload.*.partial.db"))
    monkeypatch.setattr(os, "getpid", lambda: 7)
    with payload_aside(folder) as alive:
        alive.write_bytes(b"half")
        # When it is made again by a process of the same number, as in a container
        made = consolidate(store, into)
        # Then it succeeds, and of what lay aside only that of the living is left
        assert made.payload is not None
        assert list(folder.glob(".payload.*.partial.db*")) == [alive]
    assert not list(folder.glob(".payload.*"))


def test_a_payload_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = database(tmp_path / "a" / "mlflow.db", tmp_path / "a" / "mlruns")
    synced, real = set[int](), os.fsync

    def fsync(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    made = consolidate(store, tmp_path / "b" / "mlflow.db")
    assert made.payload is not None
    assert made.payload.stat().st_ino in synced
    assert made.payload.parent.stat().st_ino in synced


def test_a_target_above_gets_its_artifacts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody who stands in a folder below, and names all by ".."
    source = tree(tmp_path / "mlruns")
    here = tmp_path / "notebooks" / "deep"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    wish = ConsolidateWish(artifact_root="../../arts")
    # When
    plans = [
        StorePlans(StoreRoom())
        .consolidate(["../../mlruns"], "../../all.db", one, None, ignore)
        .plan
        for one in (ConsolidateWish(), wish)
    ]
    # Then no file is left, and no address has steps upwards
    for plan, root in zip(plans, ("mlartifacts", "arts"), strict=True):
        assert plan.target.location == str(tmp_path / "all.db")
        assert plan.sources[0].location == str(source)
        (files,) = (line for line in plan.balance if line.what == "artifact files")
        assert (files.found, files.copied, files.left) == (1, 1, 0)
        assert f"{tmp_path}/{root}/" in json.dumps(plan.to_json())
        assert ".." not in json.dumps(plan.to_json())


@pytest.mark.parametrize("name", ["mlflow.db", "notes.json", "folder.json"])
def test_a_plan_is_written_over_nothing_but_a_plan(tmp_path: Path, name: str) -> None:
    # Given files that are no plans
    source = database(tmp_path / "mlflow.db", tmp_path / "mlruns")
    (tmp_path / "notes.json").write_text('{"kind": "notes"}')
    (tmp_path / "folder.json").mkdir()
    before = source.read_bytes()
    plans, output = StorePlans(StoreRoom()), tmp_path / name
    makings: tuple[Callable[[], object], ...] = (
        lambda: plans.consolidate(
            [str(source)], str(tmp_path / "new.db"), ConsolidateWish(), output, ignore
        ),
        lambda: plans.fix(str(source), ["all"], (), output, ignore),
        lambda: plans.structure(str(source), None, (), output, ignore),
        lambda: plans.backfill(str(source), (), output, ignore),
    )
    # When
    for make in makings:
        with pytest.raises(ScorewrightError) as caught:
            make()
        assert caught.value.code == "output-format"
    # Then all is as it was, and a plan may take the place of a plan
    assert source.read_bytes() == before
    assert (tmp_path / "notes.json").read_text() == '{"kind": "notes"}'
    for _ in range(2):
        made = plans.consolidate(
            [str(source)], str(tmp_path / "new.db"), ConsolidateWish(), tmp_path / "p.json", ignore
        )
        assert made.file == tmp_path / "p.json"


def test_a_path_that_is_no_text_is_refused_and_can_be_linked(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xffd"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("names of files are UTF-8 here")
    store = database(folder / "mlflow.db", tmp_path / "mlruns")
    with pytest.raises(ScorewrightError) as caught:
        StorePlans(StoreRoom()).fix(str(store), ["all"], (), None, ignore)
    assert caught.value.code == "store-path"
    (tmp_path / "link").symlink_to(folder)
    StorePlans(StoreRoom()).fix(str(tmp_path / "link" / "mlflow.db"), ["all"], (), None, ignore)


def test_names_that_no_folder_can_have_arrive_all_the_same(tmp_path: Path) -> None:
    store = database(tmp_path / "s" / "mlflow.db", tmp_path / "s" / "mlruns")
    names = ["a/b", "sp ace", "../../evil", "..", "/abs", "n" * 256, "back\\slash"]
    with closing(sqlite3.connect(store)) as connection, connection:
        for number, name in enumerate(names):
            own = tmp_path / "s" / "own" / str(number)
            own.mkdir(parents=True)
            (own / "MLmodel").write_text(name)
            model = {"name": name, "creation_time": 1, "last_updated_time": 1}
            insert(connection, "registered_models", **model)
            version = {"version": 1, "current_stage": "None", "source": str(own)}
            insert(connection, "model_versions", **model, **version, status="READY")
    target = database(tmp_path / "t" / "mlflow.db", tmp_path / "t" / "art", is_empty=True)
    planned = consolidate(store, target)
    assert planned.file is not None
    changes = StoreChanges(StoreRoom())
    done = changes.apply(planned.file, ignore)
    with closing(sqlite3.connect(target)) as connection:
        sources = dict(connection.execute("SELECT name, source FROM model_versions"))
    assert {name: (Path(sources[name]) / "MLmodel").read_text() for name in names} == {
        name: name for name in names
    }
    inside = (tmp_path / "t" / "art").resolve()
    assert all(Path(place).resolve().is_relative_to(inside) for place in sources.values())
    changes.undo(done.file, ignore)
    assert not inside.exists()


def test_a_run_whose_id_climbs_up_leaves_its_files_where_they_are(tmp_path: Path) -> None:
    art = tmp_path / "s" / "mlruns"
    store = database(tmp_path / "s" / "mlflow.db", art)
    place = art / "1" / "x" / "artifacts"
    place.mkdir(parents=True)
    (place / "model.bin").write_bytes(b"model")
    with closing(sqlite3.connect(store)) as connection, connection:
        run = DatabaseRun("../../../../up", 1, "run", str(place), 1, 2)
        write_database_run(connection, run)
    target = database(tmp_path / "t" / "mlflow.db", tmp_path / "t" / "art", is_empty=True)
    planned = consolidate(store, target)
    assert any("would lie outside" in note for note in planned.plan.notes)
    (files,) = (line for line in planned.plan.balance if line.what == "artifact files")
    assert (files.found, files.left) == (1, 1)
    assert planned.file is not None
    StoreChanges(StoreRoom()).apply(planned.file, ignore)
    assert not list(tmp_path.glob("**/up"))


def test_links_that_are_not_followed_are_said(tmp_path: Path) -> None:
    source = tree(tmp_path / "mlruns")
    outside = tmp_path / "outside"
    outside.mkdir()
    place = source / "1" / RUN / "artifacts"
    (place / "data").symlink_to(outside)
    (place / "round").symlink_to(place)
    target = database(tmp_path / "t" / "mlflow.db", tmp_path / "t" / "art", is_empty=True)
    notes = consolidate(source, target).plan.notes
    assert any("2 links" in note and str(place / "data") in note for note in notes)


def test_a_plan_of_somebody_else_opens_no_folder(tmp_path: Path) -> None:
    victim = tmp_path / "home" / ".bashrc"
    victim.parent.mkdir()
    victim.write_bytes(b"safe")
    store = database(tmp_path / "s" / "mlflow.db", tmp_path / "s" / "mlruns")
    digest = hashlib.sha256(b"safe").hexdigest()
    root = StoreChange(str(store), str(victim.parent))
    plans = (
        ("consolidate", root, FileChange(str(victim), digest, None, 4, "", "bin")),
        ("archive", MoveChange(str(victim), f"{victim}.moved", digest)),
    )
    for kind, *changes in plans:
        with pytest.raises(ScorewrightError) as caught:
            StoreChanges(StoreRoom()).apply(forged(store, kind, *changes), ignore)
        assert caught.value.code == "plan-outside"
        assert victim.read_bytes() == b"safe"


@pytest.mark.parametrize(
    ("root", "is_ours"),
    [("/mlruns", True), ("/data/mlruns", True), ("/home", False), ("/", False)],
)
def test_roots_of_containers_are_roots_and_those_of_the_system_are_not(
    tmp_path: Path, root: str, *, is_ours: bool
) -> None:
    store = database(tmp_path / "mlflow.db", Path(root))
    terms = StoreSite(str(store)).terms(Plan("fix", reference_of(str(store)), (), (), (), "", ""))
    assert (root in terms.roots) is is_ours
