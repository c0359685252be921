"""Every setting the deployment files set is one, and means the same everywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from tests.deploy.linters import DEPLOY

from scorewright.adapters.project_files import load_settings
from scorewright.core.errors import UsageError
from scorewright.core.project import Settings

KUBERNETES = DEPLOY / "kubernetes"
SYSTEMD = DEPLOY / "systemd"
PREFIX = "SCOREWRIGHT__"


def env_file(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def compose(service: str) -> dict[str, str]:
    document = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text(encoding="utf-8"))
    given = document["services"][service]["environment"]
    # Compose fills in what the operator chose: ${NAME:?why} here becomes an example.
    return {
        name: re.sub(r"\$\{[A-Z_]+:\?.*\}", "models:/loans_lgbm@champion", value)
        for name, value in given.items()
        if name.startswith(PREFIX)
    }


def kubernetes_sync() -> dict[str, str]:
    document = yaml.safe_load((KUBERNETES / "sync.yaml").read_text(encoding="utf-8"))
    (container,) = document["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry["value"] for entry in container["env"]}


PROJECT = KUBERNETES / "project/scorewright.toml"
PLACES = {
    "compose api": (PROJECT, compose("api")),
    "compose sync": (PROJECT, compose("sync")),
    "kubernetes api": (PROJECT, env_file(KUBERNETES / "settings.env")),
    "kubernetes sync": (PROJECT, env_file(KUBERNETES / "settings.env") | kubernetes_sync()),
    "systemd api": (SYSTEMD / "scorewright.toml", {}),
    "systemd sync": (SYSTEMD / "scorewright.toml", env_file(SYSTEMD / "sync.env")),
}


def settings(place: str) -> Settings:
    file, environment = PLACES[place]
    return load_settings(file, file.parent, environment).settings


@pytest.mark.parametrize("place", PLACES)
def test_every_setting_is_known_and_valid(place: str) -> None:
    # Unknown names and wrong values are refused by loading them.
    loaded = settings(place)
    assert loaded.serve.mode == "production"
    assert loaded.serve.port == 8800
    assert loaded.serve.workers == 2
    assert loaded.bundles.directory == "bundles"
    assert loaded.bundles.keys == "keys"
    assert str(loaded.serve.log.url).startswith("postgresql://scorewright@")


@pytest.mark.parametrize("place", PLACES)
def test_sync_alone_knows_the_registered_model(place: str) -> None:
    wanted = "models:/loans_lgbm@champion" if place.endswith("sync") else None
    assert settings(place).serve.model_uri == wanted


def test_an_unknown_setting_would_be_told() -> None:
    with pytest.raises(UsageError, match="urll"):
        load_settings(PROJECT, PROJECT.parent, {"SCOREWRIGHT__SERVE__LOG__URLL": "x"})


def test_a_spool_that_goes_with_its_pod_is_not_relied_on() -> None:
    assert settings("kubernetes api").serve.log.policy == "required"
    assert settings("compose api").serve.log.policy == "spool"


def test_the_end_of_a_process_leaves_time_for_the_answers_in_work() -> None:
    drain = Settings.model_fields["serve"].get_default().limits.drain_seconds
    hardening = (SYSTEMD / "scorewright-.service.d/hardening.conf").read_text(encoding="utf-8")
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", hardening, flags=re.MULTILINE)
    text = (DEPLOY / "compose/compose.yaml").read_text(encoding="utf-8")
    (grace,) = re.findall(r"stop_grace_period: (\d+)s", text)
    assert int(stop) >= drain + 10
    assert int(grace) >= drain + 10


def test_the_example_of_trusted_keys_trusts_nobody() -> None:
    document = json.loads((KUBERNETES / "project/trusted.json").read_text(encoding="utf-8"))
    assert document == {"schema_version": 1, "keys": {}}
