"""One run of a real store, with what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.flows.store.opened import audit_tools, opened
from tests.stores.story import build_story

from scorewright.core.errors import UsageError
from scorewright.flows.store.show import show_run


def test_a_claim_that_the_predictions_contradict_is_shown(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    card = show_run(opened(story.notebooks), story.liar[:10], audit_tools())
    assert card.run["run_id"] == story.liar
    codes = {finding.code: finding for finding in card.findings}
    assert "0.784" in codes["RUN-010"].message
    assert codes["RUN-010"].severity == "error"
    assert all(finding.subject == story.liar for finding in card.findings)
    assert {one["path"] for one in card.artifacts} >= {"predictions.parquet", "model/MLmodel"}


def test_a_run_is_not_blamed_for_others(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    card = show_run(opened(story.database), "exp09_cv_domain_none", audit_tools())
    assert card.run["run_id"] == story.champion[2]
    assert card.parent is not None
    assert card.parent["name"] == "exp08_cv_domain_balanced"
    assert "RUN-001" not in {finding.code for finding in card.findings}


def test_nobody_is_no_run(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    with pytest.raises(UsageError) as caught:
        show_run(opened(story.database), "nobody", audit_tools())
    assert caught.value.code == "run-unknown"
