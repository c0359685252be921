"""``scorewright store``: what the commands that change say, refuse, and how they end."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.entry.cli.portfolio import Cli
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.schema import create_database

from scorewright.adapters.store_editing import Workshops, reference_of

DAY = 86_400_000
NOW = 1_717_236_000_000


@pytest.fixture(autouse=True)
def _without_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the opening with MLflow out: it takes seconds, and other tests have it."""
    defaults = Workshops.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "opens", lambda _: "left out")


def store_at(folder: Path, *, letter: str = "a", experiment: str = "demo_selection") -> Path:
    """Make a store of one experiment: a run that never ended, one with the same model twice."""
    folder.mkdir(parents=True)
    path = folder / "mlflow.db"
    with closing(create_database(path)) as connection:
        write_database_experiment(connection, 0, "Default", (folder / "mlruns/0").as_posix())
        write_database_experiment(connection, 1, experiment, (folder / "mlruns/1").as_posix())
        for number, status in enumerate(("RUNNING", "FINISHED")):
            run_id = f"{letter}{number}".ljust(32, "0")
            artifacts = folder / "mlruns/1" / run_id / "artifacts"
            write_database_run(
                connection,
                DatabaseRun(
                    run_id=run_id,
                    experiment_id=1,
                    name=f"exp0{number}_cv_domain_none",
                    artifact_uri=artifacts.as_posix(),
                    start=NOW + number,
                    end=None if status == "RUNNING" else NOW + DAY,
                    status=status,
                    metrics={"roc_auc": [(NOW, 0.7, 0)]},
                ),
            )
        for name in ("model", "copy"):
            (artifacts / name).mkdir(parents=True)
            (artifacts / name / "model.txt").write_text(f"tree of {letter}\n" * 900)
        connection.commit()
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return store_at(tmp_path / "one")


def state(store: Path) -> Path:
    return store.parent / ".scorewright"


def change(store: Path, sql: str) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(sql)


def test_a_plan_is_told_and_written_and_changes_nothing(cli: Cli, store: Path) -> None:
    before = reference_of(str(store))
    told = cli("store", "plan", store, "--fix", "RUN-001,FILE-002")
    assert told.code == 0
    for words in ("end_run", "share_bytes", "status='RUNNING'", "KILLED", "can be undone"):
        assert words in told.out
    assert "Nothing has been changed" in told.out
    assert reference_of(str(store)) == before
    (file,) = state(store).glob("plan-*.json")
    # Short, because it lies below the working directory.
    assert f"scorewright store apply {file.relative_to(Path.cwd())}" in told.text
    found = cli("store", "plan", store, "--fix", "RUN-001", "--json").json
    assert {step["finding"] for step in found["plan"]["steps"]} == {"RUN-001"}
    assert Path(found["file"]).is_file()


def test_a_plan_of_nothing_is_not_written(cli: Cli, store: Path) -> None:
    told = cli("store", "plan", store, "--fix", "RUN-007")
    assert "nothing to do" in told.out
    assert not state(store).exists()
    assert cli("store", "plan", store, "--fix", "RUN-007", "--json").json["file"] is None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), "plan-unclear"),
        (("--fix", "RUN-001", "--backfill"), "plan-unclear"),
        (("--fix", "RUN-099"), "fix-unknown"),
        (("--structure",), "declaration-missing"),
    ],
)
def test_a_wish_that_is_not_clear_is_refused(
    cli: Cli, store: Path, options: tuple[str, ...], code: str
) -> None:
    answer = cli("store", "plan", store, *options)
    assert answer.code == 2
    assert code in answer.err


def test_a_declaration_is_read_and_its_mistakes_have_a_place(cli: Cli, store: Path) -> None:
    wish = store.parent / "wish.toml"
    wish.write_text("[other]\nx = 1\n")
    assert "declaration-missing" in cli("store", "plan", store, "--declaration", wish).err
    wish.write_text('[store.rationalise]\narchiv = ["demo_selection"]\n')
    answer = cli("store", "plan", store, "--declaration", wish)
    assert answer.code == 2
    assert "wish.toml:2" in answer.err
    wish.write_text('[store.rationalise]\narchive = ["demo_selection"]\n')
    told = cli("store", "plan", store, "--declaration", wish, "--all")
    assert told.code == 0
    assert "archive_experiment" in told.out
    assert "First steps" not in told.out


