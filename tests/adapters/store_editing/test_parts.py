"""Journal, lock, files and payload, each on its own."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from tests.adapters.store_editing.small import Small, clock, fingerprint, full_plan, sha

from scorewright.adapters.store_editing import FileStoreLock, JsonlJournal, LocalFileEditor
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.plans import FileChange, MoveChange
from scorewright.flows.events import ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.editing import State


def test_a_torn_line_of_the_journal_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "state" / "journal.jsonl"
    journal = JsonlJournal(file, "a" * 64)
    assert list(journal.entries()) == []
    journal.write({"entry": "start"})
    with file.open("a") as stream:
        stream.write('{"entry": "be')

    assert list(journal.entries()) == [{"entry": "start"}]
    journal.write({"entry": "begin", "step": 0})

    assert list(journal.entries()) == [{"entry": "start"}, {"entry": "begin", "step": 0}]
    assert "be{" not in file.read_text()


def test_a_journal_of_another_plan_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    JsonlJournal(file, "a" * 64).write({"entry": "start"})
    with pytest.raises(IntegrityError, match="another plan") as caught:
        JsonlJournal(file, "b" * 64).entries()
    assert caught.value.code == "journal-invalid"
    file.write_text('{"plan": \n{"entry": "start"}\n')
    with pytest.raises(IntegrityError, match="damaged"):
        JsonlJournal(file, "a" * 64).entries()


def test_an_archived_journal_is_kept_under_a_number(tmp_path: Path) -> None:
    journal = JsonlJournal(tmp_path / "journal.jsonl", "a" * 64)
    for number in (1, 2):
        journal.write({"entry": "start", "number": number})
        journal.archive()
    assert list(journal.entries()) == []
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "journal-1.jsonl",
        "journal-2.jsonl",
    ]


def test_a_busy_store_names_its_holder(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from scorewright.adapters.store_editing import FileStoreLock\n"
        "lock = FileStoreLock(Path(sys.argv[1]), 'x.db', 'c' * 64)\n"
        "with lock.held('ana', datetime.now(UTC)):\n"
        "    print('held', flush=True)\n    time.sleep(60)\n"
    )
    lock = FileStoreLock(tmp_path, str(tmp_path / "x.db"), "d" * 64)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(ScorewrightError) as caught, lock.held("ben", clock()):
            pass
        process.kill()
    assert caught.value.code == "store-busy"
    assert "ana changes the store" in caught.value.message
    assert f"process {process.pid}" in caught.value.message
    with lock.held("ben", clock()):  # the system took it back
        pass
    assert not (tmp_path / "holder.json").exists()


def editor(folder: Path, plan: str = "p") -> LocalFileEditor:
    return LocalFileEditor(folder / ".scorewright" / "bin" / plan, (folder,))


def test_a_full_disk_leaves_the_place_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, origin = tmp_path / "store" / "x.bin", tmp_path / "origin"
    place.parent.mkdir()
    place.write_bytes(b"old")
    origin.write_bytes(b"new")
    change = FileChange(str(place), sha(b"old"), sha(b"new"), 3, origin=str(origin))
    files = editor(tmp_path / "store")

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            with pytest.raises(ScorewrightError) as caught:
                files.perform(change)
        assert caught.value.code == "store-write-failed"
        assert place.read_bytes() == b"old"
        assert [path.name for path in place.parent.glob(".*.partial")] == []
    assert files.state(change) is State.BEFORE
    files.perform(change)
    assert place.read_bytes() == b"new"


def test_a_copy_that_differs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "origin").write_bytes(b"other")
    change = FileChange(
        str(tmp_path / "s/x"), None, sha(b"new"), 3, origin=str(tmp_path / "origin")
    )
    with pytest.raises(IntegrityError) as caught:
        editor(tmp_path / "s").perform(change)
    assert caught.value.code == "copy-differs"
    assert [path.name for path in (tmp_path / "s").iterdir()] == [".scorewright"]


def test_what_is_neither_before_nor_after_is_left(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"mine")
    change = FileChange(str(tmp_path / "x"), sha(b"old"), None, 3)
    with pytest.raises(ScorewrightError) as caught:
        editor(tmp_path).perform(change)
    assert caught.value.code == "apply-conflict"
    assert (tmp_path / "x").read_bytes() == b"mine"
    move = MoveChange(str(tmp_path / "x"), str(tmp_path / "y"), sha(b"old"))
    with pytest.raises(ScorewrightError) as caught:
        editor(tmp_path).perform(move)
    assert caught.value.code == "apply-conflict"


def test_the_bin_may_lie_on_another_file_system(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")  # noqa: S108
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system")
    bins = elsewhere / f"scorewright-{os.getpid()}" / "bin"
    try:
        place = tmp_path / "x"
        place.write_bytes(b"old")
        gone = FileChange(str(place), sha(b"old"), None, 3, content_before="bin")
        LocalFileEditor(bins / "p", (tmp_path,)).perform(gone)
        assert not place.exists()
        back = FileChange(str(place), None, sha(b"old"), 3, origin="bin")
        LocalFileEditor(bins / "q", (tmp_path,)).perform(back)
        assert place.read_bytes() == b"old"
    finally:
        shutil.rmtree(bins.parent, ignore_errors=True)


def test_a_file_returns_from_where_it_went(tmp_path: Path) -> None:
    place, bins = tmp_path / "s" / "x", tmp_path / "bin"
    place.parent.mkdir()
    gone = FileChange(str(place), sha(b"old"), None, 3, content_before="bin")
    for plan in ("first", "second"):
        place.write_bytes(b"old")
        LocalFileEditor(bins / plan, (tmp_path / "s",)).perform(gone)
    back = FileChange(str(place), None, sha(b"old"), 3, origin="bin")

    LocalFileEditor(bins / "third", (tmp_path / "s",), undone=bins / "first").perform(back)

    kept = [path.relative_to(bins).parts[0] for path in bins.rglob("x")]
    assert kept == ["second"]


@pytest.mark.parametrize("sharing", ["copy", "reflink", "link"])
def test_bytes_are_shared_where_that_is_asked_for(tmp_path: Path, sharing: str) -> None:
    origin, place = tmp_path / "origin", tmp_path / "s" / "x"
    origin.write_bytes(b"new")
    change = FileChange(str(place), None, sha(b"new"), 3, origin=str(origin))
    files = LocalFileEditor(tmp_path / "b/p", (tmp_path / "s",), sharing=sharing)  # type: ignore[arg-type]
    files.perform(change)
    assert place.read_bytes() == b"new"
    assert place.samefile(origin) is (sharing == "link")


def test_of_several_that_carry_out_a_plan_one_wins(small: Small) -> None:
    plan = full_plan(small)
    receipts, codes = [], []
    start = threading.Barrier(4)

    def work(name: str) -> None:
        start.wait()
        try:
            receipts.append(apply_plan(plan, small.open(plan), clock, ignore, name))
        except ScorewrightError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({receipt.holder for receipt in receipts}) == 1
    assert set(codes) <= {"store-busy"}
    assert len(receipts) + len(codes) == 4
    with suppress(ScorewrightError):
        apply_plan(plan, small.open(plan), clock, ignore, "last")
    assert fingerprint(small)[0] == receipts[0].after.rows
