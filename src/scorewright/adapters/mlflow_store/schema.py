"""The database schema MLflow expects, compared with the one a store has.

MLflow upgrades an older database in place when it merely opens it, after which the version that
made it can no longer read it. So a store is looked at before MLflow sees it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorewright.adapters.mlflow_store.location import StoreLocation
from scorewright.core.errors import ScorewrightError

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

__all__ = ["installed_head", "invalid", "refuse_other_schema"]


_REVISION: Final = re.compile(r"^revision\b[^=\n]*=[^\n]*?['\"](\w+)['\"]", re.MULTILINE)
_EARLIER: Final = re.compile(r"^down_revision\b[^=\n]*=([^\n]*)", re.MULTILINE)
_QUOTED: Final = re.compile(r"['\"](\w+)['\"]")


def _folder() -> Path:
    spec = find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        raise ScorewrightError(
            "MLflow is not installed.", remedy="pip install scorewright", code="store-schema"
        )
    return Path(spec.submodule_search_locations[0]) / "store" / "db_migrations"


@cache
def _scripts() -> ScriptDirectory:
    """Return the migrations of the installed MLflow, without importing MLflow's stores."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - only needed when a store is opened

    return ScriptDirectory(str(_folder()))


@cache
def installed_head() -> str:
    """Return the revision of the schema the installed MLflow works with.

    The migrations are read as text: running them, as Alembic does, takes two seconds and the
    memory of half of MLflow.
    """
    texts = [file.read_text("utf-8") for file in (_folder() / "versions").glob("*.py")]
    known = {name for text in texts for name in _REVISION.findall(text)}
    earlier = {
        name for text in texts for line in _EARLIER.findall(text) for name in _QUOTED.findall(line)
    }
    heads = known - earlier
    return heads.pop() if len(heads) == 1 else str(_scripts().get_current_head())


def refuse_other_schema(revision: str, location: StoreLocation) -> None:
    """Refuse a database that is not at the installed MLflow's revision.

    Raises:
        ScorewrightError: ``store-schema``; the remedy differs for older and newer ones.
    """
    from alembic.util import CommandError  # noqa: PLC0415 - only needed when a store is opened

    head = installed_head()
    if revision == head:
        return
    installed = f"MLflow {version('mlflow')}"
    try:
        _scripts().get_revision(revision)
    except CommandError as error:
        raise ScorewrightError(
            f"The tracking store {location.shown} was made by a newer MLflow than the installed "
            f"{installed} (its schema is {revision}, known is {head}).",
            remedy="pip install --upgrade mlflow, or name another store in tracking.uri.",
            code="store-schema",
        ) from error
    backup = f"Copy {location.file} to a safe place" if location.file else "Back the database up"
    raise ScorewrightError(
        f"The tracking store {location.shown} was made by an older MLflow (its schema is "
        f"{revision}); {installed} needs {head}. Upgrading cannot be taken back, so it is never "
        "done silently.",
        remedy=f"{backup}, then: mlflow db upgrade {location.shown}",
        code="store-schema",
    )


def invalid(what: str, location: StoreLocation) -> ScorewrightError:
    """Return the error for something that is no MLflow store."""
    return ScorewrightError(
        f"The tracking store {location.shown} cannot be used: {what}.",
        remedy="Restore it from a backup, move it away (a new one is made), or name another in "
        "tracking.uri.",
        code="store-invalid",
    )
