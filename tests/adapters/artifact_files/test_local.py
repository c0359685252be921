"""Artifacts are found again, listed once and digested."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.adapters.file_stores.trees import fingerprint, write_experiment, write_run
from tests.stores.fixtures import VERSIONS, truth, unpacked

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.file_stores import FileStore
from scorewright.core.snapshot import FILES, RootRule, Snapshot, Source, SourceKind, snapshot_of
from scorewright.flows.events import Event, StageDone, ignore
from scorewright.flows.store.ports import Inventory

RUN, OTHER, MODEL = "a" * 32, "b" * 32, "m-" + "c" * 32


def _snapshot(
    uris: dict[str, str], kind: SourceKind = SourceKind.SQLITE, **more: list[dict[str, Any]]
) -> Snapshot:
    runs = pl.DataFrame({"run_id": list(uris), "artifact_uri": list(uris.values())})
    frames = {name: pl.DataFrame(rows) for name, rows in more.items()}
    return snapshot_of(Source("x", kind), {"runs": runs, **frames})


def _write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _owned(found: Inventory) -> list[tuple[str, str, str]]:
    return found.files.select("owner", "owner_id", "path").rows()


@pytest.mark.parametrize("version", VERSIONS)
def test_real_trees_that_were_moved_are_found(version: str, tmp_path: Path) -> None:
    made = unpacked(version, "file", tmp_path)
    before = fingerprint(made.folder)
    snapshot = FileStore(made.path).read(ignore)
    events: list[Event] = []
    found = LocalArtifacts(made.path).inventory(snapshot, events.append, hashed=True)
    said = truth(version, "file")
    expected = {
        (owner, owner_id, path, file["size"], file["sha256"])
        for owner, table in (("run", said["runs"]), ("model", said["logged_models"]))
        for owner_id, one in table.items()
        for path, file in one["artifacts"].items()
    }
    listed = found.files.filter(pl.col("owner").is_in(["run", "model"]))
    columns = ("owner", "owner_id", "path", "size", "sha256")
    assert set(listed.select(columns).iter_rows()) == expected
    traces = found.files.filter(pl.col("owner") == "trace")["owner_id"]
    assert set(traces) <= set(said["traces"])
    assert "" not in found.files["owner"].to_list()
    assert RootRule("/home/team/credit", made.folder.as_posix()) in [
        RootRule(rule.old, rule.new) for rule in found.rules
    ]
    assert found.findings == ()
    assert [type(event) for event in events].count(StageDone) == 2
    assert fingerprint(made.folder) == before


def test_a_tree_that_was_not_moved_needs_no_rule(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    write_run(write_experiment(root), RUN)
    found = LocalArtifacts(root).inventory(FileStore(root).read(ignore), ignore)
    assert _owned(found) == [("run", RUN, "model.txt")]
    assert (found.rules, found.missing.height) == ((), 0)
    assert found.files["sha256"].to_list() == [None]
    assert found.files.schema == FILES


@pytest.mark.parametrize(
    "uri",
    [
        "./mlruns/1/{}/artifacts",
        "mlflow-artifacts:/1/{}/artifacts",
        "file:///C:/Users/me/mlruns/1/{}/artifacts",
        "/home/other/x/mlruns/1/{}/artifacts",
        "/mlruns/1/{}/artifacts",
    ],
)
def test_addresses_of_other_machines_are_guessed(uri: str, tmp_path: Path) -> None:
    _write(tmp_path / "mlruns" / "1" / RUN / "artifacts" / "f")
    snapshot = _snapshot({RUN: uri.format(RUN), OTHER: uri.format(OTHER)})
    found = LocalArtifacts(tmp_path).inventory(snapshot, ignore)
    assert _owned(found) == [("run", RUN, "f")]
    assert [rule.votes for rule in found.rules] == [1]
    place = (tmp_path / "mlruns" / "1" / OTHER / "artifacts").as_posix()
    assert found.missing.row(0) == ("run", OTHER, uri.format(OTHER), place, "absent")


def test_a_rule_that_was_given_decides(tmp_path: Path) -> None:
    _write(tmp_path / "mlruns" / "1" / RUN / "artifacts" / "here")
    _write(tmp_path / "moved" / "1" / RUN / "artifacts" / "there")
    snapshot = _snapshot({RUN: f"/old/1/{RUN}/artifacts"})
    rule = RootRule("/old", (tmp_path / "moved").as_posix())
    found = LocalArtifacts(tmp_path).inventory(snapshot, ignore, rules=[rule])
    assert _owned(found) == [("run", RUN, "there")]
    assert found.rules == (rule,)


def test_what_cannot_be_reached_is_named(tmp_path: Path) -> None:
    uris = {
        "1": "s3://bucket/1",
        "2": "C:\\x\\2",
        "3": "",
        "4": "/nowhere/4",
        "5": "file:///",
        "6": tmp_path.as_uri(),
    }
    found = LocalArtifacts(tmp_path).inventory(_snapshot(uris), ignore)
    reasons = dict(found.missing.select("owner_id", "reason").iter_rows())
    assert reasons == {
        "1": "remote",
        "2": "unresolved",
        "3": "unresolved",
        "4": "absent",
        # Never the whole disk, nor the store itself.
        "5": "unresolved",
        "6": "unresolved",
    }
    assert found.files.is_empty()


def test_a_version_owns_what_no_run_has(tmp_path: Path) -> None:
    run = _write(tmp_path / "1" / RUN / "artifacts" / "model" / "f").parent.parent
    alone = _write(tmp_path / "registry" / "f").parent
    model = _write(tmp_path / "1" / "models" / MODEL / "artifacts" / "f").parent
    sources = [f"{run}/model", alone.as_uri(), f"models:/{MODEL}", f"runs:/{RUN}/model"]
    sources += ["models:/m/2", "/gone", "/deleted"]
    versions: list[dict[str, Any]] = [
        {"name": "m", "version": n, "source": source, "stage": "None"}
        for n, source in enumerate(sources, start=1)
    ]
    versions[-1]["stage"] = "Deleted_Internal"
    models = [{"model_id": MODEL, "artifact_location": str(model)}]
    snapshot = _snapshot({RUN: str(run)}, logged_models=models, model_versions=versions)
    found = LocalArtifacts(tmp_path).inventory(snapshot, ignore)
    assert sorted(_owned(found)) == [
        ("model", MODEL, "f"),
        ("run", RUN, "model/f"),
        ("version", "m/2", "f"),
    ]
    assert found.missing.select("owner_id", "reason").rows() == [("m/6", "absent")]


def test_nested_folders_belong_to_the_innermost_run(tmp_path: Path) -> None:
    outer = _write(tmp_path / "art" / "f").parent
    inner = _write(outer / "inner" / "g").parent
    snapshot = _snapshot({RUN: str(outer), OTHER: str(inner)})
    found = LocalArtifacts(tmp_path).inventory(snapshot, ignore)
    assert sorted(_owned(found)) == [("run", RUN, "f"), ("run", OTHER, "g")]


def test_folders_of_nobody_are_listed(tmp_path: Path) -> None:
    base = tmp_path / "mlruns"
    for path in (f"1/{RUN}", f"1/{OTHER}", f"1/models/{MODEL}", "1/traces/tr-1", f"7/{OTHER}"):
        _write(base / path / "artifacts" / "f")
    # A run of a tree beside the database is that tree's.
    _write(base / "1" / ("d" * 32) / "meta.yaml")
    _write(base / "1" / ("d" * 32) / "artifacts" / "f")
    experiments = [{"experiment_id": "1", "artifact_location": str(base / "1")}]
    snapshot = _snapshot({RUN: str(base / "1" / RUN / "artifacts")}, experiments=experiments)
    found = LocalArtifacts(tmp_path).inventory(snapshot, ignore)
    assert sorted(_owned(found)) == [
        ("", OTHER, "f"),
        ("", OTHER, "f"),
        ("", MODEL, "f"),
        ("run", RUN, "f"),
        ("trace", "tr-1", "f"),
    ]


def test_the_copy_of_a_run_is_nobodys_and_says_whose_it_is(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    run = write_run(write_experiment(root), RUN)
    write_experiment(root, "2")
    shutil.copytree(run, root / "2" / RUN)
    found = LocalArtifacts(root).inventory(FileStore(root).read(ignore), ignore)
    assert sorted(_owned(found)) == [("", RUN, "model.txt"), ("run", RUN, "model.txt")]


def test_links_stay_in_their_folder(tmp_path: Path) -> None:
    folder = _write(tmp_path / "art" / "f", "content").parent
    _write(folder / "sub" / "g")
    secret = _write(tmp_path / "secret")
    (folder / "in").symlink_to("f")
    (folder / "out").symlink_to(secret)
    (folder / "gone").symlink_to("nowhere")
    (folder / "ring").symlink_to("ring")
    (folder / "up").symlink_to("..")
    (folder / "again").symlink_to("sub")
    os.mkfifo(folder / "pipe")
    found = LocalArtifacts(tmp_path).inventory(_snapshot({RUN: str(folder)}), ignore, hashed=True)
    assert [path for *_, path in _owned(found)] == ["f", "in", "sub/g"]
    assert {finding.code for finding in found.findings} == {"FILE-003"}
    named = {Path(finding.subject).name for finding in found.findings}
    assert named == {"out", "gone", "ring", "up", "again", "pipe"}
    first, second = found.files.rows(named=True)[:2]
    assert first["inode"] == second["inode"]
    assert first["sha256"] == second["sha256"] == hashlib.sha256(b"content").hexdigest()


def test_hard_links_are_read_once(tmp_path: Path) -> None:
    folder = _write(tmp_path / "art" / "f", "x" * 3_000_000).parent
    (folder / "g").hardlink_to(folder / "f")
    events: list[Event] = []
    snapshot = _snapshot({RUN: str(folder)})
    found = LocalArtifacts(tmp_path).inventory(snapshot, events.append, hashed=True)
    digest = hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert found.files["sha256"].to_list() == [digest, digest]
    assert StageDone("digesting artifacts", "1 file, 3.0 MB") in events


def test_a_name_that_is_not_utf8_is_listed(tmp_path: Path) -> None:
    folder = _write(tmp_path / "art" / "f").parent
    Path(os.fsdecode(os.fsencode(folder) + b"/ann\xe9e")).write_bytes(b"1")
    found = LocalArtifacts(tmp_path).inventory(_snapshot({RUN: str(folder)}), ignore, hashed=True)
    assert found.files["path"].to_list() == ["ann\xe9e", "f"]
    assert found.files["sha256"].null_count() == 0
    assert [finding.code for finding in found.findings] == ["FILE-003"]


def test_a_file_that_changes_is_not_digested(tmp_path: Path) -> None:
    file = _write(tmp_path / "art" / "f", "1234")

    def grow(event: Event) -> None:
        if isinstance(event, StageDone) and event.stage == "listing artifacts":
            file.write_text("12345")

    snapshot = _snapshot({RUN: str(file.parent)})
    found = LocalArtifacts(tmp_path).inventory(snapshot, grow, hashed=True)
    assert found.files["sha256"].to_list() == [None]
    assert found.findings[0].evidence == {"listed": 4, "read": 5}
