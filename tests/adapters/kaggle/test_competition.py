"""Files of a competition from a server of our own, through Kaggle's own library."""

from __future__ import annotations

import gc
import hashlib
import importlib
import importlib.util
import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.kaggle.server import PATH, Storage, serving

from scorewright.adapters.kaggle import DiskFolder, KaggleCompetition
from scorewright.adapters.machine import SystemClock
from scorewright.core.errors import MissingExtraError, ScorewrightError, UsageError
from scorewright.flows.download import REMOTE_SETS, DownloadTools, download
from scorewright.flows.events import ignore

REMOTE = REMOTE_SETS["home-credit"]
BLOCK = 1024 * 1024  # the library keeps whole blocks only
TEXT = random.Random(5).randbytes(1000).hex()
LONG = random.Random(6).randbytes(BLOCK).hex()
VARIABLES = ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR")

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("kagglehub") is None, reason="the extra 'kaggle' is not installed"
    ),
    # The library leaves the answers open that it does not like; they are collected below.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nobody is signed in, and nothing of the real user is seen."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(home / ".kaggle"))
    yield
    gc.collect()


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A server that holds every file of the set."""
    kaggle_env = importlib.import_module("kagglesdk.kaggle_env")
    held = Storage({file: f"{file}\n{TEXT}" for file in REMOTE.files})
    with serving(held) as address:
        monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, address)
        yield held


@pytest.fixture
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "secret-token")


def fetch(folder: Path, file: str = "bureau.csv") -> None:
    KaggleCompetition().fetch(REMOTE, file, folder, lambda _: None)


def refused(folder: Path) -> ScorewrightError:
    with pytest.raises(ScorewrightError) as caught:
        fetch(folder)
    assert caught.value.remedy
    assert "secret" not in caught.value.message + caught.value.remedy
    assert not (folder / "bureau.csv").exists()
    return caught.value


@pytest.mark.usefixtures("_signed_in")
def test_the_whole_set_comes_and_nothing_is_left_aside(
    tmp_path: Path, storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = DownloadTools(KaggleCompetition(), DiskFolder(), SystemClock())

    result = download("home-credit", tmp_path / "data", tools, ignore)

    for file in result.files:
        data = (tmp_path / "data" / file.name).read_bytes()
        assert data == storage.files[file.name].encode()
        assert (file.bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    record = json.loads((tmp_path / "data" / "download.json").read_text())
    assert record == json.loads(json.dumps(result.to_dict()))
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == sorted(
        [*REMOTE.files, "download.json"]
    )
    assert set(storage.tokens) == {"Bearer secret-token"}
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("_signed_in", "storage")
def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, real = dict[int, int](), os.fsync

    def fsync(handle: int) -> None:
        status = os.fstat(handle)
        synced[status.st_ino] = status.st_size
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    fetch(tmp_path)
    status = (tmp_path / "bureau.csv").stat()
    assert synced[status.st_ino] == status.st_size
    assert tmp_path.stat().st_ino in synced


@pytest.mark.usefixtures("_signed_in")
@pytest.mark.parametrize("is_zipped", [True, False], ids=["zip", "plain"])
def test_a_transfer_that_is_broken_off_goes_on_where_it_stopped(
    tmp_path: Path, storage: Storage, *, is_zipped: bool
) -> None:
    storage.is_zipped, storage.cut_after = is_zipped, BLOCK + 1000
    storage.files["bureau.csv"] = LONG

    assert refused(tmp_path).code == "download-failed"
    fetch(tmp_path)

    assert (tmp_path / "bureau.csv").read_text() == storage.files["bureau.csv"]
    spans = [span for path, span in storage.asked if path.startswith("/storage") and span]
    assert spans == [f"bytes={BLOCK}-"]


@pytest.mark.usefixtures("_signed_in")
def test_unpacking_that_was_broken_off_is_begun_anew(tmp_path: Path, storage: Storage) -> None:
    cache = tmp_path / ".download" / "competitions" / REMOTE.source
    cache.mkdir(parents=True)
    (cache / "bureau.csv").write_text("half of")
    (cache / "bureau.csv.zip").write_bytes(b"an archive")

    fetch(tmp_path)

    assert (tmp_path / "bureau.csv").read_text() == storage.files["bureau.csv"]
    assert all(span is None for _, span in storage.asked)


@pytest.mark.usefixtures("_signed_in")
def test_bytes_that_are_not_what_kaggle_says_are_refused(tmp_path: Path, storage: Storage) -> None:
    storage.is_damaged = True

    assert refused(tmp_path).code == "download-failed"
    storage.is_damaged = False
    fetch(tmp_path)
    assert (tmp_path / "bureau.csv").read_text() == storage.files["bureau.csv"]


@pytest.mark.usefixtures("_signed_in")
@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "kaggle-credentials", "https://www.kaggle.com/settings/api"),
        (403, "kaggle-refused", "home-credit-default-risk/rules"),
        (404, "download-failed", "run the command again"),
        (500, "download-failed", "run the command again"),
    ],
)
def test_what_kaggle_answers_is_said_in_our_words(
    tmp_path: Path, storage: Storage, status: int, code: str, said: str
) -> None:
    storage.status = status

    error = refused(tmp_path)

    assert error.code == code
    assert said in error.remedy


@pytest.mark.usefixtures("_signed_in")
def test_a_server_that_is_not_there_is_a_failure(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    kaggle_env = importlib.import_module("kagglesdk.kaggle_env")
    monkeypatch.setitem(
        kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, "http://127.0.0.1:9"
    )

    error = refused(tmp_path)

    assert (error.code, error.exit_code) == ("download-failed", 3)


@pytest.mark.usefixtures("_signed_in")
def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, storage: Storage) -> None:
    (tmp_path / "file").write_text("")

    error = refused(tmp_path / "file" / "data")

    assert error.code == "write-failed"
    assert storage.asked == []


def test_without_credentials_the_way_to_them_is_shown(tmp_path: Path, storage: Storage) -> None:
    with pytest.raises(UsageError) as caught:
        KaggleCompetition().check(REMOTE)

    assert caught.value.code == "kaggle-credentials"
    assert "https://www.kaggle.com/settings/api" in caught.value.remedy
    assert "/rules" in caught.value.remedy
    assert refused(tmp_path).code == "kaggle-credentials"
    assert storage.asked == []


def test_credentials_are_found_wherever_kaggle_keeps_them(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "home" / ".kaggle"
    folder.mkdir()
    (folder / "kaggle.json").write_text('{"username": "ada", "key": "k"}')
    KaggleCompetition().check(REMOTE)
    (folder / "kaggle.json").write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        KaggleCompetition().check(REMOTE)
    monkeypatch.setenv("KAGGLE_USERNAME", "ada")
    monkeypatch.setenv("KAGGLE_KEY", "k")

    fetch(tmp_path)

    assert (tmp_path / "bureau.csv").is_file()
    assert storage.asked[0] == (PATH, None)
    assert [str(token).split()[0] for token in storage.tokens] == ["Basic"]


@pytest.mark.usefixtures("_signed_in")
def test_progress_is_told_while_a_file_comes(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scorewright.adapters.kaggle import competition

    monkeypatch.setattr(competition, "_EVERY", 0.001)
    storage.files["bureau.csv"] = LONG
    heard: list[int] = []

    KaggleCompetition().fetch(REMOTE, "bureau.csv", tmp_path, heard.append)

    assert heard


def test_without_the_extra_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)

    with pytest.raises(MissingExtraError) as caught:
        KaggleCompetition().check(REMOTE)

    assert "scorewright[kaggle]" in caught.value.remedy


def test_a_file_that_is_not_there_has_no_measure(tmp_path: Path) -> None:
    assert DiskFolder().measure(tmp_path / "none.csv") is None