def test_a_tree_is_sent_to_consolidation(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "tree" / "1").mkdir(parents=True)
    (tmp_path / "tree" / "1" / "meta.yaml").write_text("experiment_id: '1'\nname: x\n")
    answer = cli("store", "plan", tmp_path / "tree", "--fix", "RUN-001")
    assert answer.code == 2
    assert "plan-not-a-database" in answer.err
    assert "store consolidate" in answer.text


def test_a_plan_is_carried_out_and_taken_back_by_its_own_name(cli: Cli, store: Path) -> None:
    # Given
    before = reference_of(str(store)).rows
    model, copy = sorted(store.parent.rglob("model.txt"))
    plan = store.parent / "out" / "fix.json"
    cli("store", "plan", store, "--fix", "RUN-001", "--fix", "FILE-002", "-o", plan)
    # When
    done = cli("store", "apply", plan, "--holder", "ana", "--json").json
    # Then
    assert done["holder"] == "ana"
    assert reference_of(str(store)).rows != before
    assert model.stat().st_ino == copy.stat().st_ino
    assert "carried out before" in cli("store", "apply", plan).text
    told = cli("store", "verify", "--receipt", plan)
    assert told.code == 0
    assert "every row and file is as the receipt says" in told.out
    # Files of others are none of a plan's business.
    (store.parent / "notes.txt").write_text("mine")
    told = cli("store", "undo", plan)
    assert told.code == 0
    assert "every row and every file is as it was before" in told.out
    assert reference_of(str(store)).rows == before
    assert model.stat().st_ino != copy.stat().st_ino
    assert cli("store", "apply", plan).code == 0


def test_what_changed_meanwhile_is_named(cli: Cli, store: Path) -> None:
    made = cli("store", "plan", store, "--fix", "RUN-001", "--json").json
    change(store, "INSERT INTO tags VALUES ('who', 'me', 'a1" + "0" * 30 + "')")
    answer = cli("store", "apply", made["file"])
    assert answer.code == 2
    assert "plan-stale" in answer.err
    assert "tags" in answer.text
    made = cli("store", "plan", store, "--fix", "RUN-001", "--json").json
    receipt = cli("store", "apply", made["file"], "--json").json["receipt"]
    change(store, "DELETE FROM tags WHERE key = 'who'")
    told = cli("store", "verify", store, "--receipt", receipt)
    assert told.code == 1
    assert "differs: tags" in told.out
    assert "plan-stale" in cli("store", "undo", receipt).err


def test_a_plan_that_stopped_goes_on_or_is_taken_back(cli: Cli, store: Path) -> None:
    # Given
    before = reference_of(str(store)).rows
    made = cli("store", "plan", store, "--fix", "RUN-001", "--fix", "CONV-009", "--json").json
    blocked = "CREATE TRIGGER full BEFORE INSERT ON tags WHEN NEW.key = 'mlflow.note.content' "
    change(store, f"{blocked} BEGIN SELECT RAISE(ABORT, 'no') ; END")
    # When
    stopped = cli("store", "apply", made["file"])
    # Then
    assert stopped.code == 3
    assert "goes on from there" in stopped.text
    assert f"scorewright store undo {made['file']}" in stopped.text
    change(store, "DROP TRIGGER full")
    assert cli("store", "undo", made["file"]).code == 0
    assert reference_of(str(store)).rows == before
    assert "plan-not-applied" in cli("store", "verify", "--receipt", made["file"]).err
    assert cli("store", "apply", made["file"]).code == 0


