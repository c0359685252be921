"""Faster engines: proved to the bit in a child, or not used."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.adapters.trees.boosters import COLUMNS, grown, rows

from scorewright.adapters.accelerators import (
    Accelerators,
    EngineProof,
    Libraries,
    ProofFiles,
    prove_engine,
)
from scorewright.adapters.accelerators import choice as choice_module
from scorewright.adapters.accelerators.fast import FastModel, open_fast
from scorewright.adapters.accelerators.proof import compare, setting
from scorewright.adapters.accelerators.sample import proof_rows
from scorewright.adapters.trees import LoadedLgbmModel, read_trees
from scorewright.core.bundles import Bundle
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import ScorewrightError
from scorewright.flows.ports import Explains, FittedModel

Floats = npt.NDArray[np.float64]

NO_LIBRARIES = Libraries(None)


def test_the_child_proves_the_engine_equal(text: bytes) -> None:
    proof = prove_engine(text, rows(10), rows=3000)
    assert proof.is_equal, proof.reason
    assert proof.rows == 3010
    assert proof.model == sha256_hex(text)
    assert EngineProof.from_dict(proof.to_dict()) == proof


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os; os.abort()", "status -6"),
        ("import time; time.sleep(60)", "did not answer in 1 seconds"),
        ("print('x' * 200000)", "without a report"),
        ("print('[]')", "without a report"),
    ],
    ids=["dies", "hangs", "floods", "babbles"],
)
def test_a_child_that_fails_proves_nothing(text: bytes, program: str, said: str) -> None:
    seconds = 1.0 if "sleep" in program else 60.0
    command = (sys.executable, "-c", program)
    proof = prove_engine(text, rows(2), rows=10, timeout_seconds=seconds, command=command)
    assert not proof.is_equal
    assert said in proof.reason


def test_a_model_the_engine_does_not_take_is_not_proved() -> None:
    text = grown(5, linear_tree=True).model_to_string().encode()
    proof = prove_engine(text, rows(2), rows=10)
    assert (proof.rows, proof.is_equal) == (0, False)
    assert "ValueError" in proof.reason


def test_one_bit_on_one_row_is_a_difference(
    loaded: LoadedLgbmModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an engine that is one bit off, only for single rows with a missing first value
    real = FastModel.predict

    def off(self: FastModel, x: Floats) -> Floats:
        scores = real(self, x)
        if len(x) == 1 and np.isnan(x[0, 0]):
            return np.nextafter(scores, 1.0)
        return scores

    golden = rows(3, seed=30)
    assert compare(loaded, golden, 60)["different"] == 0
    monkeypatch.setattr(FastModel, "predict", off)
    # When it is compared, then those rows are counted
    assert compare(loaded, golden, 60)["different"] > 0


def test_rows_stand_at_the_edges_of_every_test(text: bytes) -> None:
    trees = read_trees(text.decode())
    assert trees is not None
    golden = rows(4, seed=31)
    found = proof_rows(trees, golden, 6000, 1)
    assert found.shape == (6000, COLUMNS)
    assert np.array_equal(found, proof_rows(trees, golden, 6000, 1), equal_nan=True)
    assert np.isnan(found[0]).all()
    assert 0.1 < np.isnan(found).mean() < 0.25
    is_number = np.isfinite(trees.threshold)
    for column in range(COLUMNS):
        own = np.unique(trees.threshold[is_number & (trees.feature == column)])
        seen = set(found[:, column].tolist())
        if column < 5:
            few = own[:3]
            assert set(few.tolist()) | set(np.nextafter(few, np.inf).tolist()) <= seen
        else:
            # Known codes, those that came later, and what is none
            assert {-1.0, 0.0, 1.0} <= seen


@pytest.mark.parametrize("wish", ["auto", "lightgbm", "fast"])
def test_what_is_chosen_scores_to_the_bit(
    wish: Any, tree_bundle: Bundle, loaded: LoadedLgbmModel, tmp_path: Path
) -> None:
    accelerators = Accelerators(wish, ProofFiles(tmp_path), NO_LIBRARIES)
    first = accelerators.choose(tree_bundle, loaded)
    # Without a proof only who insists has one made
    assert first.engine == ("pylignum" if wish == "fast" else "lightgbm")
    accelerators.prove(tree_bundle, loaded)
    chosen = accelerators.choose(tree_bundle, loaded)
    assert chosen.engine == ("lightgbm" if wish == "lightgbm" else "pylignum")
    assert chosen.to_dict()["reason"]
    x = rows(300, seed=40)
    assert chosen.model.predict(x).tobytes() == loaded.predict(x).tobytes()
    alone = np.concatenate([chosen.model.predict(x[i : i + 1]) for i in range(50)])
    assert alone.tobytes() == loaded.predict(x[:50]).tobytes()
    assert chosen.model.files() == loaded.files()
    assert chosen.model.importance() == loaded.importance()
    assert list(chosen.model.loss_history()) == []
    assert isinstance(chosen.model, Explains)
    assert np.array_equal(chosen.model.contributions(x[:2]), loaded.contributions(x[:2]))


def test_a_proof_of_another_machine_or_model_is_none(
    text: bytes, tmp_path: Path, tree_bundle: Bundle, loaded: LoadedLgbmModel
) -> None:
    files, here = ProofFiles(tmp_path), setting()
    proof = EngineProof(sha256_hex(text), "pylignum", here, 10, 0, 1.0)
    kept = files.keep(proof)
    assert files.find(proof.model, here) == proof
    assert files.find(proof.model, {**here, "processor": "another"}) is None
    assert files.find("0" * 64, here) is None
    files.keep(replace(proof, setting={**here, "pylignum": "0.0.1"}))
    assert (
        Accelerators("auto", files, NO_LIBRARIES).choose(tree_bundle, loaded).engine == "lightgbm"
    )
    for nonsense in (b"", b"[]", b'{"schema_version": 2}', b'{"schema_version": 1}'):
        kept.write_bytes(nonsense)
        assert files.find(proof.model, here) is None


def test_a_refused_engine_is_named_with_the_reason(
    text: bytes,
    tmp_path: Path,
    tree_bundle: Bundle,
    loaded: LoadedLgbmModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = ProofFiles(tmp_path)
    accelerators = Accelerators("auto", files, NO_LIBRARIES)
    # Given a proof that failed
    proof = EngineProof(sha256_hex(text), "pylignum", setting(), 10, 3, 1.0)
    files.keep(proof)
    chosen = accelerators.choose(tree_bundle, loaded)
    assert (chosen.engine, chosen.model) == ("lightgbm", loaded)
    assert "3 of 10 rows differ" in chosen.reason
    # Given one that held, and golden rows that no longer agree, or a library that is gone
    files.keep(replace(proof, different=0))
    monkeypatch.setattr(FastModel, "predict", lambda _, x: np.full(len(x), 0.5))
    assert "golden rows differ" in accelerators.choose(tree_bundle, loaded).reason

    def broken(*_: object) -> None:
        raise RuntimeError("no such format")

    monkeypatch.setattr(choice_module, "open_fast", broken)
    assert "no such format" in accelerators.choose(tree_bundle, loaded).reason
    monkeypatch.setattr(choice_module, "engine_version", lambda: None)
    assert "not installed" in accelerators.choose(tree_bundle, loaded).reason
    assert accelerators.prove(tree_bundle, loaded) is None


def test_other_learners_have_one_engine(bundle: Bundle, model: FittedModel, tmp_path: Path) -> None:
    accelerators = Accelerators("fast", ProofFiles(tmp_path), NO_LIBRARIES)
    chosen = accelerators.choose(bundle, model)
    assert (chosen.engine, chosen.model) == ("logistic", model)
    assert accelerators.prove(bundle, model) is None


def test_a_proof_that_cannot_be_kept_is_told(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    files = ProofFiles(tmp_path / "taken")
    with pytest.raises(ScorewrightError) as caught:
        files.keep(EngineProof(sha256_hex(text), "pylignum", setting(), 1, 0, 1.0))
    assert caught.value.code == "write-failed"


def test_where_memory_has_no_names_a_file_is_used(
    loaded: LoadedLgbmModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("os.memfd_create", raising=False)
    x = rows(20, seed=50)
    assert open_fast(loaded).predict(x).tobytes() == loaded.predict(x).tobytes()
