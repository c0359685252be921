"""A store that MLflow made in a MySQL server is read in place and brought into a file."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.acceptance.calling import Call, caller
from tests.adapters.histories.servers import free_port

from scorewright.adapters.store_editing import Workshops

pytest.importorskip("pymysql", reason="pymysql is not installed")
pytestmark = [
    pytest.mark.skipif(
        shutil.which("mariadbd") is None or shutil.which("mariadb-install-db") is None,
        reason="no MySQL server (apt-get install mariadb-server)",
    ),
    pytest.mark.xdist_group("mysql"),
    pytest.mark.slow,
    pytest.mark.timeout(900),
]

WORD = "zq7/Own:er@#?&=%41x"
_NOBODY = 65534
#: What a team's own program would do, with the client of MLflow.
_LOGGING = """
import sys
from mlflow import MlflowClient

uri, artifacts = sys.argv[1:]
client = MlflowClient(uri, uri)
experiment = client.create_experiment("credit", artifact_location=artifacts)
parent = client.create_run(experiment, run_name="parent").info.run_id
for number in range(3):
    tags = {"mlflow.parentRunId": parent, "note": "años 🏦"}
    run = client.create_run(experiment, tags=tags, run_name=f"child {number}").info.run_id
    client.log_param(run, "depth", str(number))
    for step in range(5):
        client.log_metric(run, "auc", 0.7 + step / 100, timestamp=1000 + step, step=step)
    client.log_metric(run, "none", float("nan"))
    client.log_text(run, f"tree {number}", "model/model.txt")
    client.set_terminated(run)
client.delete_run(run)
client.create_registered_model("card")
version = client.create_model_version("card", f"{artifacts}/{run}/artifacts/model", run)
client.set_registered_model_alias("card", "champion", version.version)
"""

#: MySQL holds these for one name, and MLflow writes each as it was typed.
_SPELLING = """
import sys
from mlflow import MlflowClient

uri, source = sys.argv[1:]
client = MlflowClient(uri, uri)
client.create_registered_model("clf")
for name in ("clf", "CLF", "Clf", "clf "):
    version = client.create_model_version(name, source, tags={"typed": name})
    client.set_registered_model_alias(name, f"as-{version.version}", version.version)
"""


@contextmanager
def running_mysql() -> Iterator[tuple[int, Path]]:
    """Start a fresh server as another user than root; give its port and socket.

    A machine whose server cannot make its files is told apart from a test that fails: the test
    is skipped with what the server said.
    """
    folder = Path(tempfile.mkdtemp(prefix="scorewright-mysql-"))
    port, socket = free_port(), folder / "socket"
    as_user: list[str] = []
    if os.getuid() == 0:
        shutil.chown(folder, _NOBODY, _NOBODY)
        as_user = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    # The machine's own TMPDIR may be one that this user may not write to.
    data = [f"--datadir={folder / 'data'}", f"--tmpdir={folder}", "--innodb-use-native-aio=0"]
    surroundings = {**os.environ, "TMPDIR": str(folder), "HOME": str(folder)}
    options = ["--auth-root-authentication-method=normal", "--skip-test-db", "--force"]
    try:
        made = subprocess.run(
            [*as_user, "mariadb-install-db", "--no-defaults", *data, *options],
            capture_output=True, text=True, check=False, cwd=folder, env=surroundings,
        )  # fmt: skip
        if made.returncode:
            pytest.skip(f"MariaDB cannot make its files here: {made.stdout}{made.stderr}")
        command = [
            *as_user, "mariadbd", "--no-defaults", *data, f"--socket={socket}", f"--port={port}",
            f"--pid-file={folder / 'pid'}", "--bind-address=127.0.0.1",
        ]  # fmt: skip
        with subprocess.Popen(
            command, cwd=folder, env=surroundings,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                _wait(socket)
                yield port, socket
            finally:
                process.terminate()
                process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(socket: Path) -> None:
    until = time.monotonic() + 60
    ask = ["mariadb-admin", "--no-defaults", f"--socket={socket}", "--user=root", "ping"]
    while subprocess.run(ask, capture_output=True, check=False).returncode:
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Those of the owner of a store and of somebody who may only read it."""
    with running_mysql() as (port, socket):
        grants = f"""
            CREATE DATABASE tracking CHARACTER SET utf8mb4;
            CREATE USER ana@'127.0.0.1' IDENTIFIED BY '{WORD}';
            CREATE USER eva@'127.0.0.1' IDENTIFIED BY '{WORD}';
            GRANT ALL ON tracking.* TO ana@'127.0.0.1';
            GRANT SELECT ON tracking.* TO eva@'127.0.0.1';
            CREATE DATABASE spelled CHARACTER SET utf8mb4;
            GRANT ALL ON spelled.* TO ana@'127.0.0.1';
        """
        client = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "-e", grants]
        subprocess.run(client, check=True, capture_output=True)
        owner, reader = (
            f"mysql+pymysql://{user}:{quote(WORD, safe='')}@127.0.0.1:{port}/tracking"
            for user in ("ana", "eva")
        )
        log_with(_LOGGING, owner, tmp_path_factory.mktemp("artifacts"))
        yield owner, reader


