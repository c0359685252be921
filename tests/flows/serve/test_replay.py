"""A logged decision, decided again: the same to the last bit, or refused; never nearly right."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.decision_log import CountingIds
from tests.fakes.raw_applications import RELATIONS, Row, Tables, raw
from tests.fakes.raw_applications import application as raw_application

from scorewright.core.contracts import check_row
from scorewright.core.decision import Policy
from scorewright.core.decision_log import Keep, Keeping, LoggedDecision, SubjectKey
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.features import RequestContract
from scorewright.core.reasons import ReasonDictionary
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import LoadedBundle
from scorewright.flows.serve import Application, Asked, Chosen, Decider, Variant, repeat, replay
from scorewright.flows.verify_bundle import Deployment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = SubjectKey("k1", b"s" * 32)
PURPOSES = ("car", "home", "study", None)

PolicyFor = Callable[..., Policy]


class FixedClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def elapsed(self) -> float:
        return 0.0


def decide(
    deployment: Deployment,
    application: Application,
    default: Keep = "full",
    columns: Mapping[str, Keep] | None = None,
    idempotency: str | None = None,
) -> LoggedDecision:
    """Return what the log holds of a decision, after it was written and read."""
    keeping = Keeping(KEY, default, columns or {})
    decider = Decider(FixedClock(), CountingIds(), keeping, lambda _: ReasonDictionary("1"))
    asked = Asked("r1", idempotency=idempotency)
    return stored(decider.decide(Chosen(Variant.of(deployment)), application, asked).record)


def stored(record: LoggedDecision) -> LoggedDecision:
    """Return a record as JSON keeps it."""
    members = {field.name: getattr(record, field.name) for field in fields(record)}
    return LoggedDecision(**msgspec.json.decode(msgspec.json.encode(members)))


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def plain_application(deployment: Deployment, values: dict[str, object]) -> Application:
    row = check_row(deployment.loaded.bundle.contract, values)
    assert not row.problems
    return Application("A-1", row.values, row.unknown)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    income=st.floats(0, 1e12, allow_subnormal=True),
    age=st.none() | st.integers(18, 100),
    employed=st.none() | st.booleans(),
    purpose=st.sampled_from(PURPOSES),
    channel=st.sampled_from(["branch", "web"]),
)
def test_any_plain_application(deployment: Deployment, **values: Any) -> None:
    record = decide(deployment, plain_application(deployment, values))
    again = replay(record, lambda _bundle, _policy: deployment)
    assert again.is_equal
    assert bits(again.pd) == bits(record.pd)
    assert (again.decision, again.threshold) == (record.decision, record.threshold)


@cache
def contract() -> RequestContract:
    return RequestContract(raw().bundle.features or pytest.fail("no features"), raw().space.names)


def related(own: Row, tables: Tables) -> Application:
    check = contract().check(own, tables, today=date(2026, 11, 21))
    assert not check.problems
    return Application(
        None,
        check.application,
        check.unknown,
        check.tables,
        check.orphans,
        check.assumed_decision,
    )


@pytest.fixture
def relational(policy_for: PolicyFor) -> Deployment:
    here = raw()
    loaded = LoadedBundle(here.bundle.manifest(), here.bundle, here.model)
    return Deployment(loaded, policy_for(here.bundle), here.scorer, NOW)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), undated=st.booleans(), strange=st.booleans())
def test_any_application_with_histories(
    relational: Deployment, *, seed: int, undated: bool, strange: bool
) -> None:
    own, tables = raw_application(seed)
    if undated:  # the date that is assumed is kept
        own = {name: value for name, value in own.items() if name != "decided"}
        tables = {**tables, "loans": []}
    if strange:  # rows of somebody else are left out, then and now
        other = raw_application(seed + 1)[1]
        tables = {name: [*rows, *other[name]] for name, rows in tables.items()}
        own = {**own, "application": f"A-{seed}"}
    record = decide(relational, related(own, tables))
    again = replay(record, lambda _bundle, _policy: relational)
    assert again.is_equal
    assert bits(again.pd) == bits(record.pd)


def test_two_hundred_applications_with_histories(
    relational: Deployment, record_property: Callable[[str, object], None]
) -> None:
    records = [decide(relational, related(*raw_application(seed))) for seed in range(200)]
    again = [replay(record, lambda _bundle, _policy: relational) for record in records]
    assert all(one.is_equal for one in again)
    assert len({record.pd for record in records}) > 100
    record_property("guarantee", f"replay: {len(records)} decisions, all bits equal")


def test_the_id_of_an_applicant_is_nowhere(relational: Deployment) -> None:
    # Given an application that names its applicant in its key and in the rows below
    own, tables = next(
        (own, tables) for own, tables in map(raw_application, range(50)) if tables["loans"]
    )
    record = decide(relational, related(own, tables), idempotency="again")
    # Then the log knows the pseudonym alone
    assert record.subject == KEY.pseudonym(own["application"])
    written = msgspec.json.encode(
        {field.name: getattr(record, field.name) for field in fields(record)}
    )
    assert str(own["application"]).encode() not in written
    assert RELATIONS.key not in record.inputs
    assert record.tables["loans"]["height"] == len(tables["loans"])


@pytest.mark.parametrize("keep", ["hashed", "none"])
@pytest.mark.parametrize("column", ["income", "decided", "amount", "granted", "loan", "channel"])
def test_a_column_that_was_not_kept_is_never_taken_for_missing(
    relational: Deployment, column: str, keep: Keep
) -> None:
    own, tables = next(
        (own, tables)
        for own, tables in map(raw_application, range(100))
        if tables["loans"] and tables["payments"] and tables["inquiries"]
    )
    record = decide(relational, related(own, tables), columns={column: keep})
    with pytest.raises(UsageError) as refused:
        replay(record, lambda _bundle, _policy: relational)
    assert refused.value.code == "not-replayable"
    assert column in str(refused.value)


@pytest.mark.parametrize("keep", ["hashed", "none"])
def test_a_plain_column_that_was_not_kept(deployment: Deployment, keep: Keep) -> None:
    application = Application("A", dict(deployment.loaded.bundle.golden[0].values), ())
    for record in (
        decide(deployment, application, columns={"purpose": keep}),
        decide(deployment, application, default=keep),
    ):
        with pytest.raises(UsageError) as refused:
            replay(record, lambda _bundle, _policy: deployment)
        assert refused.value.code == "not-replayable"


def test_an_erased_decision_is_refused(deployment: Deployment) -> None:
    application = Application("A", dict(deployment.loaded.bundle.golden[0].values), ())
    record = decide(deployment, application).without_person()
    with pytest.raises(UsageError, match="erased"):
        replay(record, lambda _bundle, _policy: deployment)


def test_the_bundle_and_policy_of_that_day_decide(
    deployment: Deployment, policy_for: PolicyFor
) -> None:
    # Given a decision, and a deployment of today with another calibration and policy
    bundle = deployment.loaded.bundle
    application = Application("A", dict(bundle.golden[0].values), ())
    record = decide(deployment, application)
    other = replace(bundle, calibration=replace(bundle.calibration, omega=3.0))
    today = Deployment(
        LoadedBundle(other.manifest(), other, deployment.loaded.model),
        policy_for(other, threshold=0.9, version=2),
        Scorer.of(other, deployment.loaded.model),
        NOW,
    )
    asked: list[tuple[str, str]] = []

    def load(digest: str, policy: str) -> Deployment:
        asked.append((digest, policy))
        return {d.loaded.manifest.digest: d for d in (deployment, today)}[digest]

    again = replay(record, load)
    assert again.is_equal
    assert asked == [(bundle.manifest().digest, "demo_default@1")]
    assert again.to_dict()["replayed"] == again.to_dict()["logged"]
    # And what differs is said, not hidden
    changed = replay(record, lambda _bundle, _policy: today)
    assert not changed.is_equal
    assert changed.to_dict()["equal"] is False


def test_a_bundle_that_is_gone_is_told(deployment: Deployment) -> None:
    application = Application("A", dict(deployment.loaded.bundle.golden[0].values), ())

    def gone(_bundle: str, _policy: str) -> Deployment:
        raise IntegrityError("No such bundle.", remedy="Get it.", code="bundle-unknown")

    with pytest.raises(IntegrityError, match="No such bundle"):
        replay(decide(deployment, application), gone)


def test_one_changed_bit_is_seen(deployment: Deployment) -> None:
    application = Application("A", dict(deployment.loaded.bundle.golden[0].values), ())
    record = decide(deployment, application)
    changed = struct.unpack(
        "<d", (int.from_bytes(bits(record.pd), "little") ^ 1).to_bytes(8, "little")
    )
    assert not replay(replace(record, pd=changed[0]), lambda _b, _p: deployment).is_equal


def test_a_segment_that_is_not_kept_is_answered_again_but_not_logged(
    deployment: Deployment, policy_for: PolicyFor
) -> None:
    application = Application("A", dict(deployment.loaded.bundle.golden[0].values), ())
    keeping = Keeping(KEY, "full", {"purpose": "none"})
    decider = Decider(FixedClock(), CountingIds(), keeping, lambda _: ReasonDictionary("1"))
    segments = {"car": {"threshold": 0.2}, "home": {"threshold": 0.4}, "study": {"threshold": 0.3}}
    policy = policy_for(
        deployment.loaded.bundle, segment_column="purpose", segments=_rules(segments)
    )
    segmented = replace(deployment, policy=policy)
    asked = Asked("r1", idempotency="again")
    decided = decider.decide(Chosen(Variant.of(segmented)), application, asked)
    assert decided.answer["segment"]["value"] == application.values["purpose"]
    assert decided.record.answer["segment"] == {"column": "purpose"}
    again = decider.decide(Chosen(Variant.of(segmented)), application, asked)
    assert repeat(stored(decided.record), again.record, application) == decided.answer


def _rules(segments: Mapping[str, Mapping[str, float]]) -> Any:
    from scorewright.core.decision import Rule

    return {name: Rule(**rule) for name, rule in segments.items()}
