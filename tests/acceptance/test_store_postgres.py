"""A store goes to PostgreSQL and back with the command line alone, and keeps its password."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from tests.acceptance.calling import Call, caller
from tests.adapters.histories.servers import Postgres, postgres_binaries, running_postgres
from tests.stores.story import Story, build_story

from scorewright.adapters.store_editing import Workshops, reference_of

pytestmark = [
    pytest.mark.skipif(not postgres_binaries(), reason="PostgreSQL is not installed"),
    pytest.mark.xdist_group("postgres"),
    pytest.mark.slow,
    pytest.mark.timeout(900),
]

#: With every sign that means something in an address.
OWNER = "zq7/Own:er@#?&=%41x"
READER = "kw4-plain-Reader"
RUNS, ACTIVE = 86, 48


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        server.run(f"CREATE ROLE ana LOGIN PASSWORD '{OWNER}'")
        server.run(f"CREATE ROLE eva LOGIN PASSWORD '{READER}'")
        server.run("CREATE DATABASE tracking OWNER ana")
        server.run("CREATE DATABASE nothing OWNER ana")
        yield server


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> Iterator[Call]:
    """Call a command; neither what it says nor what it leaves on disk may have a password."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.chdir(tmp_path)
    plain = caller(monkeypatch)
    secrets = [form for word in (OWNER, READER) for form in (word, quote(word, safe=""))]

    def checked(*arguments: str | Path) -> tuple[int, str, str]:
        code, out, err = plain(*arguments)
        for secret in secrets:
            assert secret not in out + err, arguments
        return code, out, err

    yield checked
    for secret in secrets:
        assert secret not in caplog.text
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        assert files
        assert [file for file in files if secret.encode() in file.read_bytes()] == []


def address(postgres: Postgres, user: str, word: str, database: str = "tracking") -> str:
    return f"postgresql://{user}:{quote(word, safe='')}@127.0.0.1:{postgres.port}/{database}"


def done(said: tuple[int, str, str]) -> Any:
    code, out, err = said
    assert code == 0, out + err
    return json.loads(out)


def let_read(owner: str) -> None:
    """Let the reader look at every table, and at nothing else."""
    engine = sa.create_engine(owner.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO eva")
    engine.dispose()


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return build_story(tmp_path / "credit")


def test_a_store_lives_in_postgresql_and_comes_back(
    postgres: Postgres, call: Call, story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server that is empty, and two legacy stores
    owner, reader = address(postgres, "ana", OWNER), address(postgres, "eva", READER)
    sources = reference_of(str(story.database)), reference_of(str(story.notebooks))

    # When they are brought together in it
    made = done(
        call(
            "consolidate", story.database, story.notebooks, "--into", owner,
            "--artifact-root", "artifacts", "--json",
        )
    )  # fmt: skip
    assert made["plan"]["target"]["location"].startswith("postgresql://ana:***@127.0.0.1")
    lacking = call("apply", made["file"])
    assert lacking[0] == 2
    assert "(store-password)" in lacking[2]
    applied = done(call("apply", made["file"], "--address", owner, "--holder", "ana", "--json"))
    assert any("opened with MLflow: 7 experiments" in check for check in applied["checks"])
    # Once is enough: it takes seconds.
    defaults = Workshops.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "opens", lambda uri: f"{bool(uri)}")

    # Then whoever may only read sees all of it, and nothing is changed by looking
    let_read(owner)
    there = reference_of(owner).rows
    seen = done(call("inventory", reader, "--json"))
    assert sum(one["runs"] for one in seen["experiments"]) >= ACTIVE
    assert call("audit", reader)[0] == 0
    assert call("audit", reader, "--fail-on", "error")[0] == 1
    assert call("tree", reader)[0] == 0
    receipt = applied["receipt"]
    whole = done(call("verify", "--receipt", receipt, "--address", owner, "--read-data", "--json"))
    assert whole["is_whole"]
    assert done(call("verify", owner, "--json"))["is_whole"]
    backup = done(call("backup", owner, "--to", "backups", "--json"))
    assert done(call("verify", "--backup", backup["path"], "--json"))["is_whole"]
    assert reference_of(owner).rows == there

    # And it goes back into a file, by the reader's eyes alone
    back = done(call("consolidate", reader, "--into", "back/mlflow.db", "--json"))
    line = next(line for line in back["plan"]["balance"] if line["what"] == "runs")
    assert line["copied"] == RUNS
    done(call("apply", back["file"], "--address", reader, "--json"))
    code, out, _ = call("compare", reader, "back/mlflow.db", "--json")
    assert code == 0
    parts = {part["kind"]: part for part in json.loads(out)["parts"]}
    assert parts["run"]["same"] == RUNS
    assert not parts["run"]["differing"]

    # And all of it is taken back
    undone = done(call("undo", receipt, "--address", owner, "--json"))
    assert undone["kind"] == "undo"
    assert reference_of(owner).rows == ""
    assert not list(Path("artifacts").rglob("*.txt"))
    assert (reference_of(str(story.database)), reference_of(str(story.notebooks))) == sources


@pytest.mark.parametrize(
    ("user", "word", "database", "reason"),
    [
        ("ana", f"{OWNER}!", "tracking", "store-unreachable"),
        ("ana", OWNER, "absent", "store-unreachable"),
        ("ana", OWNER, "nothing", "store-invalid"),
    ],
)
def test_a_server_that_says_no(  # noqa: PLR0917 - a case has three parts
    postgres: Postgres, call: Call, story: Story, user: str, word: str, database: str, reason: str
) -> None:
    whole = address(postgres, user, word, database)
    for command in (
        ("inventory", whole, "--json"),
        ("compare", story.database, whole),
        ("consolidate", whole, "--into", "all.db"),
        ("backup", whole),
    ):
        code, out, err = call(*command)
        assert code == 3, (command[0], out, err)
        if command[0] != "backup":
            assert f"({reason})" in err or f'"{reason}"' in out + err
        assert "Traceback" not in err
