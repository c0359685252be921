"""The compose file keeps its schema, and every service in it is locked in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.linters import DEPLOY, broken, compose_faults

FILE = DEPLOY / "compose/compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

BROKEN = {
    "key.yaml": ("    image: *image", "    imagee: *image"),
    "ports.yaml": ('ports: ["127.0.0.1:${SCOREWRIGHT_PORT:-8800}:8800"]', "ports: 8800"),
    "check.yaml": ("      interval: 10s", "      intervall: 10s"),
    "limits.yaml": ('limits: { cpus: "2"', 'limits: { cpu: "2"'),
}


@pytest.mark.timeout(600)
def test_it_keeps_the_schema_and_broken_copies_do_not(tmp_path: Path) -> None:
    # Given copies with one thing wrong each
    copies = [broken(FILE, tmp_path / name, *change) for name, change in BROKEN.items()]
    # When all are held against the schema, together, because the program starts slowly
    found = compose_faults(FILE, *copies)
    # Then each copy is refused, and the file itself is not
    assert [name for name, faults in found.items() if not faults] == [FILE.name]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_locked_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert all("noexec" in mount and "size=" in mount for mount in service["tmpfs"])
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert service["healthcheck"].get("disable") or service["healthcheck"]["test"][0] == "CMD"


def test_ports_are_open_on_this_machine_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_secrets_are_files_and_nothing_else() -> None:
    # Every secret is a file, is used, and no value of the environment is one.
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    assert all(set(entry) == {"file"} for entry in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith(("_FILE", "PASSFILE")):
                assert str(value).startswith("/run/secrets/"), variable
            else:
                assert not any(word in variable for word in ("PASS", "PEPPER", "SECRET"))
                # A URL may name who, never the password.
                assert not re.search(r"//[^/@]*:[^/@]*@", str(value)), variable


def test_only_sync_publishes_bundles_and_only_sync_knows_the_registry_model() -> None:
    def mount(service: str, target: str) -> dict[str, Any]:
        return next(v for v in SERVICES[service]["volumes"] if v["target"] == target)

    assert mount("api", "/srv/scorewright/bundles")["read_only"] is True
    assert "read_only" not in mount("sync", "/srv/scorewright/bundles")
    assert mount("api", "/srv/scorewright/keys")["read_only"] is True
    knows = {n for n, s in SERVICES.items() if "SCOREWRIGHT__SERVE__MODEL_URI" in s["environment"]}
    assert knows == {"sync"}


def test_the_api_depends_on_nothing_and_cannot_be_reached_through_the_database() -> None:
    assert "depends_on" not in SERVICES["api"]
    assert SERVICES["postgres"]["networks"] == ["inside"]
    assert SERVICES["sync"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_every_mounted_file_of_the_repository_is_there() -> None:
    sources = {
        volume["source"]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if volume["type"] == "bind" and not volume["source"].startswith("./project")
    }
    assert sources == {"./databases.sql"}
    assert all((FILE.parent / source).is_file() for source in sources)
