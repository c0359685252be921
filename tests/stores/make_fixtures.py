"""Makes the store fixtures with real MLflow of six versions; run by hand, with a package index.

    python tests/stores/make_fixtures.py [--only VERSION] [--environments FOLDER]

For each version it makes a throwaway environment (`uv venv`, `uv pip install`), writes a store of
each kind in `/home/team/credit` (`recipe.py`), asks the same version what the store holds
(`dump.py`), packs the folder into `tests/fixtures/stores/mlflow-<version>-<kind>.tar.xz` with the
answer beside it as JSON, and removes the folder. The stores thus hold absolute paths of a folder
that no reader has: a store that was moved is the normal case. `/home/team` must not exist.

Pins that old versions need today: SQLAlchemy below 1.4 (1.8), 2 (1.30, 2.0) or 2.1 (2.22, 3.0);
protobuf below 3.21, 4 or 5; NumPy below 1.24 and pandas below 2 up to 2.0; setuptools below 81 for
`pkg_resources`; Flask and its kin of 2021 for 1.8; OpenTelemetry below 1.34 for the traces of 2.22
and 3.0, which else lose their spans in silence.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures" / "stores"
HOME = Path("/home/team")
PROJECT = HOME / "credit"
OLD = ("numpy<1.24", "pandas<2", "setuptools<81")
FLASK = ("flask<2.1", "werkzeug<2.1", "jinja2<3.1", "markupsafe<2.1", "itsdangerous<2.1")
TRACING = ("opentelemetry-api<1.34", "opentelemetry-sdk<1.34")
PINS: dict[str, tuple[str, tuple[str, ...]]] = {
    "1.8.0": ("3.8", ("sqlalchemy<1.4", "protobuf<3.21", *OLD, *FLASK)),
    "1.30.1": ("3.8", ("sqlalchemy<2", "protobuf<4", *OLD)),
    "2.0.1": ("3.8", ("sqlalchemy<2", "protobuf<5", *OLD)),
    "2.22.2": ("3.11", ("sqlalchemy<2.1", "setuptools<81", *TRACING)),
    "3.0.1": ("3.11", ("sqlalchemy<2.1", "setuptools<81", *TRACING)),
    "3.17.2": ("3.11", ("setuptools<81",)),
}
MADE_AT = 1_709_287_200


def environment(folder: Path, version: str) -> Path:
    """Make the environment of one version, or take the one that is there; return its Python."""
    python = folder / version / "bin" / "python"
    if not python.exists():
        wanted, pins = PINS[version]
        subprocess.run(["uv", "venv", "--python", wanted, str(folder / version)], check=True)
        subprocess.run(
            ["uv", "pip", "install", "--python", str(python), f"mlflow=={version}", *pins],
            check=True,
        )
    return python


def ask(python: Path, script: str, *arguments: str) -> Any:
    """Run one of the two scripts in the project's folder; return the JSON it wrote.

    A copy of the script runs: traces would note the repository and commit of the file itself.
    """
    tools = HOME / "tools"
    tools.mkdir(exist_ok=True)
    shutil.copy(HERE / script, tools)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        variables = {
            **os.environ,
            "SAID": str(answer),
            "LOGNAME": "ana",
            "PYTHONHASHSEED": "0",
            "PYTHONWARNINGS": "ignore",
            "GIT_PYTHON_REFRESH": "quiet",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_ALLOW_FILE_STORE": "true",
            "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",
        }
        command = [str(python), str(tools / script), *arguments]
        subprocess.run(command, check=True, cwd=PROJECT, env=variables)
        return json.loads(answer.read_text())


def tables(database: Path) -> dict[str, Any]:
    """Return the revision of a database and how many rows each table has."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        counts = {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in sorted(names)
        }
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return {"revision": revision, "tables": counts}


def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Take out of an archive what differs from machine to machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = "team"
    member.mtime = MADE_AT
    return member


def pack(version: str, kind: str, truth: dict[str, Any]) -> None:
    """Write the archive and the truth beside it."""
    target = FIXTURES / f"mlflow-{version}-{kind}"
    with (
        lzma.open(f"{target}.tar.xz", "wb", preset=9 | lzma.PRESET_EXTREME) as stream,
        tarfile.open(fileobj=stream, mode="w") as archive,
    ):
        for path in sorted(PROJECT.iterdir()):
            if path.name != "made":
                archive.add(path, arcname=path.name, filter=plain)
    text = json.dumps(truth, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    Path(f"{target}.json").write_text(text + "\n", encoding="utf-8")


def make(python: Path, version: str, kind: str) -> None:
    """Write, ask and pack one store."""
    PROJECT.mkdir(parents=True)
    try:
        address = "mlruns" if kind == "file" else "sqlite:///mlflow.db"
        if kind == "file":
            address = (PROJECT / address).as_uri()
        written = ask(python, "recipe.py", address, kind)
        held = ask(python, "dump.py", address)
        truth = {"mlflow": version, "kind": kind, "root": str(PROJECT), **held, "written": written}
        if kind == "sqlite":
            truth["database"] = tables(PROJECT / "mlflow.db")
        pack(version, kind, truth)
    finally:
        shutil.rmtree(HOME)


def main() -> None:
    """Make all fixtures, or those of one version."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=PINS, action="append")
    parser.add_argument("--environments", type=Path, help="keep the environments in this folder")
    given = parser.parse_args()
    if HOME.exists():
        sys.exit(f"{HOME} exists; it would be written to and removed.")
    FIXTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as throwaway:
        folder = given.environments or Path(throwaway)
        for version in given.only or PINS:
            python = environment(folder, version)
            for kind in ("file", "sqlite"):
                make(python, version, kind)


if __name__ == "__main__":
    main()