def test_stores_are_brought_together_and_the_old_one_moved_aside(
    cli: Cli, tmp_path: Path, store: Path
) -> None:
    # Given
    other = store_at(tmp_path / "two", letter="b")
    target = tmp_path / "both"
    # When
    told = cli("store", "consolidate", store, other, "--into", target, "--share", "link")
    # Then
    assert told.code == 0
    assert "Everything is accounted for" in told.out
    assert not (target / "mlflow.db").exists()
    (plan,) = (target / ".scorewright").glob("plan-*.json")
    refused = cli("store", "archive", other, "--receipt", plan)
    assert "plan-not-applied" in refused.err
    told = cli("store", "apply", plan)
    assert f"scorewright store archive {other.relative_to(Path.cwd())} --receipt" in told.text
    linked = [file.stat().st_nlink for file in (target / "mlartifacts").rglob("model.txt")]
    assert linked == [2] * 4
    again = cli("store", "consolidate", store, "--into", target / "mlflow.db")
    assert "nothing to do" in again.out
    third = store_at(tmp_path / "three", letter="c")
    refused = cli("store", "archive", third, "--receipt", plan)
    assert "archive-not-contained" in refused.err
    done = cli("store", "archive", other, "--receipt", plan, "--read-data", "--json").json
    assert not other.exists()
    assert cli("store", "undo", done["receipt"]).code == 0
    assert other.exists()
    assert cli("store", "undo", plan).code == 0
    assert not (target / "mlflow.db").exists()
    assert not (target / "mlartifacts").exists()


def test_a_plan_that_stopped_keeps_a_purge_off_until_it_is_given_up(cli: Cli, store: Path) -> None:
    # Given a plan whose own file is gone
    before = reference_of(str(store)).rows
    plan = store.parent / "my plans" / "fix.json"
    cli("store", "plan", store, "--fix", "RUN-001", "--fix", "CONV-009", "-o", plan)
    change(store, "CREATE TRIGGER full BEFORE INSERT ON tags WHEN NEW.key = 'mlflow.note.content' "
                  "BEGIN SELECT RAISE(ABORT, 'no') ; END")  # fmt: skip
    assert cli("store", "apply", plan).code == 3
    plan.unlink()
    # When
    told = cli("store", "purge", store)
    refused = cli("store", "backup", store, "--json").json["path"]
    refused = cli("store", "purge", store, "--consent", Path(refused).stem.rpartition("-")[2])
    # Then what to do is said, and works.
    (kept,) = state(store).glob("plan-*.json")
    assert "purge-unfinished" in refused.err
    for said in (told.text, refused.text):
        assert f"scorewright store apply {kept}" in said
        assert f"scorewright store undo {kept}" in said
    (waiting,) = cli("store", "purge", store, "--json").json["unfinished"]
    assert "is not finished" in waiting["what"]
    change(store, "DROP TRIGGER full")
    assert cli("store", "undo", kept).code == 0
    assert reference_of(str(store)).rows == before
    found = cli("store", "purge", store, "--json").json
    assert found["unfinished"] == []
    ids = [word for one in found["kept"] for word in ("--consent", one["id"])]
    assert cli("store", "purge", store, *ids).code == 0


def test_the_newest_receipt_is_found(cli: Cli, store: Path) -> None:
    # A row that led nowhere before any plan is held against none.
    change(store, "INSERT INTO registered_models (name) VALUES ('m')")
    change(store, "INSERT INTO model_versions (name, version, run_id) VALUES ('m', 1, 'gone')")
    alone = cli("store", "verify", store)
    assert alone.code == 3
    assert "store audit" in alone.text
    made = cli("store", "plan", store, "--fix", "RUN-001", "--json").json
    cli("store", "apply", made["file"])
    told = cli("store", "verify", store)
    assert told.code == 0, told.text
    assert "as the newest plan left them" in told.out
    change(store, "INSERT INTO tags VALUES ('who', 'me', 'a1" + "0" * 30 + "')")
    told = cli("store", "verify", store)
    assert told.code == 0
    assert "changed since the newest plan: tags" in told.out
    assert cli("store", "verify", store, "--json").json["since"]
    assert cli("store", "verify", "--receipt", made["file"]).code == 1


