"""Fetching a data set: what is asked for, what is kept, what is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.download import (
    REMOTE_SETS,
    DownloadTools,
    RemoteSet,
    Written,
    download,
)
from scorewright.flows.events import Event, Note, StageDone, StepDone

FOLDER = Path("data")
FILES = REMOTE_SETS["home-credit"].files


@dataclass
class Kaggle:
    """`DownloadSource` and `DownloadFolder` in memory."""

    files: dict[Path, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    breaks_at: str | None = None
    may_ask: bool = True
    record: dict[str, Any] | None = None

    def check(self, remote: RemoteSet) -> None:
        self.asked.append("check")
        if not self.may_ask:
            raise UsageError("no", remedy="yes", code="kaggle-credentials")

    def fetch(
        self, remote: RemoteSet, file: str, folder: Path, progress: Callable[[int], None]
    ) -> None:
        self.asked.append(file)
        if file == self.breaks_at:
            raise ScorewrightError("gone", remedy="again", code="download-failed")
        progress(3_000_000)
        self.files[folder / file] = file

    def measure(self, file: Path) -> Written | None:
        text = self.files.get(file)
        return None if text is None else Written(len(text), f"digest of {text}")

    def finish(self, folder: Path, record: str, document: dict[str, Any]) -> None:
        assert (folder, record) == (FOLDER, "download.json")
        self.record = document


class NoonClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    def elapsed(self) -> float:
        return 0.0


def tools(kaggle: Kaggle) -> DownloadTools:
    return DownloadTools(kaggle, kaggle, NoonClock())


def test_all_files_come_and_are_written_down() -> None:
    kaggle = Kaggle()
    heard: list[Event] = []

    result = download("home-credit", FOLDER, tools(kaggle), heard.append)

    assert kaggle.asked == ["check", *FILES]
    assert [file.name for file in result.files] == list(FILES)
    assert all(file.is_new for file in result.files)
    assert kaggle.record == result.to_dict()
    assert kaggle.record["fetched_at"] == "2026-11-21T12:00:00+00:00"
    assert kaggle.record["files"][1]["sha256"] == "digest of bureau.csv"
    assert StepDone("download", 1, "bureau.csv, 3 MB") in heard
    assert isinstance(heard[-1], StageDone)


def test_a_file_that_is_there_is_kept_and_said() -> None:
    kaggle = Kaggle(files={FOLDER / "bureau.csv": "mine"})
    heard: list[Event] = []

    result = download("home-credit", FOLDER, tools(kaggle), heard.append)

    assert "bureau.csv" not in kaggle.asked
    assert kaggle.files[FOLDER / "bureau.csv"] == "mine"
    assert [file.name for file in result.files if not file.is_new] == ["bureau.csv"]
    assert Note("bureau.csv is there already and is kept.") in heard


def test_nobody_is_asked_where_all_is_there() -> None:
    kaggle = Kaggle(files={FOLDER / file: file for file in FILES}, may_ask=False)

    download("home-credit", FOLDER, tools(kaggle), lambda _: None)

    assert kaggle.asked == []


def test_without_credentials_nothing_is_fetched() -> None:
    kaggle = Kaggle(may_ask=False)

    with pytest.raises(UsageError) as caught:
        download("home-credit", FOLDER, tools(kaggle), lambda _: None)

    assert caught.value.code == "kaggle-credentials"
    assert kaggle.asked == ["check"]


def test_what_is_broken_off_goes_on_with_the_file_that_is_missing() -> None:
    kaggle = Kaggle(breaks_at=FILES[3])

    with pytest.raises(ScorewrightError):
        download("home-credit", FOLDER, tools(kaggle), lambda _: None)
    assert kaggle.record is None
    kaggle.breaks_at, kaggle.asked = None, []
    result = download("home-credit", FOLDER, tools(kaggle), lambda _: None)

    assert kaggle.asked == ["check", *FILES[3:]]
    assert [file.is_new for file in result.files] == [False] * 3 + [True] * 4


def test_an_unknown_set_names_its_neighbours() -> None:
    with pytest.raises(UsageError) as caught:
        download("home-kredit", FOLDER, tools(Kaggle()), lambda _: None)

    assert caught.value.code == "dataset-unknown"
    assert "home-credit" in caught.value.remedy
