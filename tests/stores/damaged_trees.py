"""Damaged `file:` trees."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.stores.damage_case import Damage
from tests.stores.file_tree import TreeRun, write_experiment, write_run

__all__ = ["WHOLE", "readable_trees", "refused_trees"]

WHOLE = 3
"""Whole runs of experiment 1 (ids of zeros and a digit); no harm of a readable tree is there."""

_GARBAGE = 33
_BAD = "b" * 32
_Meta = Callable[[Path], None]


def refused_trees(folder: Path, seed: int) -> Iterator[Damage]:
    """58 places where no experiment can be read."""
    folder.mkdir(parents=True)
    rng = random.Random(seed)
    for name, harm in {**_METAS, **_garbage(rng)}.items():
        root = _base(folder / name)
        for meta in sorted(root.rglob("meta.yaml")):
            meta.unlink()
            harm(meta)
        yield Damage(f"tree {name}", root, "file", must_refuse=True)
    for name, make in _PLACES.items():
        root = folder / name
        make(root)
        yield Damage(f"tree {name}", root, "file", must_refuse=True)


def readable_trees(folder: Path, seed: int) -> Iterator[Damage]:
    """Trees with three whole runs in experiment 1 and harm in experiment 2 or beside it."""
    folder.mkdir(parents=True)
    rng = random.Random(seed)
    cuts = {f"run meta cut at {cut}": _meta_cut(cut) for cut in rng.sample(range(1, 200), 10)}
    for name, harm in {**_HARM, **cuts}.items():
        root = _base(folder / name)
        harm(root)
        yield Damage(f"tree {name}", root, "file", must_refuse=False, whole_runs=WHOLE)


def _base(root: Path) -> Path:
    for experiment in ("1", "2"):
        write_experiment(root, experiment, f"study_{experiment}", f"file:///home/team/{experiment}")
    for number in range(WHOLE):
        write_run(root, _run("1", f"{number:032x}"))
    write_run(root, _run("2", _BAD))
    return root


def _run(experiment: str, run_id: str) -> TreeRun:
    return TreeRun(
        run_id=run_id,
        experiment_id=experiment,
        name=f"exp{run_id[-2:]}_cv_domain_none",
        artifact_uri=f"file:///home/team/{experiment}/{run_id}/artifacts",
        start=1_709_287_200_000,
        end=1_709_287_300_000,
        params={"num_leaves": "31"},
        tags={"project": "credit_scoring"},
        metrics={"loss": [(1_709_287_200_000 + step, 0.5 / (step + 1), step) for step in range(4)]},
    )


# refused: every meta.yaml of the tree


def _is(content: bytes) -> _Meta:
    def make(path: Path) -> None:
        path.write_bytes(content)

    return make


def _no_file(path: Path) -> None:
    """The case is that it is missing."""


def _is_folder(path: Path) -> None:
    path.mkdir()


def _is_loop(path: Path) -> None:
    path.symlink_to(path.name)


_METAS: dict[str, _Meta] = {
    "metas missing": _no_file,
    "metas empty": _is(b""),
    "metas one newline": _is(b"\n"),
    "metas zero bytes": _is(bytes(200)),
    "metas cut in the first key": _is(b"artifact_l"),
    "metas a list": _is(b"- name\n- experiment_id\n"),
    "metas a text": _is(b"just a sentence\n"),
    "metas a number": _is(b"42\n"),
    "metas not UTF-8": _is(b"name: \xff\xfe\xe9\nexperiment_id: '1'\n"),
    "metas UTF-16": _is("name: a\nexperiment_id: '1'\n".encode("utf-16")),
    "metas of other keys": _is(b"version: 2\nservices: {}\n"),
    "metas open quote": _is(b"name: 'study\nexperiment_id: '1\n"),
    "metas open bracket": _is(b"{name: study, experiment_id: [\n"),
    # A loader that builds objects would run this.
    "metas that run code": _is(b"!!python/object/apply:os.abort []\n"),
    # Each line ten times the one before: a billion items for whoever counts them.
    "metas that explode": _is(
        b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 10))
            for c in range(ord("b"), ord("j"))
        )
    ),
    "metas folders": _is_folder,
    "metas symlinks to themselves": _is_loop,
}


def _garbage(rng: random.Random) -> dict[str, _Meta]:
    # The first byte is none that a text begins with.
    return {
        f"metas garbage {number:02d}": _is(b"\xff" + rng.randbytes(rng.randrange(1, 400)))
        for number in range(_GARBAGE)
    }


# refused: places that are no tree


def _a_file(root: Path) -> None:
    root.write_text("mlruns\n")


def _a_loop(root: Path) -> None:
    root.symlink_to(root.name)


def _an_empty_folder(root: Path) -> None:
    root.mkdir()


def _nothing(root: Path) -> None:
    """The case is that nothing is there, and nothing may be there afterwards."""


def _a_project(root: Path) -> None:
    (root / "src").mkdir(parents=True)
    (root / "src" / "main.py").write_text("pass\n")
    (root / "meta.yaml").write_text("package: {name: recipe}\n")


def _numbers(root: Path) -> None:
    for number in range(3):
        (root / str(number)).mkdir(parents=True)
        (root / str(number) / "image.png").write_bytes(b"\x89PNG\r\n")


def _only_models(root: Path) -> None:
    (root / "models").mkdir(parents=True)


def _only_the_bin(root: Path) -> None:
    (root / ".trash").mkdir(parents=True)


_PLACES: dict[str, Callable[[Path], None]] = {
    "a file": _a_file,
    "a symlink to itself": _a_loop,
    "an empty folder": _an_empty_folder,
    "not there": _nothing,
    "another project": _a_project,
    "folders of numbers": _numbers,
    "an empty registry": _only_models,
    "an empty bin": _only_the_bin,
}


# readable: one thing in experiment 2, or beside


def _meta_cut(size: int) -> Callable[[Path], None]:
    def harm(root: Path) -> None:
        path = root / "2" / _BAD / "meta.yaml"
        path.write_bytes(path.read_bytes()[:size])

    return harm


def _put(place: str, content: bytes) -> Callable[[Path], None]:
    """Write a file of the harmed run."""

    def harm(root: Path) -> None:
        path = root / "2" / _BAD / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return harm


def _experiment_meta(content: bytes | None) -> Callable[[Path], None]:
    def harm(root: Path) -> None:
        path = root / "2" / "meta.yaml"
        path.unlink()
        if content is not None:
            path.write_bytes(content)

    return harm


def _move(source: str, target: str) -> Callable[[Path], None]:
    def harm(root: Path) -> None:
        (root / source).rename(root / target)

    return harm


def _no_meta(root: Path) -> None:
    (root / "2" / _BAD / "meta.yaml").unlink()


def _strange_name(root: Path) -> None:
    os.mkdir(os.fsencode(root) + b"/caf\xe9 \xff")  # noqa: PTH102 - a name that is no text


def _strange_artifact(root: Path) -> None:
    place = os.fsencode(root / "2" / _BAD / "artifacts") + b"/caf\xe9.txt"
    with open(place, "wb") as stream:  # noqa: PTH123 - a name that is no text
        stream.write(b"1\n")


def _loop_in_artifacts(root: Path) -> None:
    (root / "2" / _BAD / "artifacts" / "again").symlink_to("..", target_is_directory=True)


def _loop_of_experiments(root: Path) -> None:
    (root / "3").symlink_to("3")


def _link_outside(root: Path) -> None:
    (root / "2" / _BAD / "artifacts" / "passwords").symlink_to("/etc/passwd")


def _copied_run(root: Path) -> None:
    write_run(root, _run("1", _BAD))


def _same_name(root: Path) -> None:
    write_experiment(root, "3", "study_1", "file:///home/team/3")


def _wrong_folder(root: Path) -> None:
    (root / "2" / _BAD).rename(root / "2" / ("c" * 32))


def _param_folder(root: Path) -> None:
    (root / "2" / _BAD / "params" / "empty").mkdir()


_HARM: dict[str, Callable[[Path], None]] = {
    "run meta empty": _put("meta.yaml", b""),
    "run meta missing": _no_meta,
    "run meta garbage": _put("meta.yaml", b"\xff\x00\x01garbage"),
    "run meta that runs code": _put("meta.yaml", b"!!python/object/apply:os.abort []\n"),
    "run of an unknown status": _put("meta.yaml", b"run_id: " + _BAD.encode() + b"\nstatus: 9\n"),
    "experiment meta empty": _experiment_meta(b""),
    "experiment meta missing": _experiment_meta(None),
    "experiment meta cut": _experiment_meta(b"artifact_location: file:///home/te"),
    "experiment folder not a number": _move("2", "study two"),
    "experiment folder of another id": _move("2", "7"),
    "run folder of another id": _wrong_folder,
    "metric line cut": _put("metrics/loss", b"1709287200000 0.5 0\n17092872000"),
    "metric line blank": _put("metrics/loss", b"1709287200000 0.5 0\n\n1709287200001 0.4 1\n"),
    "metric line twice": _put("metrics/loss", b"1709287200000 0.5 0\n1709287200000 0.5 0\n"),
    "metric not a number": _put("metrics/loss", b"1709287200000 high 0\n"),
    "metric not UTF-8": _put("metrics/loss", b"1709287200000 0.5 0\n\xff\xfe\n"),
    "metric empty": _put("metrics/loss", b""),
    "metric zero bytes": _put("metrics/loss", b"1709287200000 0.5 0\n" + bytes(40)),
    "param not UTF-8": _put("params/num_leaves", b"pr\xe9stamos"),
    "param with CRLF": _put("params/num_leaves", b"one\r\ntwo\r\n"),
    "param of 9000 characters": _put("params/num_leaves", b"x" * 9000),
    "param with NUL": _put("params/num_leaves", b"a\x00b"),
    "param that is a folder": _param_folder,
    "tag not UTF-8": _put("tags/mlflow.note.content", b"pr\xe9stamos"),
    "folder whose name is no text": _strange_name,
    "artifact whose name is no text": _strange_artifact,
    "symlink loop in artifacts": _loop_in_artifacts,
    "symlink loop beside experiments": _loop_of_experiments,
    "symlink out of the store": _link_outside,
    "run in two experiments": _copied_run,
    "two experiments of one name": _same_name,
}
