"""MLflow's registry: written where bundles are made, read where they are served."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from tests.adapters.registry.conftest import Registered
from tests.fakes.registry import MemorySync, MovedClock, TrustingProver

from scorewright.adapters.registry import MlflowRegistrar, MlflowRegistry
from scorewright.adapters.registry import registry as registry_module
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.flows.sync import (
    Candidate,
    ModelAddress,
    Publication,
    Syncer,
    SyncReport,
    register,
)

ADDRESS = ModelAddress("demo_logistic", "champion")


def _sync(logged: Registered) -> SyncReport:
    return Syncer(
        ADDRESS, logged.registry, logged.shelf, TrustingProver(), MemorySync(), MovedClock()
    ).look()


def _client(logged: Registered) -> MlflowClient:
    return MlflowClient(logged.uri, logged.uri)


def _files_of(logged: Registered, version: str) -> Path:
    return Path(_client(logged).get_model_version_download_uri(ADDRESS.name, version))


def test_a_bundle_goes_from_one_machine_to_another(
    logged: Registered, policy_for: Callable[..., Policy]
) -> None:
    # Given a bundle that training logged, registered
    done = register(logged.made, logged.registrar, logged.digest, "champion", "0")
    assert (done.version, done.before) == ("1", None)
    # Then a stranger reads in the registry what it is
    found = _client(logged).get_model_version_by_alias(ADDRESS.name, "champion")
    assert found.run_id == logged.bundle.run_id
    assert found.tags["bundle"] == logged.digest
    assert found.tags["policy"] == "demo_default@1"
    assert found.tags["policy_file"] == logged.policy.name
    # And another machine gets bundle and signed policy from there alone
    report = _sync(logged)
    assert (report.code, report.version) == ("", "1")
    current = logged.shelf.current()
    assert (current.bundle, current.policy_file) == (logged.digest, logged.policy.name)
    # When a policy is approved later and the bundle is registered again
    logged.made.publish_policy(policy_for(logged.bundle, version=0))
    again = register(logged.made, logged.registrar, logged.digest, "champion", "1")
    # Then the version is the same, and the policy arrives
    assert (again.version, again.policy) == ("1", "demo_default@2")
    assert _sync(logged).ok
    assert logged.shelf.current().policy_file.endswith(".policy-0002.json")
    # And MLflow itself still loads what the version holds
    assert (_files_of(logged, "1") / "MLmodel").is_file()


def test_what_is_not_there_is_named(logged: Registered, tmp_path: Path) -> None:
    for address in (ADDRESS, ModelAddress("nobody", "champion")):
        with pytest.raises(ScorewrightError) as caught:
            logged.registry.resolve(address)
        assert caught.value.code == "alias-missing"
    assert logged.registrar.version_of("nobody", "champion") is None
    # A database that is not there is not made
    missing = tmp_path / "nothing.db"
    with pytest.raises(ScorewrightError) as caught:
        MlflowRegistry(f"sqlite:///{missing}").resolve(ADDRESS)
    assert caught.value.code == "store-unreachable"
    assert not missing.exists()


def test_a_bundle_no_run_logged_is_not_registered(
    logged: Registered, policy_for: Callable[..., Policy]
) -> None:
    other = replace(logged.bundle, created_at="2026-11-22T00:00:00+00:00")
    digest = logged.made.publish(other).name
    logged.made.publish_policy(policy_for(other, version=0))
    with pytest.raises(UsageError) as caught:
        register(logged.made, logged.registrar, digest, "champion")
    assert caught.value.code == "bundle-not-logged"
    foreign = replace(other, run_id="0" * 32)
    digest = logged.made.publish(foreign).name
    logged.made.publish_policy(policy_for(foreign, version=0))
    with pytest.raises(UsageError) as caught:
        register(logged.made, logged.registrar, digest, "champion")
    assert caught.value.code == "bundle-not-logged"


def test_a_folder_that_was_moved_away_is_not_made_again(logged: Registered, tmp_path: Path) -> None:
    (logged.root / "mlruns" / "1").rename(tmp_path / "elsewhere")
    with pytest.raises(ScorewrightError) as caught:
        register(logged.made, logged.registrar, logged.digest, "champion")
    assert caught.value.code == "store-moved"
    assert not (logged.root / "mlruns" / "1").exists()


def test_a_version_without_a_bundle(logged: Registered, tmp_path: Path) -> None:
    client, other = _client(logged), tmp_path / "other"
    other.mkdir()
    (other / "MLmodel").write_text("flavors: {}")
    client.create_registered_model(ADDRESS.name)
    client.create_model_version(ADDRESS.name, str(other))
    client.set_registered_model_alias(ADDRESS.name, "champion", "1")
    assert _sync(logged).code == "registry-no-bundle"


@pytest.mark.parametrize(
    "source",
    ["http://127.0.0.1:1/model", "https://evil.example/model", "ftp://evil.example/m",
     "mlflow-artifacts://evil.example:80/1/model"],
)  # fmt: skip
def test_files_on_another_host_are_not_fetched(logged: Registered, source: str) -> None:
    client = _client(logged)
    client.create_registered_model(ADDRESS.name)
    client.create_model_version(ADDRESS.name, source)
    client.set_registered_model_alias(ADDRESS.name, "champion", "1")
    assert _sync(logged).code == "registry-elsewhere"


def test_more_than_a_bundle_may_have_is_not_fetched(
    logged: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(logged.made, logged.registrar, logged.digest, "champion")
    bundle = _files_of(logged, "1") / "bundle"
    # Given a file of many gigabytes (sparse: nothing is written)
    with (bundle / "big").open("wb") as file:
        file.truncate(50_000_000_000)
    assert _sync(logged).code == "bundle-too-large"
    (bundle / "big").unlink()
    # Too many files, and folders too deep
    monkeypatch.setattr(registry_module, "MAX_FILES", 3)
    assert _sync(logged).code == "bundle-too-large"
    monkeypatch.undo()
    (bundle / "a/b/c/d/e/f/g/h/i/j").mkdir(parents=True)
    assert _sync(logged).code == "bundle-too-large"


def test_a_file_longer_than_listed_is_cut_off(
    logged: Registered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a registry that lists little and sends much
    register(logged.made, logged.registrar, logged.digest, "champion")
    bundle = _files_of(logged, "1") / "bundle"
    (bundle / "golden.json").write_bytes(b"x" * 3_000_000)
    listing = registry_module._Download._list

    def lying(self: registry_module._Download, path: str, depth: int) -> None:
        listing(self, path, depth)
        self.listed.update({name: 10 for name in self.listed if name.endswith("golden.json")})

    monkeypatch.setattr(registry_module._Download, "_list", lying)
    monkeypatch.setattr(registry_module, "SHORTEST", 500_000)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(IntegrityError) as caught:
        logged.registry.fetch(ADDRESS, Candidate("1"), folder)
    assert caught.value.code == "bundle-too-large"
    files = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    assert max(files, default=0) <= 500_000


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_a_link_in_the_store_is_no_way_to_this_machines_files(
    logged: Registered, tmp_path: Path
) -> None:
    register(logged.made, logged.registrar, logged.digest, "champion")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    golden = _files_of(logged, "1") / "bundle" / "golden.json"
    golden.unlink()
    golden.symlink_to(secret)
    # MLflow follows no link; if it did, the bytes would not be the signed ones. Nothing is kept
    assert _sync(logged).code in {"store-refused", "bundle-file-changed"}
    assert not list(logged.shelf.digests())
    assert not [
        p for p in (tmp_path / "shelf").rglob("*") if p.is_file() and b"secret" in p.read_bytes()
    ]


def test_artifacts_that_are_gone(logged: Registered) -> None:
    register(logged.made, logged.registrar, logged.digest, "champion")
    shutil.rmtree(_files_of(logged, "1"))
    report = _sync(logged)
    assert (report.ok, report.version) == (False, "1")
    assert report.code in {"registry-no-bundle", "store-refused"}


def test_the_environment_is_left_as_it_was(
    logged: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    monkeypatch.delenv("MLFLOW_ALLOW_HTTP_REDIRECTS", raising=False)
    before = dict(os.environ)
    with pytest.raises(ScorewrightError) as caught:
        MlflowRegistrar("http://127.0.0.1:9").version_of("demo", "champion")
    assert caught.value.code == "store-unreachable"
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("alias", "name"),
    [("has space", "demo"), ("latest", "demo"), ("v1", "demo"), ("champion", "a/b")],
)
def test_what_the_registry_would_not_take_is_refused_before_anything_is_written(
    logged: Registered, alias: str, name: str
) -> None:
    publication = Publication(name, logged.bundle.run_id, logged.digest, {"k": "v"}, [])
    with pytest.raises(UsageError) as caught:
        logged.registrar.refuse_names(publication, alias)
    assert caught.value.code == "registry-name"
    if name == "demo":
        with pytest.raises(UsageError):
            register(logged.made, logged.registrar, logged.digest, alias)
        assert _client(logged).search_registered_models() == []
