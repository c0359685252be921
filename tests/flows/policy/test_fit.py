"""Fitting a policy: from whose rows, with what refused, and what comes of it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.fakes.training import loans
from tests.flows.policy.environment import SAMPLE, Office

from scorewright.core.decision import CostMatrix, Policy, cost_curve
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import FindingsError, ScorewrightError, UsageError
from scorewright.flows.policy import (
    FitWish,
    fit_document,
    fit_pairs,
    fit_policy,
    named_rows,
    policy_report,
)

FILE = "predictions.parquet"


def _predictions(office: Office) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(office.world.run.files[FILE]))


def _replace(office: Office, frame: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    office.world.run.files[FILE] = buffer.getvalue()


def _other(rows: int = 700, seed: int = 77) -> pl.DataFrame:
    """Applicants the model never saw."""
    fresh = loans(rows, seed)
    return fresh.with_columns(pl.col("id").str.replace("A", "B"))


def _code(office: Office, *arguments: Any, **options: Any) -> str:
    with pytest.raises(ScorewrightError) as caught:
        office.fit(*arguments, **options)
    return caught.value.code


def test_it_is_fitted_on_the_out_of_fold_predictions_of_the_deployed_model(office: Office) -> None:
    # Given the predictions of the run
    found = _predictions(office)
    y, pd = found["y"].to_numpy(), found["p"].to_numpy()
    # When a policy is fitted
    fit = office.fit()
    # Then its figures are theirs
    best = cost_curve(y, pd, CostMatrix()).best()
    assert fit.analysis.best == best
    assert fit.draft is not None
    draft, bundle = fit.draft, office.world.bundles.current().bundle
    assert (draft.version, draft.threshold, draft.bundle) == (0, best.threshold, bundle)
    assert draft.data_role == "out_of_fold"
    assert draft.data_digest == sha256_hex(office.world.run.files[FILE])
    assert draft.evidence["business_cost"] == best.cost
    assert draft.evidence["verdict"] == "keep"
    assert Policy.from_bytes(draft.to_bytes()) == draft
    json.dumps(fit_document(fit), allow_nan=False)
    assert dict(fit_pairs(fit))["verdict"].startswith("keep")
    assert [s.id for s in policy_report(fit).sections][:2] == ["cost", "strategy"]


def test_a_draft_writes_nothing(office: Office) -> None:
    before = dict(office.world.bundles.policy_files)
    office.fit()
    assert office.world.bundles.policy_files == before


def test_a_reason_publishes_the_next_version_and_activates_nothing(office: Office) -> None:
    active = office.world.bundles.current()
    fit = office.fit(FitWish(reason="Yearly review", approver="Committee"))
    assert fit.published is not None
    assert (fit.published.version, fit.published.reason) == (2, "Yearly review")
    assert fit.published.approver == "Committee"
    assert office.world.policies[-1] == fit.published
    assert office.world.bundles.current() == active


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        ("next week", None, "--effective-from is no date"),
        (None, "2027-13-01", "--effective-to is no date"),
        ("2999-01-01T09:00", None, "--effective-from has no time zone"),
        ("2999-02-01", "2999-01-31", "2999-01-31.*not after the policy begins"),
        ("2999-02-01", "2999-02-01T01:00+01:00", "not after the policy begins"),
        (None, "2001-01-01", "not after the policy is made"),
    ],
)
def test_dates_no_policy_can_hold_are_refused_before_anything_is_read(
    office: Office, begins: str | None, ends: str | None, said: str
) -> None:
    wish = FitWish(reason="Later", effective_from=begins, effective_to=ends)
    before = dict(office.world.bundles.policy_files)
    office.world.events.clear()
    with pytest.raises(UsageError, match=said) as caught:
        office.fit(wish)
    assert caught.value.code == "policy-dates"
    assert office.world.bundles.policy_files == before
    assert office.world.events == []


def test_a_day_means_its_beginning_in_utc(office: Office) -> None:
    fit = office.fit(FitWish(effective_from="2999-01-01", effective_to="2999-06-01T02:00+02:00"))
    assert fit.draft is not None
    assert fit.draft.effective_from == "2999-01-01T00:00:00+00:00"
    assert fit.draft.effective_to == "2999-06-01T02:00:00+02:00"
    assert Policy.from_bytes(fit.draft.to_bytes()) == fit.draft


def test_predictions_of_rows_in_no_fold_are_refused(office: Office) -> None:
    frame = _predictions(office)
    fold = frame["fold"].to_numpy().copy()
    fold[:7] = -1
    _replace(office, frame.with_columns(pl.Series("fold", fold)))
    with pytest.raises(UsageError, match=r"7 of .* in no fold") as caught:
        office.fit()
    assert caught.value.code == "policy-training-rows"
    assert caught.value.details["rows"] == 7


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.drop("fold"),
        lambda f: f.head(0),
        lambda f: f.with_columns(p=pl.lit(1.2)),
        lambda f: f.with_columns(p=pl.lit(float("nan"))),
        lambda f: f.with_columns(y=pl.lit(2)),
    ],
    ids=["no-fold", "no-rows", "pd-above-1", "pd-nan", "labels"],
)
def test_a_file_that_holds_no_predictions_is_refused(office: Office, change: Any) -> None:
    _replace(office, change(_predictions(office)))
    assert _code(office) == "policy-predictions"


def test_a_damaged_file_is_refused(office: Office) -> None:
    office.world.run.files[FILE] = b"PAR1 and nothing more"
    assert _code(office) == "policy-predictions"


def test_too_few_bads_are_refused(office: Office) -> None:
    frame = _predictions(office)
    few = pl.concat([frame.filter(pl.col("y") == 0), frame.filter(pl.col("y") == 1).head(49)])
    _replace(office, few)
    with pytest.raises(UsageError, match="49 bads") as caught:
        office.fit()
    assert caught.value.code == "policy-too-few-bads"


def test_a_sample_is_scored_with_the_deployed_bundle(office: Office) -> None:
    # Given labelled applicants the model never saw, some without an outcome yet
    fresh = _other()
    # When a policy is fitted on them
    fit = office.fit(FitWish(sample=SAMPLE), fresh)
    # Then it is by the deployed model's own PDs
    assert fit.fitted.role == "policy_sample"
    assert fit.analysis.rows == 700
    assert fit.draft is not None
    assert fit.draft.data_role == "policy_sample"
    assert fit.draft.data_version == f"sample@{fit.fitted.digest[:12]}"
    assert fit.analysis.regret is not None


def test_training_rows_in_a_sample_are_refused_by_key(office: Office) -> None:
    mixed = pl.concat([_other(), office.world.frame.head(3).with_columns(income=pl.lit(9.5))])
    with pytest.raises(UsageError, match="3 of 703") as caught:
        office.fit(FitWish(sample=SAMPLE), mixed)
    assert caught.value.code == "policy-training-rows"
    assert caught.value.details == {"rows": 3, "by_key": 3, "by_content": 0}


def test_training_rows_in_a_sample_are_refused_by_their_features(office: Office) -> None:
    renamed = office.world.frame.head(5).with_columns(pl.col("id").str.replace("A", "C"))
    with pytest.raises(UsageError, match="5 of 705") as caught:
        office.fit(FitWish(sample=SAMPLE), pl.concat([_other(), renamed]))
    assert caught.value.details == {"rows": 5, "by_key": 0, "by_content": 5}


def test_keys_of_the_run_are_known_without_the_training_table(office: Office) -> None:
    mixed = pl.concat([_other(), office.world.frame.head(3)])
    tools = office.tools(mixed)
    gone = replace(tools, reader=_Missing(tools.reader))
    with pytest.raises(UsageError) as caught:
        fit_policy(office.settings(), FitWish(sample=SAMPLE), gone)
    assert caught.value.details["by_key"] == 3
    # And without either of them a sample is not taken on trust.
    del office.world.run.files[FILE]
    with pytest.raises(UsageError) as caught:
        fit_policy(office.settings(), FitWish(sample=SAMPLE), gone)
    assert caught.value.code == "policy-training-unknown"


class _Missing:
    """A `TableReader` whose training table is gone."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, table: Any) -> pl.DataFrame:
        if table.name == "loans":
            raise UsageError("gone", remedy="r", code="data-file-missing")
        return self._reader.read(table)  # type: ignore[no-any-return]