def test_a_backup_is_put_back_and_that_is_taken_back(cli: Cli, store: Path, tmp_path: Path) -> None:
    # Given
    before = reference_of(str(store)).rows
    note = cli("store", "backup", store, "--json").json
    change(store, "DELETE FROM latest_metrics")
    after = reference_of(str(store)).rows
    # When
    done = cli("store", "restore", note["path"], "--holder", "ana", "--json").json
    # Then
    assert (done["location"], done["made_by"]) == (str(store), "ana")
    assert reference_of(str(store)).rows == before
    assert Path(note["path"]).exists()
    assert reference_of(done["aside"]).rows == after
    told = cli("store", "restore", done["aside"])
    assert told.code == 0
    assert reference_of(str(store)).rows == after
    assert "To take it back" in told.out
    # A plan's own backup knows its store by the receipt.
    made = cli("store", "plan", store, "--fix", "RUN-001", "--json").json
    backup = cli("store", "apply", made["file"], "--json").json["backup"]
    assert cli("store", "restore", backup).code == 0
    assert reference_of(str(store)).rows == after
    # Where there is no store, one is made; a broken backup is never put anywhere.
    other = tmp_path / "other" / "mlflow.db"
    assert cli("store", "restore", backup, other, "--json").json["aside"] == ""
    with Path(note["path"]).open("r+b") as stream:
        stream.truncate(8192)
    assert "backup-broken" in cli("store", "restore", note["path"]).err
    assert reference_of(str(store)).rows == after


def test_what_a_backup_cannot_replace_is_said(cli: Cli, store: Path, tmp_path: Path) -> None:
    note = cli("store", "backup", store, "--json").json
    assert "backup-unknown" in cli("store", "restore", store).err
    loose = tmp_path / Path(note["path"]).name
    loose.write_bytes(Path(note["path"]).read_bytes())
    assert "restore-unclear" in cli("store", "restore", loose).err
    server = cli("store", "restore", loose, "postgresql://u:p@127.0.0.1/x")
    assert "restore-server" in server.err
    (tmp_path / "tree" / "1").mkdir(parents=True)
    (tmp_path / "tree" / "1" / "meta.yaml").write_text("experiment_id: '1'\nname: x\n")
    assert "restore-unclear" in cli("store", "restore", note["path"], tmp_path / "tree").err
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        before = store.read_bytes()
        assert "store-locked" in cli("store", "restore", note["path"]).err
        assert store.read_bytes() == before
    assert [file.name for file in store.parent.glob("*.replaced-*")] == []


def test_a_tree_is_put_back(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "tree" / "1").mkdir(parents=True)
    meta = tmp_path / "tree" / "1" / "meta.yaml"
    meta.write_text("experiment_id: '1'\nname: x\n")
    note = cli("store", "backup", tmp_path / "tree", "--json").json
    meta.write_text("experiment_id: '1'\nname: y\n")
    done = cli("store", "restore", note["path"], "--json").json
    assert "name: x" in meta.read_text()
    assert "name: y" in (Path(done["aside"]) / "1" / "meta.yaml").read_text()
    assert cli("store", "restore", done["aside"]).code == 0
    assert "name: y" in meta.read_text()


def test_what_only_a_rerun_mends_comes_with_its_command(cli: Cli, store: Path) -> None:
    made = cli("store", "plan", store, "--fix", "CONV-004", "-o", store.parent / "p.json", "--json")
    (rerun,) = [note for note in made.json["plan"]["notes"] if "only a rerun mends" in note]
    assert rerun.startswith("exp01_cv_domain_none (a1")
    assert "scorewright --config rerun_a1000000.toml train" in rerun


def test_backups_are_made_listed_and_proved(cli: Cli, store: Path, tmp_path: Path) -> None:
    assert "no backup" in cli("store", "backup", store, "--list").out
    note = cli("store", "backup", store, "--holder", "ana", "--json").json
    assert note["made_by"] == "ana"
    assert note["path"] in cli("store", "backup", store, "--list", "--json").out
    assert cli("store", "verify", "--backup", note["path"]).code == 0
    with Path(note["path"]).open("r+b") as stream:
        stream.truncate(8192)
    broken = cli("store", "verify", "--backup", note["path"])
    assert broken.code == 3
    assert "backup-broken" in broken.err
    assert cli("store", "verify", store, "--backup", note["path"]).code == 2
    told = cli("store", "backup", store, "--to", tmp_path / "elsewhere")
    assert "Backup of" in told.out
    assert len(list((tmp_path / "elsewhere").glob("backup-*.db"))) == 1


