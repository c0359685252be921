"""A project written for a table loads back, with the right roles, on real and made tables."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import polars as pl
import pytest
from pydantic import BaseModel

from scorewright.adapters.project_files import (
    TomlContractFiles,
    dataset,
    load_settings,
    settings_guide,
    sniff,
    table_path_text,
    write_project,
    write_texts,
)
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.project import Settings
from scorewright.flows.init_project import InitRequest, ProjectDraft, init_project

SHARED = Path(__file__).resolve().parents[3] / "../shared/data"

SOUTH_GERMAN = "laufkont laufzeit hoehe famges alter kredit\r\n" + "".join(
    f"{n % 4 + 1} {n % 36 + 6} {n * 37 % 9000} {n % 3 + 1} {n % 50 + 20} {int(n % 10 > 2)}\r\n"
    for n in range(200)
)


def drafted(file: Path, root: Path) -> ProjectDraft:
    dialect = sniff(file)
    if file.suffix == ".parquet":
        frame = pl.read_parquet(file)
    else:
        frame = pl.read_csv(
            file,
            separator=dialect.separator,
            encoding=dialect.encoding,
            infer_schema=False,
            null_values=["", "NA"],
        )
    return init_project(
        frame,
        InitRequest(
            table_path_text(file, root),
            separator=dialect.separator,
            encoding=dialect.encoding,
        ),
        settings_guide(),
    )


def loaded(file: Path, root: Path) -> tuple[Settings, ProjectDraft]:
    """Draft, write and load a project; check what holds for every one of them."""
    draft = drafted(file, root)
    written = write_project(draft, root)
    project = load_settings(None, root, {})
    settings = project.settings
    table = settings.tables[settings.data.table]
    assert project.file == written.settings_file.resolve()
    assert isinstance(table.files, str)
    assert (root / table.files).resolve() == file.resolve()
    assert table.contract is not None
    assert TomlContractFiles().load(root / table.contract) == draft.contract
    assert settings.data.target == draft.contract.target
    assert str(settings.data.bad_value) == draft.contract.bad_value
    return settings, draft


@pytest.mark.parametrize(
    ("name", "target", "bad_rate"),
    [("lending_club", "Class", 0.05245), ("credit_data", "Status", 0.28154)],
)
def test_the_shipped_sets(tmp_path: Path, name: str, target: str, bad_rate: float) -> None:
    shipped = dataset(name)
    settings, draft = loaded(shipped.path, tmp_path / "new")
    assert settings.project.name == name
    assert (settings.data.target, settings.data.bad_value) == (target, "bad")
    assert draft.bad_rate == pytest.approx(bad_rate, abs=1e-5)
    assert draft.rows == shipped.rows
    assert settings.data.key is None


def test_a_space_separated_file_where_zero_is_bad(tmp_path: Path) -> None:
    file = tmp_path / "SouthGermanCredit.asc"
    file.write_text(SOUTH_GERMAN, newline="")
    settings, draft = loaded(file, tmp_path)
    assert settings.project.name == "south_german_credit"
    assert settings.tables["south_german_credit"].separator == " "
    assert settings.tables["south_german_credit"].files == "SouthGermanCredit.asc"
    assert (settings.data.target, settings.data.bad_value) == ("kredit", 0)
    assert draft.bad_rate == pytest.approx(0.3)


def test_the_real_south_german_file(tmp_path: Path) -> None:
    file = SHARED / "south_german/SouthGermanCredit.asc"
    if not file.is_file():
        pytest.skip("the South German file is not beside the repository (../shared/data)")
    settings, draft = loaded(file, tmp_path)
    assert (settings.data.target, settings.data.bad_value) == ("kredit", 0)
    assert draft.bad_rate == pytest.approx(0.3)
    assert draft.rows == 1000


def test_other_writings_of_a_table(tmp_path: Path) -> None:
    # given an unnamed first column, semicolons, Latin-1 and a name with brackets
    file = tmp_path / "Prüf[1].csv"
    rows = "".join(f"{n};{n % 7};né;{'bad' if n % 5 == 0 else 'good'}\n" for n in range(50))
    file.write_bytes((";Größe;Ort;Status\n" + rows).encode("latin-1"))

    # when
    draft = drafted(file, tmp_path)
    write_project(draft, tmp_path)

    # then
    settings = load_settings(None, tmp_path, {}).settings
    table = settings.tables["pruf_1"]
    assert (table.separator, table.encoding) == (";", "latin-1")
    assert table.files == "Prüf[1].csv"


def test_a_customer_and_a_date_are_found(tmp_path: Path) -> None:
    file = tmp_path / "loans.csv"
    rows = "".join(f"{n},2024-{n % 12 + 1:02d}-01,{n * 10},{int(n % 4 == 0)}\n" for n in range(120))
    file.write_text("customer_id,application_date,income,default\n" + rows)
    settings, _ = loaded(file, tmp_path)
    assert settings.data.key == "customer_id"
    assert settings.data.decision_date == "application_date"
    assert (settings.data.target, settings.data.bad_value) == ("default", 1)


def test_every_setting_stands_in_the_file_and_loads_uncommented(tmp_path: Path) -> None:
    # given
    file = tmp_path / "loans.csv"
    file.write_text("income,default\n1,0\n2,1\n3,0\n")
    text = drafted(file, tmp_path).settings_text

    # when every line that is a setting is uncommented
    uncommented = re.sub(r"^#(?! )", "", text, flags=re.MULTILINE)

    # then each field of each section is there, the defaults as they are, and all of it loads
    data = tomllib.loads(uncommented)
    settings = Settings.model_validate(data)
    fresh = Settings.model_validate(tomllib.loads(text))
    assert set(data) == set(Settings.model_fields)
    for name, section in settings:
        if name in {"tables", "conventions"}:
            continue
        assert set(data[name]) == set(type(section).model_fields)
        for field, about in type(section).model_fields.items():
            default = about.get_default()
            if isinstance(default, BaseModel):
                assert set(data[name][field]) == set(type(default).model_fields)
                continue
            if not about.is_required() and default is not None and field != "accept":
                assert getattr(section, field) == getattr(getattr(fresh, name), field)
                assert data[name][field] == default
    assert set(data["tables"]["loans"]) == set(type(settings.tables["loans"]).model_fields)
    assert set(data["leakage"]["accept"][0]) == {"code", "column", "reason"}


def test_each_setting_is_explained_in_one_line_above_it(tmp_path: Path) -> None:
    file = tmp_path / "loans.csv"
    file.write_text("income,default\n1,0\n2,1\n3,0\n")
    lines = drafted(file, tmp_path).settings_text.splitlines()
    for key, said in settings_guide().items():
        name = key.rsplit(".", 1)[-1]
        at = lines.index(f"# {said.text}")
        assert re.match(rf"#?(\[+.*\]+$|{name} = )", lines[at + 1]), key


def test_existing_settings_are_kept_unless_forced(tmp_path: Path) -> None:
    # given
    file = tmp_path / "loans.csv"
    file.write_text("income,default\n1,0\n2,1\n3,0\n")
    draft = drafted(file, tmp_path)
    (tmp_path / "scorewright.toml").write_text("mine")

    # when
    with pytest.raises(UsageError) as caught:
        write_project(draft, tmp_path)

    # then
    assert caught.value.code == "project-exists"
    assert (tmp_path / "scorewright.toml").read_text() == "mine"
    assert not (tmp_path / "contracts").exists()
    write_project(draft, tmp_path, force=True)
    assert (tmp_path / "scorewright.toml").read_text() == draft.settings_text


def test_what_a_killed_init_left_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an init that ends before its last file has its name
    file = tmp_path / "loans.csv"
    file.write_text("income,default\n1,0\n2,1\n3,0\n")
    draft = drafted(file, tmp_path)
    real = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target.name == "scorewright.toml":
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            write_project(draft, tmp_path)
    assert (tmp_path / "contracts" / "loans.toml").exists()

    # when
    write_project(draft, tmp_path)

    # then
    assert (tmp_path / "scorewright.toml").read_text() == draft.settings_text


KILLED = """
import os, signal, sys
from pathlib import Path
from scorewright.adapters.project_files import write_texts
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
write_texts({Path(sys.argv[1]) / "scorewright.toml": "mine"})
"""


@pytest.mark.skipif(os.name != "posix", reason="locks of the system")
def test_what_a_killed_command_wrote_aside_goes_with_the_next_one(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1

    write_texts({tmp_path / "scorewright.toml": "mine"})

    assert [file.name for file in tmp_path.iterdir()] == ["scorewright.toml"]
    assert (tmp_path / "scorewright.toml").stat().st_mode & 0o777 == 0o666 & ~_mask()


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_contract_that_says_anything_else_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "loans.csv"
    file.write_text("income,default\n1,0\n2,1\n3,0\n")
    draft = drafted(file, tmp_path)
    contract = tmp_path / "contracts" / "loans.toml"
    contract.parent.mkdir()
    contract.write_text("mine")

    with pytest.raises(UsageError) as caught:
        write_project(draft, tmp_path)

    assert caught.value.code == "project-exists"
    assert contract.read_text() == "mine"
    assert not (tmp_path / "scorewright.toml").exists()


def test_what_git_ignores_is_added_to_once(tmp_path: Path) -> None:
    file = tmp_path / "loans.csv"
    file.write_text("income,default\n1,0\n2,1\n3,0\n")
    ignore = tmp_path / ".gitignore"
    ignore.write_bytes(b"caf\xe9\n/mlruns\n*.tmp")
    draft = drafted(file, tmp_path)
    for _ in range(2):
        write_project(draft, tmp_path, force=True)
        assert ignore.read_bytes() == b"caf\xe9\n/mlruns\n*.tmp\nbundles/\n.scorewright/\n"


def test_a_full_disk_leaves_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a disk that takes two files and no third
    file = tmp_path / "loans.csv"
    file.write_text("income,default\n1,0\n2,1\n3,0\n")
    draft = drafted(file, tmp_path)
    opened: list[Path] = []
    real_open = Path.open

    def full(self: Path, *args: str, **more: str) -> object:
        if args and args[0] == "r+b":
            opened.append(self)
            if len(opened) > 2:
                raise OSError(28, "No space left on device")
        return real_open(self, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)

    # when
    with pytest.raises(ScorewrightError) as caught:
        write_project(draft, tmp_path / "new")

    # then
    assert caught.value.code == "write-failed"
    assert len(opened) == 3
    assert [p for p in (tmp_path / "new").rglob("*") if p.is_file()] == []


def test_paths_are_relative_where_the_file_is_near(tmp_path: Path) -> None:
    root = tmp_path / "a" / "project"
    assert table_path_text(root / "data" / "x.csv", root) == "data/x.csv"
    assert table_path_text(tmp_path / "a" / "x.csv", root) == "../x.csv"
    assert table_path_text(tmp_path / "x.csv", root) == str((tmp_path / "x.csv").resolve())
