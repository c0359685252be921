"""The targets for the image and its bill of materials run what they say."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from tests.deploy.linters import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def would_run(*words: str) -> str:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return " ".join(done.stdout.replace("\\\n", " ").split())


def test_the_image_is_built_on_a_base_that_is_pinned() -> None:
    base = f"docker.io/library/python@sha256:{'0' * 64}"
    said = would_run("image", f"BASE={base}", "BUILDER=docker build", "IMAGE=there:1")
    assert said.startswith(f"docker build --build-arg BASE={base} --build-arg REVISION=")
    assert said.endswith("--file deploy/container/Dockerfile --tag there:1 .")


def test_without_a_base_the_one_of_the_dockerfile_is_taken() -> None:
    assert "BASE=" not in would_run("image", "BASE=", "BUILDER=docker build")


def test_the_bill_is_of_what_is_shipped_and_not_of_the_tools() -> None:
    install, write = would_run("sbom", "UV=uv").split(" uv run ")
    assert "UV_PROJECT_ENVIRONMENT=.tools/shipped uv sync" in install
    assert "--frozen --no-dev --no-editable --extra serve" in install
    assert write.endswith("python tools/make_sbom.py .tools/shipped dist/sbom.cdx.json")
