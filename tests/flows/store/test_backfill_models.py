"""The one native model of a run is found; where it is not clear, nothing is taken."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from scorewright.flows.store.backfill_models import StoredFile, find_model

TEXT = """tree
version=v4
feature_names={names}

Tree=0
num_leaves=2
split_feature=0
split_gain=7.5

end of trees

parameters:
[num_leaves: 7]
end of parameters
"""


class Contents:
    """Files in memory."""

    def __init__(self, **files: bytes) -> None:
        self.files = files

    def read(self, path: Path) -> bytes | None:
        return self.files.get(path.as_posix())

    def sha256(self, path: Path) -> str | None:
        content = self.read(path)
        return None if content is None else hashlib.sha256(content).hexdigest()

    def has_digest(self, path: Path, digest: str) -> bool:
        return (self.sha256(path) or "").startswith(digest)


def _model(names: str = "a b") -> bytes:
    return TEXT.format(names=names).encode()


@pytest.mark.parametrize("name", ["/model/model.txt", "/model/model.lgb", "/lgb_model.txt"])
def test_a_model_is_found_by_its_name_and_content(name: str) -> None:
    found = find_model([StoredFile(name, Path(name))], [], Contents(**{name: _model()}))
    assert found.model is not None
    assert dict(found.model.importance) == {"a": 7.5, "b": 0.0}
    assert found.sha256 == hashlib.sha256(_model()).hexdigest()
    assert found.doubts == ()


def test_equal_copies_are_one_model() -> None:
    names = ("/model/model.txt", "/model_backup/model.txt")
    files = dict.fromkeys(names, _model())
    found = find_model([StoredFile(n, Path(n)) for n in names], [], Contents(**files))
    assert found.model is not None
    assert found.file is not None
    assert found.file.name == names[0]


def test_of_several_models_none_is_taken() -> None:
    files = {"/model_1.txt": _model(), "/model_2.txt": _model("a c")}
    found = find_model([StoredFile(n, Path(n)) for n in files], [], Contents(**files))
    assert found.model is None
    (doubt,) = found.doubts
    assert "/model_1.txt, /model_2.txt" in doubt


def test_a_bundle_names_the_inputs() -> None:
    space = {"features": [{"name": "income €"}, {"name": "debt"}]}
    files = {"/b/model/model.txt": _model(), "/b/features.json": json.dumps(space).encode()}
    found = find_model([StoredFile(n, Path(n)) for n in files], [], Contents(**files))
    assert found.model is not None
    assert list(found.model.importance) == ["income €", "debt"]


@pytest.mark.parametrize(
    "space", [b"{", b"[]", b'{"features": 3}', b'{"features": [{"name": "x"}]}']
)
def test_a_broken_list_of_inputs_is_left_aside(space: bytes) -> None:
    files = {"/b/model/model.txt": _model(), "/b/features.json": space}
    found = find_model([StoredFile(n, Path(n)) for n in files], [], Contents(**files))
    assert found.model is not None
    assert list(found.model.importance) == ["a", "b"]


def test_documents_are_no_models_and_nobody_is_bothered() -> None:
    files = {"/model_metadata.json": b"{}", "/model_info.json": b"{}", "/notes.txt": b"x"}
    found = find_model([StoredFile(n, Path(n)) for n in files], [], Contents(**files))
    assert (found.model, found.doubts) == (None, ())
