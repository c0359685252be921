"""Batches on disk: what they are follows from their files, whoever works and whoever dies."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.fakes.decision_log import CountingIds

from scorewright.adapters.batch_jobs import BatchFolder, ChildRunner, DiskDesk, Progress, sweeper
from scorewright.core.errors import ScorewrightError
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


def test_uploads_of_a_killed_service_take_no_place(make: Make, tmp_path: Path) -> None:
    # Given as many half uploads as may wait, of a service that was killed some seconds ago
    for number in range(9):
        lost = BatchFolder(tmp_path / "batches" / f"x{number}")
        lost.files.mkdir(parents=True)
        (lost.path / ".lock").touch()
        _ages(lost, 20)
    # When it starts again, then there is room for files at once
    desk = make(_done, places=1)
    assert all(desk.begin() is not None for _ in range(9))
    assert not list((tmp_path / "batches").glob("x*"))


def test_an_upload_that_takes_long_is_left_alone(make: Make, tmp_path: Path) -> None:
    # Given files that have been coming for longer than batches are kept
    desk = make(_done, keep=1_000.0)
    upload = desk.begin()
    assert upload is not None
    (upload.folder / "applications.csv").write_bytes(b"a\n1")
    _ages(BatchFolder(tmp_path / "batches" / upload.id), 7_200)
    # When another worker sweeps
    assert make(_done, keep=1_000.0).begin() is not None
    # Then they may still become a batch
    desk.submit(upload, _order(upload.id))
    assert _until(desk, upload.id, "done").rows == 1


def test_an_upload_that_is_not_wanted_leaves_nothing(make: Make, tmp_path: Path) -> None:
    desk = make(_done)
    upload = desk.begin()
    assert upload is not None
    desk.discard(upload)
    assert not (tmp_path / "batches" / upload.id).exists()


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


def test_a_removal_that_is_broken_off_brings_no_batch_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given a batch whose removal is killed after the mark was taken away
    folder = _left(tmp_path, "x1", is_begun=False)
    monkeypatch.setattr(
        "scorewright.adapters.batch_jobs.folder.shutil.rmtree",
        lambda path, **_: (path / "removed").unlink(),
    )
    folder.remove()
    # Then it is no batch that waits
    assert not folder.is_removed
    assert folder.batch() is None


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


def test_a_full_disk_leaves_an_accepted_batch_waiting_with_its_inputs(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given a disk that fills up after a batch was accepted: the note that it begins has no room
    full, tries, seen = threading.Event(), [0], list[list[str]]()
    put = BatchFolder.put_started

    def put_started(folder: BatchFolder, moment: str) -> None:
        if full.is_set():
            tries[0] += 1
            raise ScorewrightError("full", remedy="free space", code="write-failed")
        put(folder, moment)

    def run(folder: BatchFolder, over: threading.Event) -> str:
        seen.append([path.name for path in folder.files.iterdir()])
        return _done(folder, over)

    monkeypatch.setattr(BatchFolder, "put_started", put_started)
    full.set()
    desk = make(run, places=2)
    batch = _post(desk)
    # When workers try, then they do not try all the time, and the batch waits whole
    _eventually(lambda: tries[0] > 0)
    time.sleep(1.0)
    assert tries[0] < 10
    found = desk.find(batch, "one")
    assert found is not None
    assert found.state == "queued"
    assert (tmp_path / "batches" / batch / "files" / "applications.csv").exists()
    # And it is scored when there is room again
    full.clear()
    assert _until(desk, batch, "done").rows == 1
    assert seen == [["applications.csv"]]


def test_a_start_that_cannot_be_kept_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given a disk that takes the rename and fails before it is safe
    folder = _left(tmp_path, "x1", is_begun=False)
    monkeypatch.setattr(os, "fsync", _failing_on_folders(os.fsync))
    # When scoring begins
    with pytest.raises(ScorewrightError):
        folder.put_started("2026-11-21T12:00:00+00:00")
    # Then it has not begun
    assert not folder.is_started


def _failing_on_folders(real: Callable[[int], None]) -> Callable[[int], None]:
    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        real(handle)

    return fsync


def test_half_a_document_is_none(tmp_path: Path) -> None:
    folder = BatchFolder(tmp_path)
    (tmp_path / "order.json").write_text('{"id": "x"', encoding="utf-8")
    assert folder.batch() is None
    (tmp_path / "order.json").write_text(json.dumps({"id": "x"}), encoding="utf-8")
    assert folder.batch() is None
