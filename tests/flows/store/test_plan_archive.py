"""A legacy store is moved aside only when a verified store holds all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.flows.store.messy import build_messy
from tests.flows.store.planning import Planned
from tests.stores.story import build_story

from scorewright.adapters.store_editing import folder_digest, reference_of
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.plans import Balance, MoveChange, Plan, Receipt, StoreRef
from scorewright.core.snapshot import SourceKind
from scorewright.flows.store.plan_archive import Legacy, plan_archive


@dataclass
class Places:
    """The disk, by the real digests."""

    def reference(self, location: str) -> StoreRef:
        return reference_of(location)

    def digest(self, path: str) -> str:
        return folder_digest(Path(path))

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def has_journal(self, path: str) -> bool:
        return Path(f"{path}-wal").exists()


@pytest.fixture
def case(tmp_path: Path) -> dict[str, Any]:
    story = build_story(tmp_path / "old")
    target = Planned(build_messy(tmp_path / "new"))
    folder = story.notebooks
    made = Plan("consolidate", reference_of(str(target.database)), (reference_of(str(folder)),),
                (), (), "2024-01-01T00:00:00+00:00", "ana")  # fmt: skip
    ref = made.target
    receipt = Receipt(made, "", "ana", "a", "b", ref, ref, "", "")
    return {
        "legacy": Legacy(str(folder), str(folder), SourceKind.FILES, 80),
        "receipt": receipt,
        "verified": ("80 runs equal",),
        "target": target.evidence(),
        "tools": target.tools(),
        "places": Places(),
    }


def refusal(case: dict[str, Any], **changed: Any) -> ScorewrightError:
    with pytest.raises(ScorewrightError) as caught:
        plan_archive(**{**case, **changed})
    return caught.value


def test_the_store_gets_a_dated_name_beside_itself(case: dict[str, Any]) -> None:
    plan = plan_archive(**case).plan
    path = case["legacy"].path
    assert plan.kind == "archive"
    assert plan.steps[0].changes == (
        MoveChange(path, f"{path}.archived-2024-06-01", folder_digest(Path(path))),
    )
    assert plan.balance[0].difference == 0
    assert plan.sources == case["receipt"].plan.sources
    assert "Verified before: 80 runs equal" in plan.notes
    assert plan_archive(**case).plan.id == plan.id


def test_a_name_that_is_taken_is_not_used(case: dict[str, Any]) -> None:
    path = case["legacy"].path
    Path(f"{path}.archived-2024-06-01").mkdir()
    (change,) = plan_archive(**case).plan.steps[0].changes
    assert isinstance(change, MoveChange)
    assert change.target == f"{path}.archived-2024-06-01-2"


def test_nothing_is_moved_that_is_not_proved_to_be_elsewhere(case: dict[str, Any]) -> None:
    assert refusal(case, verified=()).code == "archive-not-verified"
    other = replace(case["legacy"], location="elsewhere")
    assert refusal(case, legacy=other).code == "archive-not-contained"
    server = replace(case["legacy"], kind=SourceKind.POSTGRESQL)
    assert refusal(case, legacy=server).code == "archive-no-files"
    (Path(case["legacy"].path) / "1" / "new.txt").write_text("x")
    changed = refusal(case)
    assert changed.code == "archive-changed"
    assert isinstance(changed, IntegrityError)


def test_a_folder_that_the_new_store_still_needs_stays(case: dict[str, Any]) -> None:
    home = str(case["target"].snapshot.source.folder)
    needed = replace(case["legacy"], path=home)
    assert refusal(case, legacy=needed).code == "plan-reaches-alive"


def test_what_was_left_or_in_conflict_is_said(case: dict[str, Any]) -> None:
    assert (
        f"Everything in it is in {case['receipt'].plan.target.location}."
        in plan_archive(**case).plan.notes
    )
    balance = (
        Balance("runs", 80, copied=78, quarantined=2),
        Balance("artifact files", 25, copied=21, left=4),
    )
    plan = replace(case["receipt"].plan, balance=balance, notes=("4 files are nobody's.",))
    notes = plan_archive(**{**case, "receipt": replace(case["receipt"], plan=plan)}).plan.notes
    assert not any(note.startswith("Everything") for note in notes)
    (said,) = (note for note in notes if note.startswith("Not everything of it"))
    assert said.endswith(": 2 runs in conflict, 4 artifact files left.")
    assert "The receipt says: 4 files are nobody's." in notes


def test_a_database_with_a_journal_stays(case: dict[str, Any], tmp_path: Path) -> None:
    # Given rows that lie beside the database
    database = str(build_messy(tmp_path / "legacy"))
    source = reference_of(database)
    plan = replace(case["receipt"].plan, sources=(source,))
    given = {
        "legacy": Legacy(database, database, SourceKind.SQLITE, 3),
        "receipt": replace(case["receipt"], plan=plan),
    }
    Path(f"{database}-wal").write_bytes(b"rows")
    # Then it is not moved without them
    assert refusal(case, **given).code == "archive-open"
    Path(f"{database}-wal").unlink()
    assert plan_archive(**{**case, **given}).plan.steps
