"""A bundle with a feature plan: what is written, what it decides, and what stays as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.fakes.raw_applications import plan, raw

from scorewright.core.bundles import Bundle
from scorewright.core.errors import IntegrityError

#: Of the dummy bundle, since before there were feature plans.
DIGEST = "707c16b2372281c5ace1660eac2e1965a215b31c997511c520bbb16a760c5654"


def test_reads_back_what_it_wrote() -> None:
    bundle = raw().bundle
    files = bundle.files()
    again = Bundle.from_files(bundle.manifest(), files)
    assert again.files() == files
    assert again.features is not None
    assert again.features.digest == plan().digest
    assert again.golden == bundle.golden
    assert any(row.tables for row in again.golden)


def test_the_plan_decides_the_score() -> None:
    # Given a bundle, and the same with one feature defined otherwise
    bundle = raw().bundle
    document = plan().to_dict()
    changed = [{**f, "value": f["value"].replace("mean(", "max(")} for f in document["features"]]
    other = type(plan()).from_dict({**document, "features": changed})
    # When their digests are compared
    # Then model and bundle are others
    assert "feature_plan.json" in bundle.scoring_files()
    assert replace(bundle, features=other).model_digest != bundle.model_digest
    assert replace(bundle, features=other).manifest().digest != bundle.manifest().digest


def test_bundles_without_histories_keep_their_bytes(dummy_bundle: Bundle) -> None:
    # Given a bundle as it has always been
    files = dummy_bundle.files()
    # Then there is no plan, golden rows have two members, and the model digest is the known one
    assert "feature_plan.json" not in files
    assert {frozenset(r) for r in json.loads(files["golden.json"])["rows"]} == {
        frozenset({"values", "pd"})
    }
    assert dummy_bundle.model_digest == DIGEST
    assert Bundle.from_files(dummy_bundle.manifest(), files).features is None


@pytest.mark.parametrize(
    "content",
    [b"[]", b"null", b'{"schema_version": 1}', b'{"schema_version": 9}', b"{"],
    ids=["list", "null", "empty", "other version", "no json"],
)
def test_damaged_plans_are_refused(content: bytes) -> None:
    bundle = raw().bundle
    files = {**bundle.files(), "feature_plan.json": content}
    with pytest.raises(IntegrityError) as caught:
        Bundle.from_files(bundle.manifest(), files)
    assert caught.value.code in {"features-plan", "bundle-manifest"}
