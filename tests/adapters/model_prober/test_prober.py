"""Models in a child process: those that load, and those that do not, each with its reason."""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import socket
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression
from tests.adapters.model_prober.models import (
    catboost_model,
    lightgbm_model,
    table,
    xgboost_model,
)

from scorewright.adapters.model_prober import ChildProber
from scorewright.core.audit import ModelState
from scorewright.flows.store.evidence_ports import ModelVerdict, ProbeDepth, StoredModel


def tried(
    *models: StoredModel, depth: ProbeDepth = ProbeDepth.LOAD, seconds: float = 120.0
) -> list[ModelVerdict | None]:
    return list(ChildProber(seconds).probe(models, depth))


def written(folder: Path, name: str, content: bytes) -> StoredModel:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return StoredModel("file", place)


def described(folder: Path, text: str, **files: bytes) -> StoredModel:
    """A folder with an MLmodel; ``model__txt`` stands for ``model.txt``."""
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text(text)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    names = frozenset(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return StoredModel("mlflow", folder, names)


def fitted() -> LogisticRegression:
    frame = table(100)
    return LogisticRegression().fit(frame.select("income", "age").to_numpy(), frame["default"])


def test_whole_models_load_and_cut_ones_say_where(tmp_path: Path) -> None:
    importlib.import_module("skops.io").dump(fitted(), tmp_path / "m.skops")
    whole = {
        "model.txt": lightgbm_model(),
        "model.ubj": xgboost_model(),
        "model.cbm": catboost_model(),
        "m.skops": (tmp_path / "m.skops").read_bytes(),
    }
    models = [written(tmp_path / "whole", name, content) for name, content in whole.items()]
    cut = [
        written(tmp_path / "cut", name, content[: len(content) // 2])
        for name, content in whole.items()
    ]
    verdicts = tried(*models, *cut)
    assert [v and v.state for v in verdicts[:4]] == [ModelState.LOADED] * 4
    assert [v and v.state for v in verdicts[4:]] == [ModelState.BROKEN] * 4
    told = [v.reason for v in verdicts[4:] if v is not None]
    assert told[0] == "model.txt is cut short: its trees have no end"
    assert told[1] == "model.ubj is cut short: its last bracket is missing"
    assert told[2].startswith("CatBoost cannot read model.cbm")
    assert told[3] == "m.skops is cut short or damaged: it is no archive"


FLAVOR = "flavors:\n  lightgbm:\n    data: {}\n"


@pytest.mark.parametrize(
    ("text", "files", "reason"),
    [
        (FLAVOR.format("model.lgb"), {"model__txt": b"tree\n"},
         "its MLmodel (lightgbm.data) names model.lgb, which is not there"),
        (FLAVOR.format("model.txt"), {"model__txt": b""}, "model.txt is empty"),
        (FLAVOR.format("../model.txt"), {},
         "its MLmodel (lightgbm.data) names ../model.txt, which lies outside the model"),
        ("run_id: x\n", {}, "its MLmodel names no flavours, so nothing knows how to load it"),
        ("flavors: [\n", {}, "its MLmodel is damaged: it is no YAML"),
        ("", {}, "its MLmodel is damaged or empty"),
    ],
)  # fmt: skip
def test_descriptions_are_read_without_loading_anything(
    tmp_path: Path, text: str, files: dict[str, bytes], reason: str
) -> None:
    model = described(tmp_path / "m", text, **files)
    (verdict,) = tried(model, depth=ProbeDepth.LOOK)
    assert verdict == ModelVerdict(ModelState.BROKEN, reason)


def test_a_look_says_nothing_of_what_it_did_not_try(tmp_path: Path) -> None:
    honest = described(tmp_path / "a", FLAVOR.format("model.txt"), model__txt=lightgbm_model())
    doubtful = described(tmp_path / "b", FLAVOR.format("model.txt"), model__txt=b"no tree\n")
    assert tried(honest, doubtful, depth=ProbeDepth.LOOK) == [None, None]
    loaded, broken = tried(honest, doubtful)
    assert loaded == ModelVerdict(ModelState.LOADED, "", "lightgbm")
    assert broken is not None
    assert broken.reason == "model.txt does not begin as a model of LightGBM does"


def test_models_that_mlflow_does_not_keep_are_not_tried(tmp_path: Path) -> None:
    # As `mlflow.create_external_model` writes it.
    outside = described(tmp_path / "m", "flavors: {}\nmodel_id: m-1\n")
    assert tried(outside, depth=ProbeDepth.LOOK) == [None]
    (verdict,) = tried(outside)
    assert verdict is not None
    assert verdict.state is ModelState.NOT_TRIED


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = tmp_path / "path" / "catboost"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'catboost'\", name='catboost')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(hidden.parent))
    (verdict,) = tried(written(tmp_path, "model.cbm", catboost_model()))
    assert verdict == ModelVerdict(
        ModelState.LIBRARY, "it needs catboost, which is not installed here", "catboost"
    )


class _Acts:
    """Does something when it is loaded."""

    def __init__(self, act: Any, *arguments: Any) -> None:
        self.act, self.arguments = act, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.act, self.arguments


def test_pickles_are_never_loaded_unasked(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    model = written(tmp_path, "model.pkl", pickle.dumps(_Acts(os.mkdir, str(mark))))
    looked, verdict = (tried(model, depth=d)[0] for d in (ProbeDepth.LOOK, ProbeDepth.LOAD))
    assert not mark.exists()
    assert looked is None
    assert verdict is not None
    assert verdict.state is ModelState.NOT_TRIED
    assert "a pickle, which runs whatever code it holds" in verdict.reason
    flavor = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n"
    (told,) = tried(described(tmp_path / "m", flavor, model__pkl=b"x"))
    assert told is not None
    assert (told.state, told.format) == (ModelState.NOT_TRIED, "pickle")


def test_pickles_are_loaded_where_a_person_asks_and_kept_in_bounds(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    address = ("127.0.0.1", 9)
    joblib.dump(fitted(), tmp_path / "8.joblib")
    models = [
        written(tmp_path, "0.pkl", pickle.dumps(fitted())),
        written(tmp_path, "1.pkl", pickle.dumps(_Acts(os.mkdir, str(mark)))),
        written(tmp_path, "2.pkl", pickle.dumps(_Acts(os.system, f"touch {mark}"))),
        written(tmp_path, "3.pkl", pickle.dumps(_Acts(open, str(mark), "w"))),
        written(tmp_path, "4.pkl", pickle.dumps(_Acts(socket.create_connection, address))),
        written(tmp_path, "5.pkl", pickle.dumps(_Acts(os._exit, 3))),
        written(tmp_path, "6.pkl", b"cmissing_library\nModel\n."),
        written(tmp_path, "7.pkl", pickle.dumps({"no": "model"})),
        StoredModel("file", tmp_path / "8.joblib"),
    ]
    verdicts = tried(*models, depth=ProbeDepth.PICKLES)
    assert not mark.exists()
    assert [v and v.state for v in verdicts] == [
        ModelState.LOADED, *[ModelState.BROKEN] * 5, ModelState.LIBRARY, ModelState.BROKEN,
        ModelState.LOADED,
    ]  # fmt: skip
    told = [v.reason for v in verdicts if v is not None]
    assert all("a model may not" in reason for reason in told[1:5]), told
    assert told[5] == "it ended the process that loaded it: exit status 3"
    assert told[6] == "it needs missing_library, which is not installed here"
    assert told[7] == "7.pkl holds a dict, which predicts nothing"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_what_hangs_is_ended_and_the_next_is_tried(tmp_path: Path) -> None:
    hanging = written(tmp_path, "a.pkl", pickle.dumps(_Acts(__import__("time").sleep, 600)))
    after = written(tmp_path, "model.txt", lightgbm_model())
    late, loaded = tried(hanging, after, depth=ProbeDepth.PICKLES, seconds=20.0)
    assert late is not None
    assert late.reason == "it did not load within 20 seconds"
    assert loaded is not None
    assert loaded.state is ModelState.LOADED


def test_texts_and_documents_that_are_no_models_are_passed_over(tmp_path: Path) -> None:
    models = [
        written(tmp_path, "model_card.txt", b"This model is good.\n"),
        written(tmp_path, "model_metadata.json", b'{"rows": 3}'),
        written(tmp_path, "empty.cbm", b""),
        written(tmp_path, "net.onnx", b"x"),
    ]
    verdicts = tried(*models)
    assert verdicts[:2] == [None, None]
    assert verdicts[2] == ModelVerdict(ModelState.BROKEN, "it is empty")
    assert verdicts[3] == ModelVerdict(
        ModelState.NOT_TRIED, "models of the kind onnx are not tried", "onnx"
    )
