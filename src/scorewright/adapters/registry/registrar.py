"""Writing to the registry: versions, their tags, aliases."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from scorewright.adapters.guarded import private_folder
from scorewright.adapters.registry.connection import PATIENT, Connection, is_missing
from scorewright.core.digests import short
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.sync import Publication

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["MlflowRegistrar"]

_EXISTS = "RESOURCE_ALREADY_EXISTS"


class MlflowRegistrar:
    """Keeps the port ``Registrar``.

    Args:
        uri: Address of the MLflow store.
    """

    def __init__(self, uri: str) -> None:
        self._connection = Connection(uri, PATIENT)

    def version_of(self, name: str, alias: str) -> str | None:
        """Return the version an alias points to, None where there is no such alias."""
        try:
            return self._connection.ask(
                lambda client: str(client.get_model_version_by_alias(name, alias).version),
                f"models:/{name}@{alias}",
            )
        except ScorewrightError as error:
            if error.code == "store-refused" and is_missing(error):
                return None
            raise

    def refuse_names(self, publication: Publication, alias: str) -> None:
        """Refuse a model name, an alias or a tag MLflow would not take, by its own rules.

        Raises:
            UsageError: ``registry-name``.
        """
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy
        from mlflow.utils.validation import (  # noqa: PLC0415 - heavy; there is no public way
            _validate_model_alias_name,
            _validate_model_alias_name_reserved,
            _validate_model_name,
            _validate_model_version_tag,
        )

        try:
            _validate_model_name(publication.name)
            _validate_model_alias_name(alias)  # type: ignore[no-untyped-call] # MLflow has no types here
            _validate_model_alias_name_reserved(alias)  # type: ignore[no-untyped-call] # MLflow has no types here
            for key, value in publication.tags.items():
                _validate_model_version_tag(key, value)  # type: ignore[no-untyped-call] # MLflow has no types here
        except MlflowException as error:
            raise UsageError(
                f"The registry takes no such name: {error.message.rstrip('.')}.",
                remedy="Give an --alias of letters, digits, '-' and '_', such as champion; the "
                "model is named after project.name in scorewright.toml.",
                code="registry-name",
            ) from error

    def publish(self, publication: Publication) -> str:
        """Log the policies beside the model; make a version, or find that of this bundle.

        Raises:
            UsageError: ``bundle-not-logged``.
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-locked``,
                ``registry-timeout``, ``registry-answer``.
        """
        what = f"a version of {publication.name}"
        try:
            return self._connection.fetch(lambda client: _publish(client, publication), what)
        except ScorewrightError as error:
            if error.code == "store-refused" and is_missing(error):
                raise _not_logged(publication) from error
            raise

    def point(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        self._connection.ask(
            lambda client: client.set_registered_model_alias(name, alias, version),
            f"models:/{name}@{alias}",
        )


def _publish(client: MlflowClient, publication: Publication) -> str:
    model_id, location = _logged_model(client, publication)
    with private_folder("model") as temporary:
        # A folder of its own: MLflow copies permissions, and those of a temporary one are closed.
        folder = temporary / "files"
        (folder / "policies").mkdir(parents=True)
        for file in publication.policies:
            shutil.copyfile(file, folder / "policies" / file.name)
        client.log_model_artifacts(model_id, str(folder))
    version = _known_version(client, publication)
    if version is None:
        _make_name(client, publication.name)
        made = client.create_model_version(
            publication.name,
            location,
            publication.run_id,
            tags=dict(publication.tags),
            await_creation_for=0,
            model_id=model_id,
        )
        return str(made.version)
    # The policy's file last: it is what a sync process watches.
    for key, value in sorted(publication.tags.items(), key=lambda item: item[0] == "policy_file"):
        client.set_model_version_tag(publication.name, version, key, value)
    return version


def _logged_model(client: MlflowClient, publication: Publication) -> tuple[str, str]:
    """Return id and place of the model that the run logged from this bundle."""
    run = client.get_run(publication.run_id)
    outputs = run.outputs.model_outputs if run.outputs else []
    for output in outputs:
        model = client.get_logged_model(output.model_id)
        if model.tags.get("bundle") == publication.bundle and str(model.status) == "READY":
            _refuse_moved(str(model.artifact_location))
            return str(model.model_id), str(model.artifact_location)
    raise _not_logged(publication)


def _refuse_moved(location: str) -> None:
    """Refuse a folder that was moved away: MLflow would silently make it again."""
    parts = urlsplit(location)
    if parts.scheme not in ("", "file"):
        return
    folder = Path(url2pathname(parts.path) if parts.scheme == "file" else location)
    if not folder.is_dir():
        raise ScorewrightError(
            f"The model's files should lie in {folder}, a folder that is not there any more.",
            remedy="Move the project back to where it was, or train again.",
            code="store-moved",
        )


def _known_version(client: MlflowClient, publication: Publication) -> str | None:
    """Return the newest version that holds this bundle."""
    found = client.search_model_versions(f"run_id = '{publication.run_id}'")
    versions = [
        int(version.version)
        for version in found
        if version.name == publication.name and version.tags.get("bundle") == publication.bundle
    ]
    return str(max(versions)) if versions else None


def _make_name(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != _EXISTS:
            raise


def _not_logged(publication: Publication) -> UsageError:
    return UsageError(
        f"The tracking store holds no model of the bundle {short(publication.bundle)} (run "
        f"{publication.run_id}).",
        remedy="Register it where it was trained, with tracking.uri as it was then, or train "
        "again.",
        code="bundle-not-logged",
    )
