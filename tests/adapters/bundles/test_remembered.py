"""A bundle is tried in a child once: its note is believed for this setting, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scorewright.adapters.bundles import CanaryProver, RememberedProofs
from scorewright.core.errors import IntegrityError
from scorewright.flows.ports import Proof

SETTING = {"lightgbm": "4.7.0", "processor": "one"}


@dataclass
class Child:
    """A prover that counts how often it is asked."""

    code: str = ""
    asked: list[Path] = field(default_factory=list)

    def prove(self, directory: Path) -> Proof:
        self.asked.append(directory)
        if self.code:
            raise IntegrityError("It died.", remedy="Train again.", code=self.code)
        return CanaryProver(60).prove(directory)


def test_a_bundle_is_tried_once(published: Path, tmp_path: Path) -> None:
    child = Child()
    first = RememberedProofs(child, tmp_path / "notes", SETTING).prove(published)
    # When it is asked for again, by another process too
    again = RememberedProofs(child, tmp_path / "notes", SETTING).prove(published)
    # Then the note answers
    assert again == first
    assert child.asked == [published]


@pytest.mark.parametrize("change", [{"lightgbm": "4.8.0"}, {"processor": "two"}, {"more": "1"}])
def test_a_note_holds_for_its_setting(
    published: Path, tmp_path: Path, change: dict[str, str]
) -> None:
    child = Child()
    RememberedProofs(child, tmp_path / "notes", SETTING).prove(published)
    RememberedProofs(child, tmp_path / "notes", {**SETTING, **change}).prove(published)
    assert len(child.asked) == 2


def test_a_bundle_that_fails_is_not_noted(published: Path, tmp_path: Path) -> None:
    child = Child("bundle-canary-died")
    for _ in range(2):
        with pytest.raises(IntegrityError):
            RememberedProofs(child, tmp_path / "notes", SETTING).prove(published)
    assert len(child.asked) == 2
    assert not (tmp_path / "notes").exists()


def test_a_proof_made_anew_overrules_the_note(published: Path, tmp_path: Path) -> None:
    # Given a note, and libraries that no longer bear the model though their versions are the same
    RememberedProofs(Child(), tmp_path / "notes", SETTING).prove(published)
    child = Child("bundle-canary-died")
    anew = RememberedProofs(child, tmp_path / "notes", SETTING, is_anew=True)
    with pytest.raises(IntegrityError):
        anew.prove(published)
    # Then nobody believes the note from now on
    with pytest.raises(IntegrityError):
        RememberedProofs(child, tmp_path / "notes", SETTING).prove(published)
    assert len(child.asked) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b'{"schema_version": 1}',
        lambda note: json.dumps({**json.loads(note), "schema_version": 2}).encode(),
        lambda note: note.replace(b'"rows": 8', b'"rows": "many"'),
        lambda note: note.replace(json.loads(note)["proof"]["bundle"].encode(), b"0" * 64),
    ],
    ids=["empty", "list", "half", "version", "rows", "bundle"],
)
def test_a_note_that_is_none_is_not_believed(
    published: Path, tmp_path: Path, spoil: object
) -> None:
    child = Child()
    prover = RememberedProofs(child, tmp_path / "notes", SETTING)
    prover.prove(published)
    (note,) = (tmp_path / "notes").iterdir()
    spoiled = spoil(note.read_bytes())  # type: ignore[operator]
    assert spoiled != note.read_bytes()
    note.write_bytes(spoiled)
    assert prover.prove(published).bundle == published.name
    assert len(child.asked) == 2


def test_where_nothing_can_be_written_each_is_tried(published: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    child = Child()
    prover = RememberedProofs(child, tmp_path / "taken", SETTING)
    assert prover.prove(published).bundle == prover.prove(published).bundle
    assert len(child.asked) == 2


def test_what_is_no_bundle_is_left_to_the_child(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError):
        RememberedProofs(CanaryProver(60), tmp_path / "notes", SETTING).prove(tmp_path / "gone")
    assert not (tmp_path / "notes").exists()
