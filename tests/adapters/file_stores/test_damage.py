"""Damaged trees are read as far as they go, and every loss is named."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import polars as pl
import pytest
from tests.adapters.file_stores.trees import fingerprint, write_experiment, write_run
from tests.stores.damaged_trees import readable_trees, refused_trees
from tests.stores.fixtures import unpacked

from scorewright.adapters.file_stores import FileStore
from scorewright.core.errors import ScorewrightError
from scorewright.core.findings import Finding
from scorewright.core.snapshot import Snapshot
from scorewright.flows.events import ignore

RUN, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "mlruns"
    write_run(write_experiment(folder), RUN)
    return folder


def _read(root: Path) -> Snapshot:
    return FileStore(root).read(ignore, history=True)


def _only(found: Snapshot, code: str) -> Finding:
    assert [finding.code for finding in found.findings] == [code]
    return found.findings[0]


@pytest.mark.parametrize("content", [b"", b"name: [", b"- 1\n", b"[" * 50_000, b"\x00", b"a: *b"])
def test_a_damaged_run_is_shown(root: Path, content: bytes) -> None:
    (root / "1" / RUN / "meta.yaml").write_bytes(content)
    found = _read(root)
    finding = _only(found, "STORE-025")
    assert finding.subject.endswith(f"{RUN}/meta.yaml")
    row = found.runs.row(0, named=True)
    assert (row["run_id"], row["status"], row["start_time"]) == (RUN, "", None)
    assert row["artifact_uri"] == (root / "1" / RUN / "artifacts").as_uri()
    assert found.params.rows() == [(RUN, "depth", "6")]


def test_a_run_without_its_file_is_shown(root: Path) -> None:
    (root / "1" / RUN / "meta.yaml").unlink()
    found = _read(root)
    assert _only(found, "STORE-029").severity == "error"
    assert found.runs["run_id"].to_list() == [RUN]


def test_an_experiment_without_its_file_is_shown(root: Path) -> None:
    (root / "1" / "meta.yaml").unlink()
    found = _read(root)
    assert _only(found, "STORE-029").evidence["runs"] == 1
    assert found.experiments.select("experiment_id", "name").rows() == [("1", "")]
    assert found.runs.height == 1


def test_folders_of_artifacts_alone_are_no_runs(root: Path) -> None:
    (root / "1" / OTHER / "artifacts").mkdir(parents=True)
    (root / "9" / OTHER / "artifacts").mkdir(parents=True)
    found = _read(root)
    assert [finding.code for finding in found.findings] == ["STORE-029", "STORE-029"]
    assert (found.runs.height, found.experiments.height) == (1, 1)


def test_cut_and_repeated_lines_are_named(root: Path) -> None:
    file = root / "1" / RUN / "metrics" / "auc"
    file.write_bytes(b"1 0.5 0\n1 0.5 0\n\n2 0.")
    found = _read(root)
    cut, repeated = found.findings
    assert (cut.code, repeated.code) == ("STORE-026", "STORE-027")
    assert cut.evidence["lines"] == ["", "2 0."]
    assert repeated.evidence == {"repeated": 1}
    assert found.metrics["points"].to_list() == [1]
    file.write_bytes(b"")
    assert _only(_read(root), "STORE-026").message == "The metric's file is empty."


def test_values_keep_their_bytes(root: Path) -> None:
    params = root / "1" / RUN / "params"
    (params / "lines").write_bytes(b"a\r\nb\n")
    (params / "latin").write_bytes("pr\xe9stamo".encode("latin-1"))
    (params / "deep" / "er").mkdir(parents=True)
    (params / "deep" / "er" / "key").write_bytes(b"x" * 200_000)
    found = _read(root)
    values = dict(found.params.select("key", "value").iter_rows())
    assert values["lines"] == "a\r\nb\n"
    assert values["latin"] == "pr\xe9stamo"
    assert len(values["deep/er/key"]) == 200_000
    assert _only(found, "STORE-028").subject.endswith("latin")


def test_a_name_that_is_not_utf8_is_kept(root: Path) -> None:
    path = os.fsencode(root / "1" / RUN / "params") + b"/ann\xe9e"
    Path(os.fsdecode(path)).write_bytes(b"1")
    found = _read(root)
    assert _only(found, "STORE-028").evidence == {"what": "name"}
    assert "ann\xe9e" in found.params["key"].to_list()


def test_a_copied_run_is_named_and_read_once(root: Path) -> None:
    write_experiment(root, "0")
    shutil.copytree(root / "1" / RUN, root / "0" / RUN)
    found = _read(root)
    finding = _only(found, "STORE-030")
    assert finding.subject.endswith(f"0/{RUN}")
    assert finding.evidence["identical"] is True
    assert found.runs.select("run_id", "experiment_id").rows() == [(RUN, "1")]
    (root / "0" / RUN / "params" / "depth").write_text("7")
    found = _read(root)
    assert _only(found, "STORE-030").evidence["identical"] is False
    assert found.params["value"].to_list() == ["6"]


def test_artifacts_alone_do_not_hide_the_run_they_share_an_id_with(root: Path) -> None:
    write_experiment(root, "0")
    (root / "0" / RUN / "artifacts").mkdir(parents=True)
    (root / "1" / RUN / "meta.yaml").unlink()
    found = _read(root)
    assert [finding.code for finding in found.findings] == ["STORE-029", "STORE-029"]
    assert found.runs.select("run_id", "experiment_id").rows() == [(RUN, "1")]


def test_a_data_set_of_two_experiments_has_two_ids(root: Path) -> None:
    write_run(write_experiment(root, "2"), OTHER)
    for path in (f"1/datasets/{RUN}", f"2/datasets/{RUN}"):
        (root / path).mkdir(parents=True)
        (root / path / "meta.yaml").write_text("name: home\ndigest: '1'\n")
    link = root / "2" / OTHER / "inputs" / "x"
    link.mkdir(parents=True)
    (link / "meta.yaml").write_text(f"source_type: DATASET\nsource_id: {RUN}\ntags: {{a: b}}\n")
    found = FileStore(root).read(ignore)
    assert (found.findings, found.history) == ((), None)
    assert found.datasets["dataset_id"].n_unique() == 2
    joined = found.inputs.join(found.datasets, on="dataset_id")
    assert joined.select("run_id", "experiment_id", "context").rows() == [(OTHER, "2", "")]
    assert found.input_tags.drop("dataset_id").rows() == [(OTHER, "a", "b")]
    assert found.others.is_empty()


def test_a_copied_experiment_gets_an_id_of_its_own(root: Path) -> None:
    shutil.copytree(root / "1", root / "1 copy")
    found = _read(root)
    assert [finding.code for finding in found.findings] == ["STORE-030", "STORE-030"]
    assert found.experiments["experiment_id"].to_list() == ["1", "1 copy"]
    assert found.runs.height == 1


def test_experiments_with_words_for_ids_are_read(root: Path) -> None:
    write_run(write_experiment(root, "tuning"), OTHER)
    found = _read(root)
    assert found.findings == ()
    assert set(found.runs["experiment_id"]) == {"1", "tuning"}


def test_what_mlflow_hides_is_named(root: Path) -> None:
    (root / "1" / RUN).rename(root / "1" / OTHER)
    found = _read(root)
    assert _only(found, "STORE-029").evidence == {"run_id": RUN}
    (root / "1").rename(root / "moved")
    found = _read(root)
    assert {finding.code for finding in found.findings} == {"STORE-029"}
    assert found.experiments["experiment_id"].to_list() == ["1"]


def test_odd_fields_are_named(root: Path) -> None:
    meta = root / "1" / RUN / "meta.yaml"
    meta.write_text(f"run_id: {RUN}\nstatus: 99\nstart_time: soon\nend_time: {10**30}\nname: [1]\n")
    found = _read(root)
    assert [finding.code for finding in found.findings] == ["STORE-025"] * 5
    row = found.runs.row(0, named=True)
    assert (row["status"], row["start_time"], row["end_time"]) == ("", None, None)


def test_pipes_links_and_rings_do_not_hang(root: Path) -> None:
    params = root / "1" / RUN / "params"
    os.mkfifo(params / "pipe")
    (params / "ring").symlink_to(params / "ring")
    (params / "gone").symlink_to(params / "nowhere")
    (params / "up").symlink_to(root)
    (root / "1" / "ring").symlink_to(root / "1" / "ring")
    os.mkfifo(root / "2")
    (root / "3").mkdir()
    os.mkfifo(root / "3" / "meta.yaml")
    found = _read(root)
    named = {Path(f.subject).name for f in found.findings if f.code == "STORE-025"}
    assert {"pipe", "ring", "gone", "up", "meta.yaml"} <= named
    assert found.params["key"].to_list() == ["depth"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_files_without_rights_are_named(root: Path) -> None:
    file = root / "1" / RUN / "params" / "depth"
    file.chmod(0)
    assert _only(_read(root), "STORE-025").subject == str(file)


def test_folders_that_are_no_store_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "files" / "0" / RUN / "artifacts").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    for name in ("empty", "files", "file", "nothing"):
        with pytest.raises(ScorewrightError) as caught:
            FileStore(tmp_path / name).read(ignore)
        assert caught.value.code == "store-invalid"


def test_trees_in_which_nothing_is_understood_are_refused(tmp_path: Path) -> None:
    for case in refused_trees(tmp_path / "trees", 0):
        with pytest.raises(ScorewrightError) as caught:
            _read(case.path)
        assert caught.value.code == "store-invalid", case.name


def test_of_other_trees_the_whole_runs_are_read(tmp_path: Path) -> None:
    for case in readable_trees(tmp_path / "trees", 0):
        runs = _read(case.path).runs
        assert runs.filter(pl.col("status") != "").height >= case.whole_runs, case.name


@pytest.mark.parametrize("seed", range(12))
def test_garbage_anywhere_is_survived(tmp_path: Path, seed: int) -> None:
    root = unpacked("3.17.2", "file", tmp_path).path
    rng = random.Random(seed)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for path in rng.sample(files, 25):
        data = path.read_bytes()
        match rng.randrange(4):
            case 0:
                path.write_bytes(data[: rng.randrange(len(data) + 1)])
            case 1:
                path.write_bytes(rng.randbytes(rng.randrange(100)))
            case 2:
                path.unlink()
            case _:
                path.write_bytes(b"[{" * rng.randrange(3000) + data)
    before = fingerprint(root)
    found = _read(root)
    assert fingerprint(root) == before
    assert found.runs["run_id"].is_unique().all()
    assert found.runs.filter(pl.col("run_id").is_null()).is_empty()
    again = _read(root)
    assert again.findings == found.findings
    assert all(again.tables()[name].equals(frame) for name, frame in found.tables().items())