def test_a_sample_that_breaks_the_contract_is_refused(office: Office) -> None:
    with pytest.raises(FindingsError) as caught:
        office.fit(FitWish(sample=SAMPLE), _other().drop("debt"))
    assert caught.value.code == "policy-sample-findings"


def test_the_columns_of_the_settings_are_found_by_row_key(office: Office) -> None:
    # Given a table whose rows lie in another order than when it was trained
    office.world.frame = office.world.frame.sample(fraction=1.0, shuffle=True, seed=3)
    # When segment and group are asked for
    fit = office.fit(segment="job", protected={"column": "job", "value": "none"})
    # Then each prediction has its own applicant's values
    assert fit.analysis.segments is not None
    by_key = dict(office.world.frame.select("id", "job").iter_rows())
    expected = [by_key[key] for key in _predictions(office)["row_key"]]
    assert list(fit.fitted.data.segments["job"]) == expected
    assert fit.analysis.air is not None
    assert fit.analysis.air.protected_rows == expected.count("none")


def test_a_table_that_changed_since_is_refused(office: Office) -> None:
    office.world.frame = office.world.frame.with_columns(bad=1 - pl.col("bad"))
    assert _code(office, segment="job") == "policy-data-changed"
    office.world.frame = office.world.frame.head(700)
    assert _code(office, segment="job") == "policy-data-changed"


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"segment": "bad"}, "policy-segment"),
        ({"segment": "nowhere"}, "policy-segment"),
        ({"protected": {"column": "job", "value": "king"}}, "policy-column"),
        ({"protected": {"column": "nowhere", "value": "x"}}, "policy-column"),
        ({"loans": {"exposure": "job", "margin": "income"}}, "policy-column"),
        ({"loans": {"exposure": "income", "margin": "income"}}, "policy-column"),
    ],
)
def test_columns_that_cannot_be_used_are_refused(
    office: Office, policy: dict[str, Any], code: str
) -> None:
    assert _code(office, **policy) == code


