"""The Kubernetes manifests keep their schemas, and the profile "restricted"."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.linters import DEPLOY, broken, kubernetes_faults

FOLDER = DEPLOY / "kubernetes"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
OBJECTS: list[dict[str, Any]] = [
    thing for file in FILES for thing in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
DEPLOYMENTS = {o["metadata"]["name"]: o for o in OBJECTS if o["kind"] == "Deployment"}

BROKEN = {
    "typo.yaml": ("api.yaml", "  replicas: 2", "  replica: 2"),
    "type.yaml": ("api.yaml", "containerPort: 8800", "containerPort: http"),
    "probe.yaml": ("api.yaml", "httpGet: { path: /ready,", "httpget: { path: /ready,"),
    "version.yaml": ("sync.yaml", "apiVersion: apps/v1", "apiVersion: apps/v1beta1"),
    "policy.yaml": ("network.yaml", "podSelector: {}", "podSelector: []"),
    "claim.yaml": ("bundles.yaml", "accessModes: [ReadWriteMany]", "accessMode: ReadWriteMany"),
}


def pod(name: str) -> dict[str, Any]:
    return dict(DEPLOYMENTS[name]["spec"]["template"]["spec"])


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in DEPLOYMENTS:
        for container in [*pod(name)["containers"], *pod(name).get("initContainers", ())]:
            yield f"{name}/{container['name']}", container


def put_together() -> str:
    """Return what ``kubectl apply -k`` would apply."""
    command = ["kubectl", "kustomize", str(FOLDER)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.timeout(600)
def test_every_manifest_keeps_its_schema_and_broken_copies_do_not(tmp_path: Path) -> None:
    # Given the manifests, what kustomize makes of them, and copies with one thing wrong each
    good = list(FILES)
    if shutil.which("kubectl") is not None:
        (tmp_path / "whole.yaml").write_text(put_together(), encoding="utf-8")
        good.append(tmp_path / "whole.yaml")
    copies = [
        broken(FOLDER / source, tmp_path / name, old, new)
        for name, (source, old, new) in BROKEN.items()
    ]
    # When all are held against the schemas, together, because the program starts slowly
    found = kubernetes_faults(*good, *copies)
    # Then each copy is refused and nothing else is
    assert {name: faults for name, faults in found.items() if faults and name not in BROKEN} == {}
    assert [name for name in BROKEN if not found[name]] == []


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_the_whole_is_in_one_namespace_and_of_the_named_image() -> None:
    whole = put_together()
    things = list(yaml.safe_load_all(whole))
    assert len(things) == len(OBJECTS) + 2
    spaces = {t["metadata"].get("namespace") for t in things if t["kind"] != "Namespace"}
    assert spaces == {"scorewright"}
    assert "image: scorewright\n" not in whole
    assert whole.count("image: registry.example.com/scorewright:") == len([*containers()])


def test_everything_the_folder_holds_is_part_of_the_whole() -> None:
    whole = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    assert sorted(whole["resources"]) == [file.name for file in FILES]
    for generated in whole["configMapGenerator"]:
        for name in [*generated.get("files", ()), *generated.get("envs", ())]:
            assert (FOLDER / name).is_file()


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_pod_keeps_the_restricted_profile(name: str) -> None:
    spec = pod(name)
    security = spec["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == 10001
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert not any("hostPath" in volume for volume in spec["volumes"])


@pytest.mark.parametrize("name", [name for name, _ in containers()])
def test_every_container_is_locked_in(name: str) -> None:
    container = dict(containers())[name]
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in security
    for kind in ("requests", "limits"):
        assert {"cpu", "memory"} <= set(container["resources"][kind])


def test_alive_and_ready_are_asked_apart() -> None:
    (api,) = pod("scorewright-api")["containers"]
    assert api["livenessProbe"]["httpGet"]["path"] == "/health"
    assert api["readinessProbe"]["httpGet"]["path"] == "/ready"
    grace = pod("scorewright-api")["terminationGracePeriodSeconds"]
    assert grace >= api["lifecycle"]["preStop"]["sleep"]["seconds"] + 20 + 10


def test_selectors_find_what_they_are_meant_for() -> None:
    labels = {
        name: thing["spec"]["template"]["metadata"]["labels"] for name, thing in DEPLOYMENTS.items()
    }
    for thing in OBJECTS:
        spec = thing.get("spec", {})
        chosen = spec.get("podSelector") or spec.get("selector") or {}
        wanted = chosen.get("matchLabels", chosen if thing["kind"] == "Service" else {})
        if wanted:
            found = [n for n, has in labels.items() if wanted.items() <= has.items()]
            assert len(found) == 1, thing["metadata"]["name"]


def test_volumes_are_mounted_and_mounts_are_volumes() -> None:
    for name in DEPLOYMENTS:
        spec = pod(name)
        mounted = {
            mount["name"]
            for container in [*spec["containers"], *spec["initContainers"]]
            for mount in container["volumeMounts"]
        }
        assert mounted == {volume["name"] for volume in spec["volumes"]}


def test_the_network_is_closed_but_for_what_is_said() -> None:
    policies = {o["metadata"]["name"]: o["spec"] for o in OBJECTS if o["kind"] == "NetworkPolicy"}
    nothing = policies["nothing"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for policy in policies.values():
        for way in [*policy.get("ingress", ()), *policy.get("egress", ())]:
            assert way["ports"]
            assert way.get("from") or way.get("to")


def test_no_secret_is_in_the_repository() -> None:
    assert not [o for o in OBJECTS if o["kind"] == "Secret"]
    whole = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    assert "secretGenerator" not in whole
