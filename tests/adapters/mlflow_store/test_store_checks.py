"""Stores that cannot be used are refused before MLflow opens them, and not a byte is changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from mlflow import MlflowClient

from scorewright.adapters.mlflow_store import LocalStoreProbe, MlflowRunLog
from scorewright.adapters.mlflow_store.database import check_database
from scorewright.adapters.mlflow_store.location import StoreLocation
from scorewright.adapters.mlflow_store.schema import _scripts, installed_head
from scorewright.adapters.mlflow_store.sqlite_file import require_writable
from scorewright.core.errors import ScorewrightError
from scorewright.flows.ports import RunStart

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
)


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound store with one finished run, made once: the migrations take their time."""
    file = tmp_path_factory.mktemp("sound") / "mlflow.db"
    with MlflowRunLog(f"sqlite:///{file}").start(RunStart("demo_retraining", "train_a", "", {})):
        pass
    return file


@pytest.fixture
def file(sound: Path, tmp_path: Path) -> Path:
    """A copy of it to harm."""
    file = tmp_path / "mlruns" / "mlflow.db"
    file.parent.mkdir()
    return Path(shutil.copyfile(sound, file))


def _refused(uri: str | Path, start: RunStart) -> ScorewrightError:
    uri = f"sqlite:///{uri}" if isinstance(uri, Path) else uri
    with pytest.raises(ScorewrightError) as caught:
        MlflowRunLog(uri).start(start)
    assert caught.value.remedy
    return caught.value


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _set_revision(file: Path, revision: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()


def _truncate(file: Path) -> None:
    file.write_bytes(b"")


def _scribble(file: Path) -> None:
    file.write_bytes(b"not a database at all")


def _other_database(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE pets (name TEXT)")
    connection.close()


def _damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[100:4096] = b"\xff" * 3996  # the page that lists the tables
    file.write_bytes(bytes(data))


def _no_revision(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM alembic_version")
    connection.close()


@pytest.mark.parametrize(
    "harm", [_truncate, _scribble, _other_database, _damage, _no_revision]
)  # fmt: skip
def test_what_is_no_store_is_refused_and_left_as_it_is(
    file: Path, start: RunStart, harm: Callable[[Path], None]
) -> None:
    # Given
    harm(file)
    before = _hash(file)
    # Then
    assert _refused(file, start).code == "store-invalid"
    with pytest.raises(ScorewrightError) as caught:
        LocalStoreProbe(f"sqlite:///{file}").probe()
    assert caught.value.code == "store-invalid"
    assert _hash(file) == before


def test_a_folder_is_no_store(tmp_path: Path, start: RunStart) -> None:
    assert _refused(tmp_path, start).code == "store-invalid"


def test_an_older_schema_is_never_upgraded_silently(file: Path, start: RunStart) -> None:
    # Given the revision before the newest
    older = next(s.revision for s in _scripts().walk_revisions() if s.revision != installed_head())
    _set_revision(file, older)
    before = _hash(file)
    # When
    error = _refused(file, start)
    # Then
    assert error.code == "store-schema"
    assert f"mlflow db upgrade sqlite:///{file}" in error.remedy
    assert str(file) in error.remedy.split("then")[0]  # a copy comes first
    assert _hash(file) == before


def test_a_newer_schema_asks_for_a_newer_mlflow(file: Path, start: RunStart) -> None:
    _set_revision(file, "ffffffffffff")
    error = _refused(file, start)
    assert error.code == "store-schema"
    assert "pip install --upgrade mlflow" in error.remedy


def test_a_store_somebody_writes_to_is_locked(file: Path) -> None:
    # Given another program in the middle of a transaction
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    location = StoreLocation.parse(f"sqlite:///{file}")
    # When
    began = time.monotonic()
    with pytest.raises(ScorewrightError) as caught:
        require_writable(file, location, seconds=0.3)
    # Then it waited, and afterwards all is well
    assert caught.value.code == "store-locked"
    assert time.monotonic() - began >= 0.3
    other.execute("ROLLBACK")
    other.close()
    require_writable(file, location, seconds=0.3)


LISTING = """
import sys
from scorewright.adapters.mlflow_store import MlflowRunIndex
from scorewright.core.errors import ScorewrightError
try:
    MlflowRunIndex(f"sqlite:///{sys.argv[1]}").find("demo_retraining", {})
except ScorewrightError as error:
    print(error.code, error.message, error.remedy, sep="\\n")
"""
#: Root may write and read everywhere; without these rights it is a user as any other.
AS_USER = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
needs_user = pytest.mark.skipif(
    bool(AS_USER) and shutil.which("setpriv") is None, reason="root may write anywhere"
)


def _listed(file: Path) -> list[str]:
    """List runs in a process that rights matter to; return code, message and remedy."""
    command = [*AS_USER, sys.executable, "-W", "ignore", "-c", LISTING, str(file)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@needs_user
@pytest.mark.parametrize("has_log", [False, True])
def test_a_store_in_wal_mode_in_a_folder_that_may_not_be_written_to(
    file: Path, has_log: bool
) -> None:
    # Given
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    if has_log:
        Path(f"{file}-wal").touch()
    before = sorted(path.name for path in file.parent.iterdir())
    file.parent.chmod(0o555)
    # When
    try:
        said = _listed(file)
    finally:
        file.parent.chmod(0o755)
    # Then
    assert said[0] == "store-folder-closed"
    assert f"{file.parent} may not be written to" in said[1]
    assert "Writing" not in said[1]
    assert f"sqlite3 {file} 'PRAGMA journal_mode=DELETE'" in said[2]
    assert sorted(path.name for path in file.parent.iterdir()) == before


@needs_user
def test_a_store_in_a_folder_that_may_not_be_written_to_is_read(file: Path) -> None:
    file.parent.chmod(0o555)
    try:
        assert _listed(file) == []
    finally:
        file.parent.chmod(0o755)


@needs_user
def test_a_store_that_may_not_be_read(file: Path) -> None:
    file.chmod(0o200)
    said = _listed(file)
    assert said[0] == "store-invalid"
    assert "may not be read by this user" in said[1]


def test_a_database_that_cannot_be_opened_for_writing(file: Path) -> None:
    # Given a file that went away after it was checked
    location = StoreLocation.parse(f"sqlite:///{file}")
    missing = file.with_name("gone.db")
    with pytest.raises(ScorewrightError) as caught:
        require_writable(missing, location)
    assert caught.value.code == "store-write-failed"


@pytest.mark.parametrize("uri", ["file:./mlruns", "file:///data/mlruns", "mlruns", "./mlruns", ""])
def test_a_folder_of_files_is_legacy(uri: str, start: RunStart) -> None:
    error = _refused(uri, start)
    assert error.code == "store-legacy"
    assert "mlflow migrate-filestore" in error.remedy


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_sqlite_without_a_file_is_refused(uri: str, start: RunStart) -> None:
    assert _refused(uri, start).code == "store-uri"


def test_a_password_is_never_shown() -> None:
    uri = "postgresql://risk:s3cret@db.example/mlflow"
    assert MlflowRunLog(uri).location() == "postgresql://risk:***@db.example/mlflow"
    assert StoreLocation.parse(uri).shown == "postgresql://risk:***@db.example/mlflow"


def test_a_server_that_is_not_there_fails_quickly(start: RunStart) -> None:
    # Given a port nobody listens on
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # When
    began = time.monotonic()
    error = _refused(f"http://127.0.0.1:{port}", start)
    # Then
    assert error.code == "store-unreachable"
    assert time.monotonic() - began < 10


@pytest.fixture
def answering() -> Iterator[Callable[[int, bytes], str]]:
    """Return a maker of servers that give every request the same answer."""
    servers: list[HTTPServer] = []

    def make(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_server_in_trouble_is_unreachable(
    answering: Callable[[int, bytes], str], start: RunStart
) -> None:
    assert _refused(answering(503, b""), start).code == "store-unreachable"


def test_a_server_before_mlflow_3_is_refused(
    answering: Callable[[int, bytes], str], start: RunStart
) -> None:
    error = _refused(answering(200, b"2.22.2"), start)
    assert error.code == "store-schema"
    assert "2.22.2" in error.message


def test_a_server_that_asks_who_is_there_is_alive(answering: Callable[[int, bytes], str]) -> None:
    assert LocalStoreProbe(answering(401, b"who?")).probe().endswith("answers")


def test_a_server_that_goes_away_in_the_middle_fails_at_once(
    answering: Callable[[int, bytes], str], file: Path, start: RunStart
) -> None:
    """One clear error, not minutes of retries."""
    from scorewright.adapters.mlflow_store.run_handle import MlflowRun

    gone = StoreLocation.parse(answering(503, b""))
    run = MlflowRun(MlflowClient(f"sqlite:///{file}"), gone, "0" * 32, "1")
    with pytest.raises(ScorewrightError) as caught:
        run.log_metrics({"roc_auc": 0.7})
    assert caught.value.code == "store-unreachable"


def test_the_probe_counts_and_changes_nothing(file: Path) -> None:
    before = _hash(file)
    line = LocalStoreProbe(f"sqlite:///{file}").probe()
    assert "2 experiments, 1 runs" in line
    assert installed_head() in line
    assert _hash(file) == before


def test_the_probe_makes_no_store(tmp_path: Path) -> None:
    file = tmp_path / "mlruns" / "mlflow.db"
    assert "first training" in LocalStoreProbe(f"sqlite:///{file}").probe()
    assert not file.parent.exists()


def test_a_database_is_read_before_it_is_opened(file: Path, tmp_path: Path) -> None:
    """The check for database servers, over the one database that needs no server."""
    whole = StoreLocation(f"sqlite:///{file}", StoreLocation.parse(f"sqlite:///{file}").kind)
    assert check_database(whole)
    empty = StoreLocation(f"sqlite:///{tmp_path}/empty.db", whole.kind)
    assert not check_database(empty)
    _set_revision(file, "ffffffffffff")
    with pytest.raises(ScorewrightError) as caught:
        check_database(whole)
    assert caught.value.code == "store-schema"
    _other_database(file)
    with pytest.raises(ScorewrightError) as caught:
        check_database(whole)
    assert caught.value.code == "store-invalid"


def test_a_database_without_its_driver_names_the_package() -> None:
    location = StoreLocation.parse("postgresql+nosuchdriver://db/mlflow")
    with pytest.raises(ScorewrightError) as caught:
        check_database(location)
    assert caught.value.code == "store-driver"


def test_the_newest_schema_is_found_without_running_migrations() -> None:
    assert installed_head() == _scripts().get_current_head()