def test_loans_with_costs_of_their_own_are_in_the_document() -> None:
    from tests.fakes.training import World

    from scorewright.adapters.mlflow_store import load_conventions

    frame = loans(900, 5).with_columns(
        amount=pl.col("income").exp() * 1000, interest=pl.col("income").exp() * 120
    )
    world = World(frame, load_conventions())
    office = Office(world)
    world.train(office.settings())
    fit = office.fit(loans={"exposure": "amount", "loss_given_default": 0.6, "margin": "interest"})
    assert fit.draft is not None
    assert fit.draft.loan_costs is not None
    assert fit.draft.loan_costs.loss_given_default == 0.6
    assert fit.analysis.loans is not None
    # And both the document and the table say that they decided, not the matrix.
    assert fit.draft.evidence["decided_by"] == fit_document(fit)["costs"]["decided_by"]
    assert fit.draft.evidence["decided_by"] == "loan_costs"
    assert "not the matrix" in dict(fit_pairs(fit))["costs"]
    assert fit.fitted.data.loans is not None
    np.testing.assert_allclose(
        fit.fitted.data.loans.loss / fit.fitted.data.loans.margin, 0.6 * 1000 / 120
    )
    json.dumps(fit_document(fit), allow_nan=False)


def test_the_present_policy_is_held_against_the_fitted_one(office: Office) -> None:
    # Given a policy in force that declines nobody
    bundles = office.world.bundles
    current = bundles.current()
    lax = replace(office.world.policies[0], version=0, threshold=1.0)
    _, file = bundles.publish_policy(lax)
    bundles.activate(current.bundle, file.name, office.world.tools.clock.now())
    # When a policy is fitted
    fit = office.fit()
    # Then the verdict is to change it, and says what it costs
    assert fit.analysis.verdict.word == "change"
    assert fit.analysis.regret is not None
    assert fit.analysis.regret.difference.low > 0.0
    assert dict(fit_pairs(fit))["regret of keeping it"]


def test_a_run_without_a_bundle_is_analysed_and_not_published(office: Office) -> None:
    run = office.world.run.run_id
    assert office.fit(FitWish(run=run)).draft is not None
    office.world.bundles.files.clear()
    fit = office.fit(FitWish(run=run))
    assert fit.draft is None
    assert fit.analysis.rows == 900
    assert fit_document(fit)["policy"] is None
    assert policy_report(fit).footer["bundle"] == "none"
    assert _code(office, FitWish(run=run, reason="r")) == "policy-bundle-missing"


def test_no_file_of_bundle_or_run_model_holds_the_threshold(office: Office) -> None:
    """The model is one thing, what is decided with it another."""
    policy = office.world.policies[0]
    _, files = office.world.bundles.files[policy.bundle]
    for name, data in files.items():
        assert repr(policy.threshold).encode() not in data, name
        if name.endswith(".json") and not name.startswith("model/"):
            assert b"threshold" not in data, name


def test_without_costs_of_loans_the_matrix_decides_and_is_named(office: Office) -> None:
    fit = office.fit()
    assert fit.draft is not None
    assert fit.draft.evidence["decided_by"] == "cost_matrix"
    assert dict(fit_pairs(fit))["costs"].startswith("the matrix: 10 for a bad approved, 1 for")
    assert office.world.policies[0].evidence["decided_by"] == "cost_matrix"


def test_a_limit_that_only_a_handful_keeps_is_told(office: Office) -> None:
    found = _predictions(office)
    lowest = found.sort("p").head(5)["y"].cum_sum().to_list()
    assert lowest[:3] == [0, 0, 0]  # so that a handful keeps any limit
    fit = office.fit(method="max_bad_rate", target=0.001)
    approved = round(fit.analysis.final.approval_rate * 900)
    assert 0 < approved < 100
    (caution,) = fit.cautions
    assert f"by approving {approved} of 900 applications" in caution
    assert dict(fit_pairs(fit))["take care"] == caution
    assert fit_document(fit)["cautions"] == [caution]
    assert any(caution in str(event) for event in office.world.events)
    assert office.fit(method="max_bad_rate", target=0.2).cautions == ()


def test_a_policy_nobody_owns_is_told(office: Office) -> None:
    nobody = office.settings().model_copy(
        update={"project": office.settings().project.model_copy(update={"owner": ""})}
    )
    fit = fit_policy(nobody, FitWish(), office.tools())
    assert ["owner" in caution for caution in fit.cautions] == [True]
    assert office.fit().cautions == ()


def test_the_row_of_the_most_expected_profit_shows_that_profit(office: Office) -> None:
    fit = office.fit()
    rows = {row[0]: row for row in named_rows(fit.analysis)}
    emp = fit.analysis.emp.value
    assert rows["most expected profit (EMP)"][5] == f"{emp:.4g} of the amount"
    named = {row["name"]: row for row in fit_document(fit)["thresholds"]}
    assert named["most expected profit (EMP)"]["emp"] == emp
    assert named["most expected profit (EMP)"]["profit"] is None
    assert named["chosen"]["emp"] is None
