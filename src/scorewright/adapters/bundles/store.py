"""The bundles of a project on disk.

    bundles/
      current.json                     what is deployed
      <digest>/                        a bundle, never changed after it appeared
      <digest>.policy-0001.json, .sig  its policies

Everything is written aside, synced and renamed: a crash leaves what was there before, and
what it left aside is swept by the next writer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from scorewright.adapters.bundles.adoption import (
    place_policy,
    signed_policy_bytes,
    verified_bytes,
)
from scorewright.adapters.bundles.keys import KeyRing
from scorewright.adapters.bundles.pointer import (
    CURRENT,
    POLICY_NAME,
    dump_current,
    read_current,
    read_previous,
)
from scorewright.adapters.bundles.policies import (
    read_draft_policy,
    read_signed_policy,
    signature_path,
)
from scorewright.adapters.bundles.references import resolve
from scorewright.adapters.bundles.verification import (
    DIGEST,
    MANIFEST,
    SIGNATURE,
    check_files,
    check_manifest,
    check_paths,
    refused,
)
from scorewright.adapters.bundles.writing import (
    incoming,
    names_in,
    try_writing,
    write_folder,
    writing,
)
from scorewright.adapters.guarded import replace_file
from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.flows.ports import Current

__all__ = ["DiskBundles"]


class DiskBundles:
    """Bundles in one directory; keeps the port ``BundleStore``.

    Args:
        directory: Created when the first bundle is published.
        keys: Signs what is published and knows who may be believed.
        lock_seconds: How long to wait for another writer.
    """

    def __init__(self, directory: Path, keys: KeyRing, lock_seconds: float = 10.0) -> None:
        self._directory = directory
        self._keys = keys
        self._lock_seconds = lock_seconds

    def publish(self, bundle: Bundle) -> Path:
        """Sign and write a bundle aside, rename it to its digest; return its directory.

        Raises:
            IntegrityError: ``bundle-exists-damaged`` when a bundle of that digest was there
                before and does not verify; those of `verify` for the one just written.
            ScorewrightError: ``write-failed``, ``bundle-store-locked``, and those of the keys.
        """
        manifest = bundle.manifest()
        files = bundle.files()
        check_paths(list(files))
        signature = self._keys.sign(manifest.to_bytes())
        target = self._directory / manifest.digest
        files |= {MANIFEST: manifest.to_bytes(), SIGNATURE: signature.to_bytes()}
        with self._writing():
            was_there = os.path.lexists(target)
            if not was_there:
                write_folder(files, target)
        if was_there:
            self._check_published(target)
        else:
            self.verify(target)
        return target

    def incoming(self) -> AbstractContextManager[Path]:
        """Give a folder for what is being fetched; it is gone afterwards.

        Raises:
            ScorewrightError: ``write-failed``, ``bundle-store-locked``.
        """
        return incoming(self._directory, self._lock_seconds)

    def adopt(self, directory: Path) -> Manifest:
        """Take in a bundle that a trusted key signed elsewhere; return its manifest.

        Nothing of the given directory is used but the bytes that were verified, so nobody can
        exchange them between the check and the renaming.

        Raises:
            IntegrityError: Those of `verify`, and ``bundle-exists-damaged`` when a bundle of
                that digest was there before and does not verify.
            ScorewrightError: ``write-failed``, ``bundle-store-locked``.
        """
        manifest, files = verified_bytes(directory, self._keys)
        target = self._directory / manifest.digest
        with self._writing():
            was_there = os.path.lexists(target)
            if not was_there:
                write_folder(files, target)
        if was_there:
            self._check_published(target)
        return manifest

    def adopt_policy(self, file: Path, bundle_digest: str) -> str:
        """Take in a policy that a trusted key signed elsewhere; return its file name here.

        Args:
            file: ``<digest>.policy-NNNN.json``; its signature lies beside it.
            bundle_digest: The bundle it has to be made for.

        Raises:
            IntegrityError: Those of `read_policy`, ``policy-other-model``.
            UsageError: ``policy-exists``: another policy has its name here.
            ScorewrightError: ``write-failed``, ``bundle-store-locked``.
        """
        data, signature = signed_policy_bytes(file, bundle_digest, self._keys)
        with self._writing():
            place_policy(self._path(file.name), data, signature)
        return file.name

    def check_ready(self) -> None:
        """Check that bundles can be signed, believed and written, by writing an empty file.

        Raises:
            ScorewrightError: ``write-failed``, ``bundle-store-locked``, and those of the keys,
                ``key-untrusted`` among them.
        """
        self._keys.check_ready()
        with self._writing():
            try_writing(self._directory)

    def publish_policy(self, policy: Policy) -> tuple[Policy, Path]:
        """Sign and write a policy beside its bundle as ``<digest>.policy-<version>.json``.

        Args:
            policy: With version 0 it is a draft and gets the next number of this store, while
                no other writer can take it. Any other version is kept.

        Returns:
            The policy with its number, and its file.

        Raises:
            IntegrityError: ``policy-invalid`` when it names no bundle digest or no version.
            UsageError: ``policy-exists`` when another policy has that version.
            ScorewrightError: ``write-failed``, ``bundle-store-locked``, and those of the keys.
        """
        with self._writing():
            found = self._numbered_policies()
            if policy.version == 0:
                highest = found[-1][0] if found else 0
                policy = replace(policy, version=highest + 1)
            taken = [name for version, name in found if version == policy.version]
            return policy, self._write_policy(policy, taken)

    def policies(self, bundle_digest: str) -> tuple[str, ...]:
        """Return the file names of a bundle's policies, the newest version last."""
        found = self._numbered_policies()
        return tuple(name for _, name in found if name.startswith(f"{bundle_digest}."))

    def _write_policy(self, policy: Policy, taken: list[str]) -> Path:
        """Sign and write a numbered policy; ``taken`` are the files that have its version."""
        name = f"{policy.bundle}.policy-{policy.version:04d}.json"
        if not POLICY_NAME.fullmatch(name):
            raise IntegrityError(
                "The policy does not name the digest of its bundle, or its version is no number.",
                remedy="Train again: 'scorewright train' writes the policy with its bundle.",
                code="policy-invalid",
            )
        data = policy.to_bytes()
        signature = self._keys.sign(data)
        path = self._directory / name
        if taken:
            if name in taken and read_signed_policy(path, self._keys) == policy:
                return path
            raise UsageError(
                f"Version {policy.version} of the policy exists already, as {taken[0]}.",
                remedy="Policies are never changed: give the new one the next version.",
                code="policy-exists",
            )
        # The signature first: a policy that can be seen is a policy that can be checked.
        replace_file(signature_path(path), signature.to_bytes())
        replace_file(path, data)
        return path

    def activate(self, bundle_digest: str, policy_file: str, now: datetime) -> Current:
        """Replace ``current.json`` atomically, after checking bundle and policy once more.

        Args:
            bundle_digest: A bundle of this store.
            policy_file: Name of one of its policies in this store.
            now: Aware; written as the beginning of this deployment.

        Raises:
            UsageError: ``bundle-unknown``, ``policy-missing``.
            IntegrityError: Those of `verify` and `read_policy`, ``policy-other-model``.
        """
        manifest = self.verify(self.directory(bundle_digest))
        policy = self.read_policy(Path(policy_file))
        named = POLICY_NAME.fullmatch(policy_file)
        is_its_own = policy.bundle == manifest.digest
        is_its_own = is_its_own and policy.model_digest == manifest.model_digest
        if named is None or named["bundle"] != manifest.digest or not is_its_own:
            raise IntegrityError(
                "The policy was made for another bundle.",
                remedy="Deploy a bundle with a policy that was made for it.",
                code="policy-other-model",
            )
        new = Current(manifest.digest, policy_file, now)
        with self._writing():
            replace_file(self._path(CURRENT), dump_current(new, self._previous()))
        return new

    def current(self) -> Current:
        """Read ``current.json``.

        Raises:
            UsageError: ``no-bundle`` when nothing has been trained yet.
            IntegrityError: ``current-invalid``.
        """
        return read_current(self._directory)

    def previous(self) -> Current | None:
        """Return what was deployed before what is deployed now; None where nothing was.

        Raises:
            UsageError: ``no-bundle`` when nothing has been deployed yet.
            IntegrityError: ``current-invalid``.
        """
        return read_previous(self._directory)

    def directory(self, reference: str) -> Path:
        """Resolve ``current``, a digest, a unique beginning (6 characters or more), or a path.

        Raises:
            UsageError: ``bundle-unknown``, ``bundle-ambiguous``, ``no-bundle``.
        """
        if reference == "current":
            reference = self.current().bundle
        return resolve(reference, self._directory, tuple(self.digests()))

    def verify(self, directory: Path) -> Manifest:
        """Check signature, list of files, sizes and digests.

        Raises:
            IntegrityError: ``bundle-unsigned``, ``bundle-signature``, ``bundle-untrusted-key``,
                ``bundle-revoked-key``, ``bundle-manifest``, ``bundle-digest``, ``bundle-path``,
                ``bundle-too-large``, ``bundle-file-missing``, ``bundle-file-extra``,
                ``bundle-not-a-file``, ``bundle-file-changed``.
        """
        manifest = check_manifest(directory, self._keys)
        check_files(directory, manifest, keep=False)
        return manifest

    def read(self, directory: Path) -> Bundle:
        """Verify a bundle and read it from the very bytes that were hashed."""
        return self.load(directory)[1]

    def load(self, directory: Path) -> tuple[Manifest, Bundle]:
        """Verify a bundle and read it, with its manifest, in one pass (no model is parsed).

        Raises:
            IntegrityError: Those of `verify`, ``bundle-manifest`` for malformed documents.
        """
        manifest = check_manifest(directory, self._keys)
        files = check_files(directory, manifest, keep=True)
        try:
            return manifest, Bundle.from_files(manifest, files)
        except (AttributeError, RecursionError, UsageError) as error:
            raise refused("bundle-manifest", "one of its documents is malformed") from error

    def read_policy(self, file: Path) -> Policy:
        """Read a policy and check its signature.

        Args:
            file: A bare file name means a policy of this store, anything else is a path.

        Raises:
            UsageError: ``policy-missing``.
            IntegrityError: ``policy-unsigned``, ``policy-signature``, ``policy-untrusted-key``,
                ``policy-revoked-key``, ``policy-invalid``.
        """
        path = self._directory / file if file.parent == Path() else file
        return read_signed_policy(path, self._keys)

    def read_draft(self, file: Path) -> Policy:
        """Read a policy without a signature, to be looked at and not to decide.

        Raises:
            UsageError: ``policy-missing``.
            IntegrityError: ``policy-invalid``.
        """
        return read_draft_policy(file)

    def digests(self) -> Iterator[str]:
        """List the digests of all bundles, newest first."""
        found = [self._path(name) for name in names_in(self._directory) if DIGEST.fullmatch(name)]
        times = {path.name: path.stat().st_mtime_ns for path in found if path.is_dir()}
        yield from sorted(times, key=lambda name: (-times[name], name))

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._directory, self._lock_seconds)

    def _path(self, name: str) -> Path:
        return self._directory / name

    def _previous(self) -> Current | None:
        """Return what is deployed, or None where nothing is or the file says nothing.

        A damaged ``current.json`` must not keep the next deployment from mending it.
        """
        try:
            return read_current(self._directory)
        except (IntegrityError, UsageError):
            return None

    def _numbered_policies(self) -> list[tuple[int, str]]:
        """Return version and file name of all policies, the highest version last.

        Bundles copied here with their policies may bring a version a second time.
        """
        named = (POLICY_NAME.fullmatch(name) for name in names_in(self._directory))
        return sorted((int(match["version"]), match.string) for match in named if match)

    def _check_published(self, target: Path) -> None:
        """Read back what lies under the digest, whoever wrote it."""
        try:
            self.verify(target)
        except IntegrityError as error:
            raise IntegrityError(
                f"A bundle with the digest {target.name[:12]} is there and is damaged: {error}",
                remedy=f"Move {target} away and try again.",
                code="bundle-exists-damaged",
                details={"cause": error.code},
            ) from error
