"""What was acknowledged is on the disk: asked of the kernel, and of processes that are killed."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.logged_decisions import decision

from scorewright.adapters.decision_log import LogDatabase, open_log
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.errors import ScorewrightError
from scorewright.core.project import LogSettings

#: More where the figure is to be published.
KILLS = int(os.environ.get("SCOREWRIGHT_TEST_KILLS", "10"))
#: Room for the empty log and a few hundred decisions.
DISK = "2m"

WRITES = """
import asyncio, os, sys
from pathlib import Path
from scorewright.adapters.decision_log import open_log
from scorewright.core.project import LogSettings
from tests.fakes.logged_decisions import decision

async def client(number):
    for _ in range(number):
        kept = await log.append(decision())
        os.write(1, b"ack " + kept.decision_id.encode() + b"\\n")

async def clients(many, number):
    await asyncio.gather(*(client(number) for _ in range(many)))

log = open_log(LogSettings(), Path(sys.argv[1]))
asyncio.run(clients(int(sys.argv[2]), int(sys.argv[3])))
log.close(10)
"""


def command(root: Path, clients: int, number: int) -> list[str]:
    return [sys.executable, "-c", WRITES, str(root), str(clients), str(number)]


def file_in(root: Path) -> Path:
    return root / ".scorewright" / "decisions.db"


def ids_in(root: Path) -> set[str]:
    with sqlite3.connect(file_in(root)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in connection.execute("SELECT decision_id FROM decisions")}


def add(log: object, number: int) -> list[LoggedDecision]:
    async def one_by_one() -> list[LoggedDecision]:
        return [await log.append(decision()) for _ in range(number)]  # type: ignore[attr-defined]

    return asyncio.run(one_by_one())


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_disk_has_it_before_the_answer(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    # Given a process whose calls of the kernel are written down
    trace = tmp_path / "trace"
    watch = ["strace", "-f", "-y", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", str(trace)]
    done = subprocess.run(
        [*watch, *command(tmp_path, 1, 100)], check=False, capture_output=True, timeout=250
    )
    if b"ptrace" in done.stderr and done.returncode:
        pytest.skip("this machine does not let processes be traced")
    assert done.returncode == 0, done.stderr
    # Then between the writing of a row and its acknowledgement the disk was waited for, each time
    events = []
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r"pwrite64\(\d+<[^>]*decisions\.db-wal>", line):
            events.append("w")
        elif re.search(r"f(data)?sync\(\d+<[^>]*decisions\.db-wal>|f(data)?sync resumed", line):
            events.append("s")
        elif '"ack ' in line and "write(1<" in line:
            events.append("a")
    order = "".join(events)
    assert order.count("a") == 100
    for before in order.split("a")[:-1]:
        assert re.search(r"w+s+$", before), order
    record_property(
        "guarantee", f"before-answer: {order.count('a')} answers, each after its fdatasync"
    )


def test_a_killed_process_loses_nothing_it_acknowledged(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(17)
    acknowledged: set[str] = set()
    for _ in range(KILLS):
        with subprocess.Popen(command(tmp_path, 16, 100_000), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.4))
            process.kill()
            told = (first + process.stdout.read()).decode()
        acknowledged |= set(re.findall(r"^ack (\S{36})$", told, re.MULTILINE))
        assert acknowledged <= ids_in(tmp_path)
    assert len(acknowledged) > KILLS
    record_property("kills", KILLS)
    record_property("acknowledged", len(acknowledged))
    record_property("logged", len(ids_in(tmp_path)))
    record_property(
        "guarantee", f"killed: {KILLS} kills, {len(acknowledged)} decisions answered, 0 lost"
    )


def test_two_processes_write_one_file(tmp_path: Path) -> None:
    writers = [subprocess.Popen(command(tmp_path, 8, 50), stdout=subprocess.PIPE) for _ in range(2)]
    told = b"".join(writer.communicate(timeout=120)[0] for writer in writers).decode()
    assert [writer.returncode for writer in writers] == [0, 0]
    assert set(re.findall(r"ack (\S+)", told)) == ids_in(tmp_path)
    assert len(ids_in(tmp_path)) == 800


def test_a_locked_file_is_waited_for_and_then_told(tmp_path: Path) -> None:
    log = open_log(LogSettings(), tmp_path)
    add(log, 1)
    other = sqlite3.connect(file_in(tmp_path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ScorewrightError) as locked:
        add(log, 1)
    assert locked.value.code == "log-unavailable"
    assert log.state().status == "down"
    assert str(tmp_path) in log.state().cause
    other.execute("ROLLBACK")
    other.close()
    add(log, 1)
    assert log.state().status == "ok"
    assert len(log.page("shop")) == 2
    log.close(5)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.getuid() != 0:
        pytest.skip("needs the right to mount a small disk")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("this machine mounts nothing")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_refuses_and_recovers(
    small_disk: Path, record_property: Callable[[str, object], None]
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 300_000)
    log = open_log(LogSettings(), small_disk)
    kept: list[LoggedDecision] = []

    def fill() -> None:
        for _ in range(20_000):
            kept.extend(add(log, 1))

    with pytest.raises(ScorewrightError) as full:
        fill()
    assert full.value.code == "log-unavailable"
    assert len(kept) > 10
    assert log.state().status == "down"
    with pytest.raises(ScorewrightError):
        add(log, 1)
    assert {record.decision_id for record in kept} <= ids_in(small_disk)
    # And goes on when there is room
    ballast.unlink()
    kept += add(log, 20)
    assert log.state().status == "ok"
    log.close(5)
    assert {record.decision_id for record in kept} <= ids_in(small_disk)
    record_property("guarantee", f"full-disk: {len(kept)} decisions answered, 0 lost")


def test_only_the_owner_reads_the_files(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        log = open_log(LogSettings(), tmp_path)
        add(log, 1)
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in (tmp_path / ".scorewright").glob("decisions.db*")
        }
        log.close(5)
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("decisions.db", "decisions.db-wal", "decisions.db-shm"), 0o600)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ScorewrightError) as refused:
        LogDatabase(f"sqlite:///{tmp_path / 'file' / 'log.db'}")
    assert refused.value.code == "log-unavailable"
