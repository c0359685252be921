"""One row, one PD: by request, by file, by command, in a notebook, on a cluster, in any order.

Numbers that cross a text, JSON or CSV, are written with as many digits as it takes to read the
same number again, so what a model makes of the application alone is compared in all bits. A sum
over histories depends in its last bits on the order of the rows, in which a file and a request
need not agree: those PDs are compared to 1e-12.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.acceptance.drawn import FLAT, Drawn, flat, related
from tests.acceptance.scored import CSV, PARQUET, ScoredProject
from tests.fakes.raw_applications import raw

from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.calibration import Calibration, Platt
from scorewright.core.decision import Policy
from scorewright.core.matrix import feature_space
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FitTask

PolicyFor = Callable[..., Policy]
# Strategies over many cells have long names, and Hypothesis looks at them when a test fails.
pytestmark = [
    pytest.mark.timeout(1_800),  # whoever comes first starts services and clusters
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]

#: Tables of up to six applications; each is scored in a dozen ways.
EXAMPLES = int(os.environ.get("SCOREWRIGHT_EXAMPLES", "16"))
LEARNERS = ("lgbm", "logistic")
#: An example asks a service a dozen times: what is found is not made smaller, which takes minutes.
by_chance = partial(
    settings,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _trained(learner_name: str, bundle: Bundle) -> Bundle:
    """Return a model over the drawn columns."""
    rng = np.random.default_rng(3)
    space = feature_space(FLAT)

    def value(name: str, levels: tuple[str, ...]) -> Any:
        if rng.random() < 0.1 and name not in ("income", "channel"):
            return None
        if levels:
            return str(rng.choice(levels))
        if name == "employed":
            return bool(rng.random() < 0.5)
        return int(rng.integers(18, 80)) if name == "age" else float(rng.lognormal(8, 0.5))

    rows = [{f.name: value(f.name, f.categories) for f in space.features} for _ in range(600)]
    x = np.vstack([space.row(row) for row in rows])
    risk = x[:, space.names.index("income")] / 3_000 + (x[:, space.names.index("grade")] == 1)
    learner = Learners().get(learner_name)
    asked = {"n_estimators": 25, "min_child_samples": 5} if learner_name == "lgbm" else {}
    y = (risk + rng.normal(0, 0.3, 600) < 1.1).astype(np.int8)
    model = learner.fit(FitTask(x, y, space, learner.parameters(asked, 42), threads=1))
    made = replace(
        bundle,
        learner=learner_name,
        model_type=learner_name,
        contract=FLAT,
        space=space,
        calibration=Calibration(omega=1.3, calibrator=Platt(intercept=-0.2, slope=0.9)),
        model_files=model.files(),
    )
    scorer = Scorer.of(made, model)
    return replace(made, golden=tuple(GoldenRow(r, scorer.score_row(r)) for r in rows[:8]))


def _scorer(bundle: Bundle) -> Scorer:
    return Scorer.of(bundle, Learners().get(bundle.learner).load(bundle.model_files, bundle.space))


def _edges(bundle: Bundle) -> list[float]:
    """Return the numbers at which trees split, and their neighbours; none for other models.

    None is below 0, which the contract refuses.
    """
    text = b"\n".join(bundle.model_files.values()).decode()
    lines = re.findall(r"^threshold=(.*)$", text, re.MULTILINE)
    cuts = {float(cut) for line in lines for cut in line.split()}
    near = {n for cut in cuts for n in (cut, np.nextafter(cut, -1), np.nextafter(cut, 1e9))}
    return sorted(float(n) for n in near if n >= 0)


@pytest.fixture(scope="module", params=LEARNERS)
def plain(
    request: pytest.FixtureRequest,
    bundle: Bundle,
    policy_for: PolicyFor,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ScoredProject, Bundle]]:
    """A project whose model reads the application alone."""
    made, root = _trained(request.param, bundle), tmp_path_factory.mktemp("plain")
    with ScoredProject.on(root, made, policy_for(made), child=False) as project:
        yield project, made


def test_a_plain_row(
    plain: tuple[ScoredProject, Bundle], record_property: Callable[[str, object], None]
) -> None:
    # Given applications in all their forms
    project, bundle = plain
    edges, scorer, rows = _edges(bundle), _scorer(bundle), 0

    # Then every way gives what the model gives for their values
    @by_chance(max_examples=EXAMPLES)
    @given(drawn=flat({"income": edges, "balance": edges}))
    def agree(drawn: Drawn) -> None:
        nonlocal rows
        rows += len(drawn.keys)
        _every_way(project, drawn, [scorer.score_row(row) for row in drawn.typed])

    agree()
    record_property("guarantee", f"same-pd: {rows} drawn rows, {bundle.learner}, all bits equal")


@pytest.fixture(scope="module")
def relational(
    policy_for: PolicyFor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ScoredProject]:
    """A project whose model reads histories."""
    made, root = raw().bundle, tmp_path_factory.mktemp("related")
    with ScoredProject.on(root, made, policy_for(made), child=False) as project:
        yield project


def test_a_row_with_histories(
    relational: ScoredProject, record_property: Callable[[str, object], None]
) -> None:
    rows = 0

    @by_chance(max_examples=EXAMPLES // 2)
    @given(drawn=related())
    def agree(drawn: Drawn) -> None:
        nonlocal rows
        rows += len(drawn.keys)
        _every_way(relational, drawn, _close(relational.asked(drawn.bodies)))

    agree()
    record_property("guarantee", f"same-pd: {rows} drawn rows with histories, equal to 1e-12")


def _close(expected: Sequence[float]) -> list[Any]:
    """Return numbers that equal what is next to them; ``==`` of a list compares with each."""
    return [pytest.approx(pd, rel=0, abs=1e-12) for pd in expected]


def _every_way(project: ScoredProject, drawn: Drawn, expected: list[float]) -> None:
    """Compare every way of one process with what is expected."""
    by_key = dict(zip(drawn.keys, expected, strict=True))
    assert project.asked(drawn.bodies) == expected
    assert project.noted(drawn.frame) == expected
    for media, files in ((CSV, drawn.text), (PARQUET, drawn.parquet)):
        assert project.uploaded(media, files) == expected
        source = project.put(media, files)
        for suffix in (".csv", ".parquet"):
            assert project.scored(source, project.root / f"result{suffix}") == by_key


def _corpus(of: st.SearchStrategy[Drawn], count: int) -> list[Drawn]:
    """Draw the same applications in every run."""
    found: list[Drawn] = []

    @by_chance(max_examples=count, derandomize=True, database=None)
    @given(of)
    def draw(drawn: Drawn) -> None:
        found.append(drawn)

    draw()
    return found


@dataclass(frozen=True)
class Deployed:
    """A project as a user has it, applications, and the PD that each gets by request."""

    project: ScoredProject
    drawn: Sequence[Drawn]
    expected: Sequence[list[float]]

    @classmethod
    @contextmanager
    def on(
        cls, root: Path, bundle: Bundle, policy: Policy, drawn: Sequence[Drawn]
    ) -> Iterator[Self]:
        with ScoredProject.on(root, bundle, policy, child=True) as project:
            asked = [project.asked(one.bodies) for one in drawn]
            has_histories = bundle.features is not None
            yield cls(project, drawn, [_close(pds) if has_histories else pds for pds in asked])

    @property
    def pds(self) -> int:
        return sum(map(len, self.expected))


@pytest.fixture(scope="module")
def deployed(
    bundle: Bundle, policy_for: PolicyFor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Deployed, Deployed]]:
    """A model of the application alone, and one that reads histories."""
    trees, reader = _trained("lgbm", bundle), raw().bundle
    edges = _edges(trees)
    tables = _corpus(flat({"income": edges, "balance": edges}), 20)
    first, second = (tmp_path_factory.mktemp(name) for name in ("trees", "reader"))
    with (
        Deployed.on(first, trees, policy_for(trees), tables) as plain,
        Deployed.on(second, reader, policy_for(reader), _corpus(related(), 3)) as histories,
    ):
        yield plain, histories


def test_files_in_a_child_process(
    deployed: tuple[Deployed, Deployed], record_property: Callable[[str, object], None]
) -> None:
    for one in deployed:
        for drawn, expected in list(zip(one.drawn, one.expected, strict=True))[-2:]:
            assert one.project.uploaded(CSV, drawn.text) == expected
            assert one.project.uploaded(PARQUET, drawn.parquet) == expected
            assert one.project.noted(drawn.frame) == expected
    record_property("guarantee", "same-pd: files in a child process, CSV and Parquet, equal")


@pytest.fixture(scope="module")
def ray() -> Iterator[str]:
    """Ray, started once for all that is scored."""
    if find_spec("ray") is None:  # importing it would come before the engine's switches
        pytest.skip("Ray is not installed")
    from scorewright.adapters.engines.ray_engine import RayEngine

    with RayEngine(None, 2)._connected():
        yield "ray"


@pytest.fixture(scope="module")
def spark() -> Iterator[str]:
    """Spark, started once for all that is scored."""
    pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java 17, which is not installed")
    from scorewright.adapters.engines.spark_session import session, with_failures

    with session(with_failures("local[2]")):
        yield "spark"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
@pytest.mark.parametrize(
    "engine",
    [
        "local",
        pytest.param("ray", marks=pytest.mark.xdist_group("ray")),
        pytest.param("spark", marks=pytest.mark.xdist_group("spark")),
    ],
)
def test_clusters(
    deployed: tuple[Deployed, Deployed],
    engine: str,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    if engine != "local":
        request.getfixturevalue(engine)
    plain, histories = deployed
    # Given a folder of files, each with types and order of its own: workers score one each
    folder = plain.project.root / "new"
    folder.mkdir(exist_ok=True)
    wanted: dict[str, float] = {}
    for number, (drawn, expected) in enumerate(zip(plain.drawn, plain.expected, strict=True)):
        (folder / f"p{number}.parquet").write_bytes(drawn.parquet["applications"])
        keys = [f"p{number}:{key}" for key in drawn.keys]
        wanted |= dict(zip(keys, expected, strict=True))
    found = plain.project.by_engine(folder, folder.with_name(f"by-{engine}"), engine)
    assert found == wanted
    # And tables with histories: workers compute the features
    for drawn, expected in zip(histories.drawn, histories.expected, strict=True):
        source = histories.project.put(PARQUET, drawn.parquet)
        found = histories.project.by_engine(source, source.with_name("result.parquet"), engine)
        assert found == dict(zip(drawn.keys, expected, strict=True))
    said = f"{plain.pds} rows on {engine}, all bits equal, and {histories.pds} with histories"
    record_property("guarantee", f"same-pd: {said}, equal to 1e-12")
