"""Equal files and files of nobody, on listings made by hand."""

from __future__ import annotations

import json
from hashlib import sha256

from tests.fakes.audited_stores import NOW, ROOT, StoreDraft, audited, conventions

from scorewright.core.plans import FileChange, LinkChange
from scorewright.core.rationalise import Evidence, Proposal, fixes

RUNS = [f"{number:032x}" for number in range(3)]
SAME = "a" * 64


def draft(*inodes: str, size: int = 10_000) -> StoreDraft:
    """A store in which as many runs have the same file."""
    made = StoreDraft.perfect(len(inodes))
    for run, inode in zip(RUNS, inodes, strict=False):
        made.file(run, "data.bin", sha256=SAME, size=size, inode=inode)
    return made


def planned(made: StoreDraft, *codes: str) -> Proposal:
    told = made.given()
    evidence = Evidence(told.snapshot, conventions(), NOW, files=told.files)
    return fixes(evidence, audited(made), codes)


def links(proposal: Proposal) -> list[LinkChange]:
    changes = [change for idea in proposal.ideas for change in idea.files]
    return [change for change in changes if isinstance(change, LinkChange)]


def path(number: int) -> str:
    return f"{ROOT}/1/{RUNS[number]}/artifacts/data.bin"


def test_equal_files_of_one_file_system_share_their_bytes() -> None:
    proposal = planned(draft("5:1", "5:2", "5:3"), "FILE-002")
    changes = [change for idea in proposal.ideas for change in idea.files]
    assert changes == [LinkChange(path(n), path(0), SAME, 10_000) for n in (1, 2)]


def test_hard_links_free_their_bytes_once() -> None:
    proposal = planned(draft("5:1", "5:2", "5:2"), "FILE-002")
    assert [change.size for change in links(proposal)] == [10_000, 0]


def test_the_file_of_a_registered_version_is_kept() -> None:
    made = draft("5:1", "5:2", "5:3")
    made.version("m", 1, RUNS[2])
    made.model("m")
    made.rows["model_versions"][0]["source"] = path(2).removesuffix("/data.bin")
    proposal = planned(made, "FILE-002")
    assert {change.keeper for change in links(proposal)} == {path(2)}


def test_across_file_systems_a_reference_takes_the_place() -> None:
    proposal = planned(draft("5:1", "6:1"), "FILE-002")
    ((made, gone),) = [idea.files for idea in proposal.ideas]
    (content,) = proposal.contents.values()
    digest = sha256(content).hexdigest()
    assert made == FileChange(
        f"{path(1)}.duplicate-of.json", None, digest, len(content), f"payload:{digest}"
    )
    assert gone == FileChange(path(1), SAME, None, 10_000, "", "bin")
    assert json.loads(content) == {"duplicate_of": path(0), "sha256": SAME, "size": 10_000}


def test_what_a_model_loads_never_becomes_a_reference() -> None:
    made = draft("5:1", "6:1")
    for number in (0, 1):
        made.version("m", number + 1, RUNS[number])
    proposal = planned(made, "FILE-002")
    assert proposal.ideas == ()
    assert any("another file system" in note for note in proposal.notes)


def test_runs_that_still_run_and_small_files_are_left() -> None:
    made = draft("5:1", "5:2")
    made.change(RUNS[1], status="RUNNING")
    proposal = planned(made, "FILE-002")
    assert proposal.ideas == ()
    assert any("have not ended" in note for note in proposal.notes)
    small = planned(draft("5:1", "5:2", size=10), "FILE-002")
    assert small.ideas == ()
    assert any("no fault" in note for note in small.notes)


def test_folders_of_nobody_go_to_the_bin_unless_somebody_may_need_them() -> None:
    made = StoreDraft.perfect(1)
    lost = f"{ROOT}/1/{'e' * 32}/artifacts"
    made.file("e" * 32, "model/model.txt", owner="", folder=lost, size=7)
    needed = f"{ROOT}/1/{'d' * 32}/artifacts"
    made.file("d" * 32, "model/model.txt", owner="", folder=needed)
    made.version("m", 1, RUNS[0])
    made.rows["model_versions"][0]["source"] = f"{needed}/model"
    proposal = planned(made, "FILE-001")
    (idea,) = proposal.ideas
    assert [change.path for change in idea.files] == [f"{lost}/model/model.txt"]
    assert isinstance(idea.files[0], FileChange)
    assert idea.files[0].content_before == "bin"
    assert any(needed in note and "version m/1" in note for note in proposal.notes)
