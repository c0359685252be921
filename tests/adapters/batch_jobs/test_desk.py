"""Batches on disk: what they are follows from their files, whoever works and whoever dies."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.fakes.decision_log import CountingIds

from scorewright.adapters.batch_jobs import BatchFolder, ChildRunner, DiskDesk, Progress, sweeper
from scorewright.flows.serve import Batch, BatchOrder

Make = Callable[..., DiskDesk]
Run = Callable[[BatchFolder, threading.Event], str]


def _order(batch_id: str, tenant: str = "one") -> BatchOrder:
    files = {"applications.csv": 3}
    return BatchOrder(batch_id, "c", tenant, "2026-11-21T12:00:00+00:00", files, "b", "{}", "p@1")


def _done(folder: BatchFolder, _: threading.Event) -> str:
    folder.put_report(Progress(rows=1, done=1, ended="2026-11-21T12:00:01+00:00"))
    return ""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    desks: list[DiskDesk] = []
    ids = CountingIds()

    def opened(run: Run, places: int = 1, keep: float = 1_000.0) -> DiskDesk:
        desks.append(DiskDesk(tmp_path / "batches", run, ids, places, keep))
        return desks[-1]

    yield opened
    for desk in desks:
        desk.close(5.0)


def _post(desk: DiskDesk) -> str:
    upload = desk.begin()
    assert upload is not None
    (upload.folder / "applications.csv").write_bytes(b"a\n1")
    desk.submit(upload, _order(upload.id))
    return upload.id


def _until(desk: DiskDesk, batch_id: str, *states: str) -> Batch:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = desk.find(batch_id, "one")
        assert found is not None
        if found.state in states:
            return found
        time.sleep(0.01)
    raise AssertionError(found)


def test_batches_are_scored_in_their_order_no_more_at_a_time_than_may(make: Make) -> None:
    # Given two desks, as two workers have them, with one place together
    at_work: list[str] = []
    most: list[int] = []
    order: list[str] = []

    def run(folder: BatchFolder, over: threading.Event) -> str:
        at_work.append(folder.path.name)
        most.append(len(at_work))
        order.append(folder.path.name)
        time.sleep(0.05)
        at_work.remove(folder.path.name)
        return _done(folder, over)

    one, two = make(run), make(run)
    # When files come to both
    ids = [_post(one), _post(two), _post(one)]
    for batch_id in ids:
        assert _until(two, batch_id, "done").rows == 1
    # Then each is scored once, one after the other
    assert sorted(order) == ids
    assert max(most) == 1


def test_what_a_dead_service_had_begun_is_interrupted(make: Make, tmp_path: Path) -> None:
    # Given a batch that was begun and one that waits, and nobody who works on them
    for name, is_begun in (("x1", True), ("x2", False)):
        folder = BatchFolder(tmp_path / "batches" / name)
        folder.files.mkdir(parents=True)
        folder.put_order(_order(name))
        if is_begun:
            folder.put_started("2026-11-21T12:00:00+00:00")
    # When the service starts again
    desk = make(_done)
    # Then the one is said to be interrupted, and the other is scored
    assert _until(desk, "x1", "interrupted").problem is None
    assert _until(desk, "x2", "done").rows == 1
    assert desk.file("x1", "one", "result", "csv") is None


def _left(tmp_path: Path, name: str, *, is_begun: bool = True) -> BatchFolder:
    """Return a batch as a worker that was killed leaves it."""
    folder = BatchFolder(tmp_path / "batches" / name)
    folder.files.mkdir(parents=True)
    (folder.files / "applications.csv").write_bytes(b"a\n1")
    (folder.path / ".inputs-000000.arrow").write_bytes(b"x")
    (folder.path / ".result.csv.part").write_bytes(b"x")
    folder.put_order(_order(name))
    if is_begun:
        folder.put_started("2026-11-21T12:00:00+00:00")
    return folder


def _ages(folder: BatchFolder, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder.path, (then, then))


def _eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_interrupted_batches_take_no_place(make: Make, tmp_path: Path) -> None:
    # Given as many interrupted batches as may wait, and more
    for number in range(12):
        _left(tmp_path, f"x{number}")
    # When files come, then there is room for as many as may wait, and no more
    desk = make(_done, places=1)
    assert all(desk.begin() is not None for _ in range(9))
    assert desk.begin() is None


def test_a_desk_that_opens_takes_away_what_nobody_will_read(make: Make, tmp_path: Path) -> None:
    # Given an old batch, a given up upload, one whose worker died, and one another worker scores
    old, lost, dead, held = (_left(tmp_path, name) for name in ("old", "lost", "dead", "held"))
    ended = _left(tmp_path, "ended")  # it died between the report and the end of its work
    ended.put_report(Progress(rows=1, done=1))
    (lost.path / "order.json").unlink()
    _ages(old, 2_000)
    _ages(lost, 4_000)
    with held.lock.acquire(timeout=0):
        # When a desk opens to which nobody posts a file
        desk = make(_done, keep=1_000)
        # Then what is old is gone, and of the dead only the inputs are
        assert not old.path.exists()
        assert not lost.path.exists()
        for folder, state in ((dead, "interrupted"), (ended, "done")):
            found = desk.find(folder.path.name, "one")
            assert found is not None
            assert found.state == state
            assert not folder.files.exists()
            assert not list(folder.path.glob(".inputs-*"))
            assert not list(folder.path.glob(".*.part"))
        # And who is at work keeps them
        assert (held.files / "applications.csv").exists()
        assert list(held.path.glob(".inputs-*"))


def test_what_grows_old_goes_though_nobody_posts_a_file(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a desk at which nobody has asked for anything
    monkeypatch.setattr(sweeper, "SWEEP_SECONDS", 0.05)
    others = set(threading.enumerate())  # services of other tests may still be open
    desk = make(_done, keep=1_000)
    [thread] = [t for t in set(threading.enumerate()) - others if t.name == "batch-sweeper"]
    dead, old = _left(tmp_path, "dead"), _left(tmp_path, "old")
    with old.lock.acquire():  # as whoever scores: a sweep takes half-written files from others
        old.put_report(Progress(rows=1, done=1))
    assert desk.find("old", "one") is not None

    def is_gone() -> bool:
        with suppress(FileNotFoundError):
            _ages(old, 2_000)  # again: a sweep that tidies the folder makes it young
        return not old.path.exists() and not dead.files.exists()

    # When time passes, then it sweeps by itself
    _eventually(is_gone)
    # And ends at once
    monkeypatch.setattr(sweeper, "SWEEP_SECONDS", 3_600.0)
    began = time.monotonic()
    desk.close(20.0)
    assert time.monotonic() - began < 5.0
    assert not thread.is_alive()


def test_ending_the_service_interrupts_what_runs(make: Make) -> None:
    begun = threading.Event()

    def run(_: BatchFolder, over: threading.Event) -> str:
        begun.set()
        over.wait(20)
        return "stopped"

    desk = make(run)
    batch = _post(desk)
    begun.wait(20)
    assert _until(desk, batch, "running").started is not None
    desk.close(5.0)
    assert _until(desk, batch, "interrupted").ended is None
    assert desk.begin() is None


def test_removing_a_batch_at_work_ends_it(make: Make, tmp_path: Path) -> None:
    seen = threading.Event()

    def run(folder: BatchFolder, over: threading.Event) -> str:
        while not folder.is_removed and not over.is_set():
            time.sleep(0.01)
        seen.set()
        return "stopped"

    desk = make(run)
    batch = _post(desk)
    _until(desk, batch, "running")
    assert desk.remove(batch, "one")
    assert desk.find(batch, "one") is None
    assert seen.wait(20)
    until = time.monotonic() + 10
    while (tmp_path / "batches" / batch).exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not (tmp_path / "batches" / batch).exists()


def test_old_batches_and_given_up_uploads_are_removed(make: Make, tmp_path: Path) -> None:
    desk = make(_done, keep=0.2)
    batch = _post(desk)
    _until(desk, batch, "done")
    time.sleep(0.3)
    assert desk.begin() is not None
    assert not (tmp_path / "batches" / batch).exists()


@pytest.mark.parametrize("name", ["..", "../x", "", "a/b", "x" * 65, ".place-0", "a\0b"])
def test_ids_that_are_none_lead_nowhere(make: Make, name: str) -> None:
    desk = make(_done)
    assert desk.find(name, "one") is None
    assert not desk.remove(name, "one")
    assert desk.file(name, "one", "result", "csv") is None


CHILD = """
import json, sys, time, pathlib
task = json.loads(sys.stdin.buffer.readline())
folder = pathlib.Path(task["folder"])
what = task["what"]
if what == "report":
    (folder / "report.json").write_text(json.dumps({"rows": 1, "done": 1}))
elif what == "hang":
    time.sleep(60)
elif what == "die":
    import os, signal
    os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.mark.parametrize(
    ("what", "state", "code"),
    [
        ("report", "done", None),
        ("hang", "failed", "batch-deadline"),
        ("die", "failed", "batch-died"),
    ],
)
def test_a_child_may_die_or_hang_and_the_service_lives_on(
    make: Make, what: str, state: str, code: str | None
) -> None:
    deadline = 1.0 if what == "hang" else 60.0
    desk = make(ChildRunner({"what": what}, deadline, (sys.executable, "-c", CHILD)))
    found = _until(desk, _post(desk), "done", "failed")
    assert (found.state, found.problem and found.problem.code) == (state, code)


def test_half_a_document_is_none(tmp_path: Path) -> None:
    folder = BatchFolder(tmp_path)
    (tmp_path / "order.json").write_text('{"id": "x"', encoding="utf-8")
    assert folder.batch() is None
    (tmp_path / "order.json").write_text(json.dumps({"id": "x"}), encoding="utf-8")
    assert folder.batch() is None