def test_what_was_never_kept_is_refused_without_a_trace(cli: Cli, store: Path) -> None:
    told = cli("store", "purge", store, "--consent", "nosuch")
    assert (told.code, "Nothing of the name nosuch is kept" in told.err) == (2, True)
    assert not state(store).exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "it is a folder"),
        ("[]", "it is JSON, but no object"),
        ("no plan", "it is no JSON document"),
    ],
)
def test_what_is_no_plan_is_called_what_it_is(
    cli: Cli, tmp_path: Path, content: str | None, why: str
) -> None:
    place = tmp_path / "plan.json"
    if content is None:
        place.mkdir()
    else:
        place.write_text(content)
    told = cli("store", "apply", place)
    assert told.code == 2
    assert f"neither a plan nor a receipt: {why}." in told.err


def test_a_backup_into_a_file_says_that_it_is_one(cli: Cli, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    told = cli("store", "backup", store, "--to", file)
    assert told.code == 3
    assert "name another folder" in told.err
    assert "Free space" not in told.err
    assert file.read_text() == "mine"


def test_only_a_purge_is_for_good(cli: Cli, store: Path) -> None:
    assert "Nothing is kept" in cli("store", "purge", store).out
    made = cli("store", "plan", store, "--fix", "RUN-001", "--json").json
    receipt = cli("store", "apply", made["file"], "--json").json["receipt"]
    told = cli("store", "purge", store)
    short = made["plan"]["id"][:12]
    assert short in told.out
    assert f"--consent {short}" in told.text
    kept = cli("store", "purge", store, "--json").json["kept"]
    assert [one["id"] for one in kept] == [short]
    assert cli("store", "purge", store, "--consent", "0" * 12).code == 2
    told = cli("store", "purge", store, "--consent", short)
    assert "deleted for good" in told.out
    assert not Path(kept[0]["kept"][0]["path"]).exists()
    assert "plan-purged" in cli("store", "undo", receipt).err


def test_a_password_is_never_guessed(cli: Cli, store: Path) -> None:
    made = cli("store", "plan", store, "--fix", "RUN-001", "--json").json
    document = made["plan"]
    document["target"]["location"] = "postgresql://ana:***@127.0.0.1:1/tracking"
    from scorewright.core.digests import canonical_json, sha256_hex

    document.pop("id")
    document["id"] = sha256_hex(canonical_json(document))
    file = store.parent / "plan.json"
    file.write_text(json.dumps(document))
    answer = cli("store", "apply", file)
    assert answer.code == 2
    assert "store-password" in answer.err


def test_what_is_no_plan_is_said_to_be_none(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    for name in ("x.json", "absent.json"):
        for command in ("apply", "undo"):
            answer = cli("store", command, tmp_path / name)
            assert answer.code == 2
            assert "plan-invalid" in answer.err


def test_moving_aside_goes_on_after_a_crash(
    cli: Cli, tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is moved, the machine fails before that is written down."""
    # Given
    plan = tmp_path / "both.json"
    cli("store", "consolidate", store, "--into", tmp_path / "both", "-o", plan)
    cli("store", "apply", plan)

    def fails(_: str) -> str:
        raise KeyboardInterrupt

    defaults = Workshops.__init__.__kwdefaults__
    assert defaults is not None
    calm, calls = defaults["opens"], iter(["left out"])  # the verification passes
    monkeypatch.setitem(defaults, "opens", lambda uri: next(calls, None) or fails(uri))
    # When
    stopped = cli("store", "archive", store, "--receipt", plan)
    # Then
    assert stopped.code != 0
    assert not store.exists()
    monkeypatch.setitem(defaults, "opens", calm)
    plans = (tmp_path / "both" / ".scorewright").glob("plan-*.json")
    (aside,) = (file for file in plans if '"kind": "archive"' in file.read_text())
    # The command itself cannot be repeated: what it was about has moved.
    assert f"scorewright store apply {aside}" in stopped.err
    assert cli("store", "apply", aside).code == 0
    assert cli("store", "undo", aside).code == 0
    assert store.exists()
