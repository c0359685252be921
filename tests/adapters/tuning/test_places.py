"""Where studies lie, and that passwords stay there."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorewright.adapters.tuning import OptunaStudies
from scorewright.adapters.tuning.places import Place, translated
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.tuning import StudyPlan

ROOT = Path("/project")


@pytest.mark.parametrize(
    ("storage", "kind", "url", "locks"),
    [
        (None, "sqlite", "sqlite:////project/.scorewright/tuning/s.db", ".scorewright/tuning"),
        ("sqlite:///a/b.db", "sqlite", "sqlite:////project/a/b.db", "a"),
        ("sqlite:////b.db", "sqlite", "sqlite:////b.db", "/"),
        ("journal:j.log", "journal", "/project/j.log", ""),
    ],
)
def test_files_are_found_from_the_project(
    storage: str | None, kind: str, url: str, locks: str
) -> None:
    place = Place.parse(storage, ROOT, "s")
    assert (place.kind, place.url, place.locks.parent) == (kind, url, ROOT / locks)


def test_postgresql_is_reached_through_psycopg_and_its_password_never_shown() -> None:
    place = Place.parse("postgresql://me:s3cr3t@db.example/studies", ROOT, "s")
    assert place.url == "postgresql+psycopg://me:s3cr3t@db.example/studies"
    assert place.shown == "postgresql+psycopg://me:***@db.example/studies"


@pytest.mark.parametrize("storage", ["redis://x:pw@h/0", "journal:", "sqlite:///", "a.db", "http:"])
def test_other_places_are_refused_without_their_password(storage: str) -> None:
    with pytest.raises(UsageError) as refused:
        Place.parse(storage, ROOT, "s")
    assert refused.value.code == "tuning-storage"
    assert "pw" not in refused.value.message


def test_what_a_database_says_is_told_without_the_password() -> None:
    place = Place.parse("postgresql://me:s3cr3t@db.example/studies", ROOT, "s")
    with pytest.raises(ScorewrightError) as failed, translated(place):
        raise OSError("cannot reach postgresql://me:s3cr3t@db.example/studies\nmore")
    assert failed.value.code == "tuning-storage-unreachable"
    assert "s3cr3t" not in failed.value.message
    assert failed.value.__cause__ is None


def test_a_database_that_is_not_there_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    studies = OptunaStudies("postgresql://me:s3cr3t@127.0.0.1:9/studies", tmp_path, "s")
    plan = StudyPlan("s", {}, {}, "tpe", is_small_better=True, prune=True, seed=1)
    with pytest.raises(ScorewrightError) as failed, studies.open(plan):
        pass
    assert failed.value.code == "tuning-storage-unreachable"
    assert "s3cr3t" not in str(failed.value.to_dict())
    assert "s3cr3t" not in studies.location()
