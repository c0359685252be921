"""The canary: whatever the model does to the child, this process lives and knows why."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scorewright.adapters.bundles import CanaryProver, DiskBundles
from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.errors import IntegrityError
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FitTask

Resign = Callable[..., Path]


def refusal(prover: CanaryProver, directory: Path) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        prover.prove(directory)
    assert caught.value.remedy
    return caught.value


def python(code: str) -> CanaryProver:
    """Return a prover whose child runs this program instead of ours."""
    return CanaryProver(timeout_seconds=15.0, command=(sys.executable, "-c", code))


def test_sound_bundle_is_proved(published: Path) -> None:
    proof = CanaryProver(60).prove(published)
    assert proof.bundle == published.name
    assert proof.rows == 8
    assert proof.largest_difference <= 1e-9
    assert proof.seconds > 0


def test_wrong_golden_rows(store: DiskBundles, dummy_bundle: Bundle) -> None:
    # Given a validly signed bundle whose model gives other PDs than promised
    off = tuple(replace(row, pd=row.pd + 0.125) for row in dummy_bundle.golden)
    directory = store.publish(replace(dummy_bundle, golden=off))
    # When it is proved
    error = refusal(CanaryProver(60), directory)
    # Then the largest difference is told
    assert error.code == "bundle-golden-mismatch"
    assert float(error.details["largest_difference"]) == pytest.approx(0.125)


def test_no_golden_rows(store: DiskBundles, dummy_bundle: Bundle) -> None:
    directory = store.publish(replace(dummy_bundle, golden=()))
    assert refusal(CanaryProver(60), directory).code == "bundle-golden-missing"


def test_model_that_its_learner_refuses(published: Path, resign: Resign) -> None:
    (published / "model" / "dummy.json").write_text("{}")
    assert refusal(CanaryProver(60), resign(published)).code == "bundle-model"


def test_unknown_learner(published: Path, resign: Resign) -> None:
    directory = resign(published, learner="magic")
    assert refusal(CanaryProver(60), directory).code == "learner-unknown"


def test_file_changed_after_verification(published: Path) -> None:
    (published / "golden.json").write_text("{}")
    assert refusal(CanaryProver(60), published).code == "bundle-file-changed"


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL])
def test_child_that_dies(published: Path, number: signal.Signals) -> None:
    error = refusal(python(f"import os; os.kill(os.getpid(), {int(number)})"), published)
    assert error.code == "bundle-canary-died"
    assert number.name in error.message


@pytest.mark.parametrize(
    "code",
    ["", "raise SystemExit(3)", "print('nonsense')", "print('[1]')", "print('{')",
     "print('[' * 50_000)", "print('{\"ok\": true}')",
     "print('{\"ok\": true, \"bundle\": \"x\", \"rows\": \"many\", \"largest_difference\": 0}')"],
)  # fmt: skip
def test_child_without_a_report(published: Path, code: str) -> None:
    assert refusal(python(code), published).code == "bundle-canary-died"


def test_child_that_floods_is_cut_off(published: Path) -> None:
    # Given a child that writes without end to its output
    flood = "import sys\nfor _ in range(300): sys.stdout.write('x' * 1_000_000)"
    # When it is run, then it is refused and only a little of it was read
    assert refusal(python(flood), published).code == "bundle-canary-died"


def test_child_that_hangs_is_ended_with_its_children(published: Path, tmp_path: Path) -> None:
    # Given a child that starts another and waits for ever
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(str(p.pid))\n"
        "time.sleep(600)\n"
    )
    prover = CanaryProver(timeout_seconds=3.0, command=(sys.executable, "-c", code))
    began = time.monotonic()
    # When it is run
    error = refusal(prover, published)
    # Then it is ended soon, and nothing of it lives on
    assert error.code == "bundle-canary-timeout"
    assert time.monotonic() - began < 10
    for _ in range(50):
        if not _alive(int(note.read_text())):
            break
        time.sleep(0.1)
    assert not _alive(int(note.read_text()))


def _alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_child_has_its_own_session_and_no_input(published: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    code = (
        "import os, sys; "
        f"open({str(note)!r}, 'w').write(f'{{os.getsid(0)}} {{sys.stdin.read()!r}}')"
    )
    refusal(python(code), published)
    session, read = note.read_text().split(" ", 1)
    assert int(session) != os.getsid(0)
    assert read == "''"


def test_child_limits_itself() -> None:
    # Given the child's own program, which tells its limits where it would read the bundle
    code = (
        "import resource; from scorewright.core.errors import IntegrityError; "
        "from scorewright.entry import prove\n"
        "def tell(directory):\n"
        "    kinds = (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_AS)\n"
        "    limits = str([resource.getrlimit(kind)[0] for kind in kinds])\n"
        "    raise IntegrityError(limits, remedy='none', code='limits')\n"
        "prove._prove = tell; prove.main(['nothing'])"
    )
    message = refusal(python(code), Path()).message
    core, size, space = json.loads(message)
    assert core == 0
    assert 0 < size <= 1_000_000
    assert 0 < space <= 16 * 1024**3


@pytest.fixture(scope="module")
def lgbm_bundle(bundle: Bundle) -> Bundle:
    """The bundle with a real LightGBM model."""
    space = bundle.space
    rng = np.random.default_rng(3)
    x = rng.random((500, len(space.features)))
    x[:, 0] = rng.integers(0, 3, 500)
    x[:, 4] = rng.integers(0, 2, 500)
    y = (x[:, 1] + 0.3 * rng.random(500) > 0.8).astype(np.int8)
    learner = Learners().get("lgbm")
    params = learner.parameters({"n_estimators": 40}, 42)
    model = learner.fit(FitTask(x, y, space, params))
    scorer = Scorer(model, space, bundle.calibration, bundle.contract)
    golden = tuple(GoldenRow(r.values, scorer.score_row(r.values)) for r in bundle.golden)
    return replace(
        bundle, learner="lgbm", model_type="lgbm", model_files=model.files(), golden=golden
    )


def test_real_lightgbm_bundle_is_proved(store: DiskBundles, lgbm_bundle: Bundle) -> None:
    directory = store.publish(lgbm_bundle)
    assert CanaryProver(120).prove(directory).largest_difference == 0.0


@pytest.mark.parametrize("share", [0.15, 0.4, 0.6, 0.8])
def test_truncated_lightgbm_file_kills_only_the_child(
    store: DiskBundles,
    lgbm_bundle: Bundle,
    resign: Resign,
    share: float,
    record_property: Callable[[str, object], None],
) -> None:
    # Given a LightGBM file cut off by somebody who can sign
    directory = store.publish(lgbm_bundle)
    path = directory / "model" / "model.txt"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    directory = resign(directory)
    assert store.verify(directory)
    # When it is proved, then only the child suffers
    error = refusal(CanaryProver(120), directory)
    assert error.code in {"bundle-canary-died", "bundle-model", "bundle-golden-mismatch"}
    record_property(
        "guarantee", f"damaged-model: a model cut at {share:.0%} is refused ({error.code})"
    )


def test_mutated_lightgbm_files_are_never_accepted_silently(
    store: DiskBundles, lgbm_bundle: Bundle, resign: Resign
) -> None:
    # Given leaf values changed so that the file still parses
    directory = store.publish(lgbm_bundle)
    path = directory / "model" / "model.txt"
    text = path.read_text()
    start = text.index("leaf_value=") + len("leaf_value=")
    first = text[start : text.index(" ", start)]
    path.write_text(text[:start] + str(float(first) + 5.0) + text[start + len(first) :])
    # When it is signed anew and proved, then the golden rows or the parser refuse it
    error = refusal(CanaryProver(120), resign(directory))
    assert error.code in {"bundle-golden-mismatch", "bundle-canary-died", "bundle-model"}
