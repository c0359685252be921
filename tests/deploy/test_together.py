"""API, sync, MLflow and PostgreSQL work together as the compose file declares them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from tests.adapters.histories.servers import Postgres, free_port
from tests.deploy.composed import Composed, ask
from tests.deploy.linters import DEPLOY
from tests.fakes.logged import log_bundle
from tests.fakes.served_project import with_prior

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.registry import MlflowRegistrar
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.flows.sync import register

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Machine:
    """A machine on which the project lies, and another that trains for it."""

    composed: Composed
    api: int
    mlflow: int
    training: Path
    policy_for: Callable[..., Policy]

    def train(self, bundle: Bundle) -> str:
        """Log, sign and register a bundle, as the training machine does; return its digest."""
        uri = f"http://127.0.0.1:{self.mlflow}"
        made = DiskBundles(self.training / "bundles", KeyRing(self.training / "keys"))
        logged, _ = log_bundle(uri, self.training, made, bundle, self.policy_for)
        digest = logged.manifest().digest
        register(made, MlflowRegistrar(uri), digest, "champion")
        return digest

    def deployed(self) -> str:
        """Return the digest of what sync deployed; empty where that is nothing yet."""
        try:
            text = (self.composed.folder / "bundles/current.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        return str(json.loads(text)["bundle"])


def wait(is_so: Callable[[], bool], said: Callable[[], str]) -> None:
    until = time.monotonic() + 240
    while not is_so():
        assert time.monotonic() < until, said()
        time.sleep(0.2)


@pytest.fixture
def machine(
    postgres: Postgres, secrets: Path, tmp_path: Path, policy_for: Callable[..., Policy]
) -> Machine:
    """What docs/how-to/deploy.md has an operator lay out before ``docker compose up``."""
    project, training = tmp_path / "srv", tmp_path / "training"
    for folder in (project / "keys", project / "bundles", training):
        folder.mkdir(parents=True, mode=0o700)
    shutil.copy(DEPLOY / "kubernetes/project/scorewright.toml", project)
    KeyRing(training / "keys").signing_key()
    shutil.copy(training / "keys/trusted.json", project / "keys")
    api, mlflow = free_port(), free_port()
    hidden = tmp_path / "secrets"
    hidden.mkdir(mode=0o700)
    for name in ("api_keys.pepper", "subject.key"):
        (hidden / name).write_text(f"{token_hex(32)}\n", encoding="ascii")
    shutil.copy(secrets / "log_password", hidden)
    line = (secrets / "mlflow_pgpass").read_text(encoding="utf-8")
    line = line.replace("postgres:5432", f"127.0.0.1:{postgres.port}")
    (hidden / "mlflow_pgpass").write_text(line, encoding="utf-8")
    for file in hidden.iterdir():
        file.chmod(0o600)
    addresses = {
        "0.0.0.0": "127.0.0.1",  # noqa: S104 - replaced
        "postgres:5432": f"127.0.0.1:{postgres.port}",
        "http://mlflow:5000": f"http://127.0.0.1:{mlflow}",
        "5000": str(mlflow),
        "8800": str(api),
        "/run/secrets": str(hidden),
        "/srv/mlflow": str(tmp_path / "mlflow"),
        "${SCOREWRIGHT_MODEL_URI:?say which, such as models:/loans_lgbm@champion}": (
            "models:/demo_logistic@champion"
        ),
    }
    return Machine(Composed(project, addresses), api, mlflow, training, policy_for)


def test_what_is_trained_decides_is_logged_and_goes_on_without_mlflow(
    machine: Machine, postgres: Postgres, passwords: dict[str, str], dummy_bundle: Bundle
) -> None:
    composed = machine.composed
    row = dict(dummy_bundle.golden[0].values)
    first, second = with_prior(dummy_bundle, 0.2), with_prior(dummy_bundle, 0.6)
    with composed.up("mlflow"):
        # Given MLflow, which answers under its name and no other
        search, body = "/api/2.0/mlflow/experiments/search", {"max_results": 5}
        assert ask(machine.mlflow, "POST", search, body, Host=f"mlflow:{machine.mlflow}")[0] == 200
        assert ask(machine.mlflow, "POST", search, body, Host="evil.example.com")[0] == 403
        # And a key made by hand beside the services
        made = composed.run("admin", "keys", "create", "--name", "web", "--scope", "predict",
                            "--scope", "state:read", "--json")  # fmt: skip
        key = {"X_API_Key": str(json.loads(made)["key"])}
        # When a model is trained, then sync deploys it and the API answers with it
        digest = machine.train(first)
        with composed.up("sync") as sync_said:
            wait(lambda: machine.deployed() == digest, sync_said)
            # (which so far wrote only where its container may)
            there = {path.name for path in composed.folder.iterdir()}
            assert there == {"scorewright.toml", "keys", "bundles"}
            with composed.up("api") as api_said:
                asked = {"application_id": "A-1", "features": row}
                assert ask(machine.api, "POST", "/predict", asked)[0] == 401
                code, answer = ask(machine.api, "POST", "/predict", asked, **key)
                assert (code, answer["pd"]) == (200, first.golden[0].pd), api_said()
                for page in ("/ready", "/health/database", "/health/mlflow"):
                    code, state = ask(machine.api, "GET", page, **key)
                    assert (page, code, state["status"]) == (page, 200, state["status"])
                assert ask(machine.api, "GET", "/health/mlflow", **key)[1]["status"] == "ok"
                # And when the next one is, then it takes over, and nothing was restarted
                digest = machine.train(second)
                wait(
                    lambda: (
                        ask(machine.api, "POST", "/predict", asked, **key)[1]["pd"]
                        == second.golden[0].pd
                    ),
                    api_said,
                )
                assert machine.deployed() == digest
    # When all but the database is gone, then the API starts and answers from what it has
    with composed.up("api") as api_said:
        code, answer = ask(machine.api, "POST", "/predict", asked, **key)
        assert (code, answer["pd"]) == (200, second.golden[0].pd), api_said()
    # And every 200 is in PostgreSQL
    with psycopg.connect(
        host="127.0.0.1", port=postgres.port, user="scorewright", dbname="decisions",
        password=passwords["scorewright"],
    ) as log:  # fmt: skip
        rows = log.execute("SELECT count(*), count(DISTINCT bundle) FROM decisions").fetchone()
    assert rows is not None
    assert rows[0] >= 3
    assert rows[1] == 2
