"""Compiled trees: only what we compiled and proved ourselves is ever loaded."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.adapters.trees.boosters import SPACE, grown, rows

from scorewright.adapters.accelerators import Accelerators, Libraries, ProofFiles, prove_engine
from scorewright.adapters.accelerators.fast import COMPILED, ENGINE, FastModel
from scorewright.adapters.accelerators.libraries import UnusableLibraryError
from scorewright.adapters.accelerators.proof import setting
from scorewright.adapters.trees import LoadedLgbmModel, load_booster
from scorewright.core.bundles import Bundle
from scorewright.core.digests import sha256_hex

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc) here")
needs_modes = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


@pytest.fixture
def compiled(tmp_path: Path) -> Accelerators:
    return Accelerators("compiled", ProofFiles(tmp_path / "engines"), _libraries(tmp_path))


def _libraries(folder: Path) -> Libraries:
    return Libraries(folder / "cache")


@needs_compiler
def test_compiled_trees_score_to_the_bit(
    tree_bundle: Bundle,
    loaded: LoadedLgbmModel,
    compiled: Accelerators,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given nothing compiled: the interpreter scores, and it is said why
    first = compiled.choose(tree_bundle, loaded)
    assert first.engine == ENGINE
    assert "has not compiled the trees yet" in first.reason
    # When they are compiled and proved
    proof = compiled.prove(tree_bundle, loaded)
    assert proof is not None
    assert proof.is_equal, proof.reason
    chosen = compiled.choose(tree_bundle, loaded)
    # Then they score, with LightGBM's bits
    assert chosen.engine == COMPILED
    assert isinstance(chosen.model, FastModel)
    x = rows(3000, seed=41)
    assert chosen.model.predict(x).tobytes() == loaded.predict(x).tobytes()
    alone = np.concatenate([chosen.model.predict(x[i : i + 1]) for i in range(50)])
    assert alone.tobytes() == loaded.predict(x[:50]).tobytes()
    # And the native code lies in the user's folder, nothing of it beside the proofs
    assert [file.stem for file in (tmp_path / "cache").iterdir()] == [proof.library]
    assert {file.suffix for file in (tmp_path / "engines").iterdir()} == {".json"}
    # And what is there is compared again, but not compiled again
    before = _libraries(tmp_path).find(proof.library).stat()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    again = compiled.prove(tree_bundle, loaded)
    assert again is not None
    assert (again.is_equal, again.library) == (True, proof.library)
    assert _libraries(tmp_path).find(proof.library).stat() == before


@needs_compiler
def test_trees_that_are_gone_or_altered_are_not_loaded(
    tree_bundle: Bundle, loaded: LoadedLgbmModel, compiled: Accelerators, tmp_path: Path
) -> None:
    proof = compiled.prove(tree_bundle, loaded)
    assert proof is not None
    file = _libraries(tmp_path).find(proof.library)
    whole = file.read_bytes()
    for data, said in ((whole + b"\0", "were altered"), (None, "are gone")):
        file.unlink()
        if data is not None:
            file.write_bytes(data)
        chosen = compiled.choose(tree_bundle, loaded)
        assert chosen.engine == ENGINE
        assert said in chosen.reason
    # Compiled anew, they score again
    compiled.prove(tree_bundle, loaded)
    assert compiled.choose(tree_bundle, loaded).engine == COMPILED


@needs_compiler
def test_the_trees_of_another_model_are_refused(
    tree_bundle: Bundle, loaded: LoadedLgbmModel, compiled: Accelerators, tmp_path: Path
) -> None:
    # Given compiled trees of one model, and a proof that names them for another
    other = load_booster(
        {"model.txt": grown(30, num_leaves=7).model_to_string(num_iteration=-1).encode()}, SPACE
    )
    of_other = replace(tree_bundle, model_files=other.files())
    proof = compiled.prove(tree_bundle, loaded)
    assert proof is not None
    forged = replace(proof, model=sha256_hex(other.files()["model.txt"]))
    ProofFiles(tmp_path / "engines").keep(forged)
    # Then they do not score that one
    chosen = compiled.choose(of_other, other)
    assert chosen.engine == ENGINE
    assert "was refused" in chosen.reason


@needs_modes
def test_native_code_that_others_could_alter_is_not_loaded(tmp_path: Path) -> None:
    libraries = _libraries(tmp_path)
    digest = libraries.keep(b"code")
    file = libraries.find(digest)
    assert (file.parent.stat().st_mode & 0o777) == 0o700
    # Given a file, then a folder, that others may write
    file.chmod(0o666)
    with pytest.raises(UnusableLibraryError, match="changed by other users"):
        libraries.find(digest)
    file.chmod(0o600)
    file.parent.chmod(0o777)
    with pytest.raises(UnusableLibraryError, match="changed by other users"):
        libraries.find(digest)
    with pytest.raises(UnusableLibraryError, match="changed by other users"):
        libraries.keep(b"other code")


def test_a_link_is_no_library(tmp_path: Path) -> None:
    libraries = _libraries(tmp_path)
    digest = libraries.keep(b"code")
    file = libraries.find(digest)
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    with pytest.raises(UnusableLibraryError, match="are gone"):
        libraries.find(digest)


def test_only_the_newest_libraries_stay(tmp_path: Path) -> None:
    libraries = _libraries(tmp_path)
    digests = [libraries.keep(bytes([i])) for i in range(50)]
    for i, digest in enumerate(digests):
        os.utime(libraries.find(digest), ns=(i, i))
    last = libraries.keep(b"one more")
    with pytest.raises(UnusableLibraryError, match="are gone"):
        libraries.find(digests[0])
    assert {libraries.find(digest).stem for digest in (*digests[1:], last)} == {*digests[1:], last}


@needs_compiler
def test_an_account_without_a_home_compiles_nothing(
    tree_bundle: Bundle, loaded: LoadedLgbmModel, tmp_path: Path
) -> None:
    compiled = Accelerators("compiled", ProofFiles(tmp_path), Libraries(None))
    proof = compiled.prove(tree_bundle, loaded)
    assert proof is not None
    assert not proof.is_equal
    chosen = compiled.choose(tree_bundle, loaded)
    assert chosen.engine == ENGINE
    assert "XDG_CACHE_HOME" in chosen.reason


def test_without_a_compiler_the_interpreter_scores(
    tree_bundle: Bundle,
    loaded: LoadedLgbmModel,
    compiled: Accelerators,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    proof = compiled.prove(tree_bundle, loaded)
    assert proof is not None
    assert (proof.engine, proof.is_equal, proof.library) == (COMPILED, False, "")
    chosen = compiled.choose(tree_bundle, loaded)
    assert chosen.engine == ENGINE
    assert "not compiled: RuntimeError" in chosen.reason


@needs_compiler
def test_a_proof_of_compiled_trees_is_not_one_of_the_interpreter(
    text: bytes, tmp_path: Path
) -> None:
    proof = prove_engine(text, rows(10), library=tmp_path / "trees", rows=500)
    assert proof.is_equal, proof.reason
    files = ProofFiles(tmp_path / "engines")
    files.keep(proof)
    assert files.find(proof.model, setting(), COMPILED) == proof
    assert files.find(proof.model, setting()) is None
