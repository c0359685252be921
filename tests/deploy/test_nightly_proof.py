"""The nightly proof of the systemd unit, run where it may write nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.deploy.linters import DEPLOY

from scorewright.adapters.bundles import DiskBundles
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy

FOLDER = DEPLOY / "systemd"
HOME = Path("/srv/scorewright")


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_the_nightly_proof_writes_lies_where_its_unit_may_write(
    store: DiskBundles,
    tree_bundle: Bundle,
    policy_for: Callable[..., Policy],
    tmp_path: Path,
) -> None:
    pytest.importorskip("lignum")
    # Given a project with a deployed model that a faster engine may score
    digest = store.publish(tree_bundle).name
    _, policy = store.publish_policy(policy_for(tree_bundle))
    store.activate(digest, policy.name, datetime(2026, 11, 21, tzinfo=UTC))
    shutil.copy(DEPLOY / "kubernetes/project/scorewright.toml", tmp_path)
    before = _files(tmp_path)
    # When it is proved as the unit does
    text = (FOLDER / "scorewright-verify.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=\S+ (.+)$", text, flags=re.MULTILINE)
    values = {**os.environ, "SCOREWRIGHT__BUNDLES__KEYS": "keys"}
    done = subprocess.run(
        [sys.executable, "-m", "scorewright", *line.split()],
        cwd=tmp_path,
        env=values,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # Then it has written something, all of it where the unit may write
    after = _files(tmp_path)
    changed = [path for path in after.keys() | before.keys() if after.get(path) != before.get(path)]
    allowed = [
        tmp_path / Path(path).relative_to(HOME)
        for path in re.findall(r"^ReadWritePaths=(\S+)$", text, flags=re.MULTILINE)
    ]
    assert changed
    for path in changed:
        assert any(path.is_relative_to(folder) for folder in allowed), path


def test_the_folder_it_writes_to_is_made() -> None:
    # A unit whose ReadWritePaths is not there does not start at all
    unit = (FOLDER / "scorewright-verify.service").read_text(encoding="utf-8")
    made = (FOLDER / "scorewright.tmpfiles.conf").read_text(encoding="utf-8")
    paths = re.findall(r"^ReadWritePaths=(\S+)$", unit, flags=re.MULTILINE)
    assert paths
    for path in paths:
        assert re.search(
            rf"^d {re.escape(path)}\s+0700 scorewright scorewright ", made, re.MULTILINE
        )