def log_with(script: str, address: str, artifacts: Path) -> None:
    """Run a program of a team in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script, address, str(artifacts)],
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True, text=True, check=False, cwd=artifacts,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Call]:
    """Call a command; neither what it says nor what it leaves on disk may have a password."""
    monkeypatch.chdir(tmp_path)
    defaults = Workshops.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "opens", lambda _: "left out")
    plain, secrets = caller(monkeypatch), (WORD, quote(WORD, safe=""))

    def checked(*arguments: str | Path) -> tuple[int, str, str]:
        code, out, err = plain(*arguments)
        assert not any(secret in out + err for secret in secrets), arguments
        return code, out, err

    yield checked
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [f for f in files for secret in secrets if secret.encode() in f.read_bytes()]


def done(said: tuple[int, str, str]) -> Any:
    code, out, err = said
    assert code == 0, out + err
    return json.loads(out)


def test_a_store_in_mysql_is_seen_and_brought_into_a_file(
    addresses: tuple[str, str], call: Call
) -> None:
    _, reader = addresses
    seen = done(call("inventory", reader, "--json"))
    assert sum(one["runs"] for one in seen["experiments"]) == 3
    assert call("audit", reader, "--fail-on", "error")[0] == 1
    # A plan cannot change it in place, and says what to do instead.
    code, out, err = call("plan", reader, "--fix", "all")
    assert code == 2, out + err
    made = done(call("consolidate", reader, "--into", "one/mlflow.db", "--json"))
    lines = {line["what"]: line["copied"] for line in made["plan"]["balance"]}
    assert lines["runs"] == 4
    assert lines["metric values"] == 18
    assert lines["artifact files"] == 3
    assert made["plan"]["sources"][0]["location"].startswith("mysql+pymysql://eva:***@")
    done(call("apply", made["file"], "--address", reader, "--json"))
    compared = json.loads(call("compare", reader, "one/mlflow.db", "--json")[1])
    parts = {part["kind"]: part for part in compared["parts"]}
    assert parts["run"]["same"] == 4
    assert parts["model version"]["same"] == 1
    # Every store has a "Default" of its own, made when it was made.
    assert {row["label"] for row in parts["experiment"]["differences"]} <= {"Default"}
    assert not any(part["differing"] for kind, part in parts.items() if kind != "experiment")


def test_versions_come_to_their_model_however_their_names_are_spelled(
    addresses: tuple[str, str], call: Call, tmp_path: Path
) -> None:
    # Given versions that MySQL holds for those of "clf"
    address = addresses[0].replace("/tracking", "/spelled")
    log_with(_SPELLING, address, tmp_path)
    # When
    made = done(call("consolidate", address, "--into", "one/mlflow.db", "--json"))
    done(call("apply", made["file"], "--address", address, "--json"))
    # Then
    with closing(sqlite3.connect(tmp_path / "one" / "mlflow.db")) as connection:
        rows = connection.execute("SELECT name, version FROM model_versions").fetchall()
        aliases = connection.execute(
            "SELECT name, alias, version FROM registered_model_aliases"
        ).fetchall()
        tags = connection.execute("SELECT name, version, value FROM model_version_tags").fetchall()
    assert sorted(rows) == [("clf", number) for number in (1, 2, 3, 4)]
    assert sorted(aliases) == [("clf", f"as-{number}", number) for number in (1, 2, 3, 4)]
    typed = enumerate(("clf", "CLF", "Clf", "clf "), start=1)
    assert sorted(tags) == [("clf", number, name) for number, name in typed]


def test_a_server_that_says_no(addresses: tuple[str, str], call: Call) -> None:
    owner, _ = addresses
    for whole in (owner.replace("@127", "x@127"), owner.replace("/tracking", "/absent")):
        code, out, err = call("inventory", whole)
        assert code == 3, out + err
        assert "(store-unreachable)" in err
