"""``scorewright register``, ``sync``, and ``serve`` with a registered model."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.logged import log_bundle
from tests.fakes.served_project import ServedProject

from scorewright.adapters.machine import ServiceProcess
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.entry.cli import main

MODEL = "models:/demo_logistic@champion"


def _call(
    patch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    project: ServedProject,
    *words: str,
) -> tuple[int, str, str]:
    patch.setattr(sys, "argv", ["scorewright", "--config", str(project.file), *words])
    capsys.readouterr()
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.timeout(300)
def test_from_one_machine_to_another(
    tmp_path: Path,
    dummy_bundle: Bundle,
    policy_for: Callable[..., Policy],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Given a bundle that training logged
    made = ServedProject(tmp_path / "made", policy_for)
    uri = f"sqlite:///{made.root}/mlruns/mlflow.db"
    bundle, _ = log_bundle(uri, made.root / "mlruns", made.bundles, dummy_bundle, policy_for)
    digest = bundle.manifest().digest
    # When it is registered
    code, out, _ = _call(
        monkeypatch, capsys, made, "register", digest[:12], "--expect-version", "0", "--json"
    )
    assert (code, json.loads(out)["model_uri"]) == (0, MODEL)
    # Then a second who believes there is none is refused
    code, out, _ = _call(
        monkeypatch, capsys, made, "register", digest, "--expect-version", "0", "--json"
    )
    assert (code, json.loads(out)["error"]["code"]) == (2, "alias-moved")
    # Given another machine with the trusted keys and no bundle
    served = ServedProject(tmp_path / "served", policy_for)
    served.keys.check_ready()
    trusted = ".scorewright/keys/trusted.json"
    shutil.copy(made.root / trusted, served.root / trusted)
    monkeypatch.setenv("SCOREWRIGHT__TRACKING__URI", uri)
    # When it looks for what is not there, then it says so
    code, out, _ = _call(
        monkeypatch, capsys, served, "sync", "--once", "--json", "--model-uri", f"{MODEL}x"
    )
    assert (code, json.loads(out)["code"]) == (3, "alias-missing")
    code, _, err = _call(monkeypatch, capsys, served, "sync", "--once")
    assert code == 2
    assert "model-uri" in err
    # When it serves the registered model in one command
    monkeypatch.setenv("SCOREWRIGHT__SERVE__MODEL_URI", MODEL)
    with ServiceProcess(served.file, tmp_path / "service.log") as service:
        # Then it waits for the bundle and answers from it
        answer = service.post("/predict", {"features": dict(bundle.golden[0].values)})
        assert answer["model"]["bundle"] == digest
        assert answer["pd"] == bundle.golden[0].pd
        # And no second process may follow for these bundles
        code, out, _ = _call(monkeypatch, capsys, served, "sync", "--once", "--json")
        assert (code, json.loads(out)["error"]["code"]) == (3, "sync-running")
