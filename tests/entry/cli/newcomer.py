"""What a newcomer's demo left behind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.entry.cli.tracking import client_of, read_run

from scorewright.core.conventions import RunRecord

__all__ = ["Demo"]


@dataclass(frozen=True)
class Demo:
    """A finished demo: its folder and the one document it printed."""

    root: Path
    document: dict[str, Any]
    elsewhere: Path

    @property
    def training(self) -> dict[str, Any]:
        return dict(self.document["training"])

    @cached_property
    def record(self) -> RunRecord:
        return read_run(self.training["tracking_uri"], self.training["run_id"])

    def artifact(self, name: str) -> Path:
        client = client_of(self.training["tracking_uri"])
        run = client.get_run(self.training["run_id"])
        return Path(run.info.artifact_uri.removeprefix("file://")) / name
