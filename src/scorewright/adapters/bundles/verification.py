"""Is this directory the bundle somebody trusted signed? From the cheapest check to the dearest.

Signature over the manifest's bytes first, so nothing else is believed before it; then names,
sizes, and last the contents. Bytes that are handed on are the very bytes that were hashed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from scorewright.adapters.bundles.keys import KeyRing
from scorewright.adapters.bundles.signature import Signature
from scorewright.adapters.guarded import NotRegularError, open_regular, read_regular
from scorewright.core.bundles import Manifest, ManifestFile
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.errors import IntegrityError

__all__ = [
    "DIGEST",
    "MANIFEST",
    "SIGNATURE",
    "check_files",
    "check_manifest",
    "check_paths",
    "refused",
]

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
DIGEST = re.compile(r"[0-9a-f]{64}")

MAX_MANIFEST = 16_000_000
MAX_SIGNATURE = 4_096
MAX_TOTAL = 1_000_000_000
CHUNK = 1 << 20

SCORING = ("contract.json", "features.json", "calibration.json", "feature_plan.json")
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')


def check_manifest(directory: Path, keys: KeyRing) -> Manifest:
    """Check the signature and what the manifest says about itself.

    Raises:
        IntegrityError: ``bundle-file-missing``, ``bundle-unsigned``, ``bundle-signature``,
            ``bundle-untrusted-key``, ``bundle-revoked-key``, ``bundle-manifest``,
            ``bundle-path``, ``bundle-too-large``, ``bundle-digest``.
    """
    data = _small(directory / MANIFEST, MAX_MANIFEST, "bundle-file-missing")
    signed = _small(directory / SIGNATURE, MAX_SIGNATURE, "bundle-unsigned")
    try:
        signature = Signature.from_bytes(signed)
    except ValueError as error:
        raise refused("bundle-signature", f"{SIGNATURE} is {error}") from error
    keys.check(data, signature, "bundle")
    try:
        manifest = Manifest.from_bytes(data)
    except RecursionError as error:
        raise refused("bundle-manifest", "the manifest is nested too deeply") from error
    _check_entries(manifest)
    if manifest.to_bytes() != data:
        raise refused("bundle-manifest", "the manifest is not in its canonical form")
    if _model_digest(manifest) != manifest.model_digest:
        raise refused("bundle-manifest", "the model digest does not follow from the files")
    if DIGEST.fullmatch(directory.name) and directory.name != sha256_hex(data):
        raise refused("bundle-digest", "the directory bears the name of another bundle")
    return manifest


def _check_entries(manifest: Manifest) -> None:
    """Check types, paths and the total size of the listed files."""
    for entry in manifest.files:
        sized = isinstance(entry.size, int) and not isinstance(entry.size, bool)
        texts = isinstance(entry.path, str) and isinstance(entry.sha256, str)
        if not (sized and texts) or entry.size < 0 or not DIGEST.fullmatch(entry.sha256):
            raise refused("bundle-manifest", "the manifest lists a file without size or digest")
    check_paths([entry.path for entry in manifest.files])
    if sum(entry.size for entry in manifest.files) > MAX_TOTAL:
        raise refused("bundle-too-large", f"its files add up to more than {MAX_TOTAL} bytes")


def check_paths(paths: list[str]) -> None:
    """Refuse paths that could leave the directory or mean another file elsewhere.

    Raises:
        IntegrityError: ``bundle-path``, or ``bundle-manifest`` for one listed twice.
    """
    for path in paths:
        parts = path.split("/")
        unsafe = any(part in ("", ".", "..") for part in parts) or FORBIDDEN.search(path)
        if unsafe or path in (MANIFEST, SIGNATURE):
            raise refused("bundle-path", f"the manifest lists the unsafe path {path[:100]!r}")
    if len({path.casefold() for path in paths}) != len(paths):
        raise refused("bundle-manifest", "the manifest lists a path twice")


def _model_digest(manifest: Manifest) -> str:
    """Return the model digest that follows from the manifest's own list."""
    listing = {
        entry.path: entry.sha256
        for entry in manifest.files
        if entry.path in SCORING or entry.path.startswith("model/")
    }
    return sha256_hex(canonical_json(listing))


def check_files(directory: Path, manifest: Manifest, *, keep: bool) -> dict[str, bytes]:
    """Check that exactly the listed files are there and that each holds the listed bytes.

    Args:
        directory: The bundle.
        manifest: From `check_manifest`.
        keep: Whether to return the bytes; without it files are hashed in pieces.

    Returns:
        The bytes by path, from the same read that was hashed; empty without ``keep``.

    Raises:
        IntegrityError: ``bundle-file-missing``, ``bundle-file-extra``, ``bundle-not-a-file``,
            ``bundle-file-changed``.
    """
    _check_names(directory, {entry.path: entry for entry in manifest.files})
    kept: dict[str, bytes] = {}
    for entry in sorted(manifest.files, key=lambda entry: entry.size):
        data = _hashed(directory / PurePosixPath(entry.path), entry, keep=keep)
        if keep:
            kept[entry.path] = data
    return kept


def _check_names(directory: Path, listed: Mapping[str, ManifestFile]) -> None:
    """Compare the names and sizes on disk with the manifest's list."""
    sizes = dict(_walk(directory))
    expected = {*listed, MANIFEST, SIGNATURE}
    for path in sorted(expected - set(sizes)):
        raise refused("bundle-file-missing", f"the file {path} is missing")
    for path in sorted(set(sizes) - expected):
        raise refused("bundle-file-extra", f"the file {path[:100]!r} does not belong to it")
    for path, entry in listed.items():
        if sizes[path] != entry.size:
            raise refused("bundle-file-changed", f"{path} has {sizes[path]} bytes")


def _walk(directory: Path, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Yield path and size of every plain file; an empty directory counts as an extra file."""
    try:
        with os.scandir(directory) as entries:
            found = list(entries)
    except OSError as error:
        raise refused("bundle-file-missing", "the directory cannot be read") from error
    if prefix and not found:
        yield prefix, 0
    for entry in found:
        path = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(directory / entry.name, f"{path}/")
        elif entry.is_file(follow_symlinks=False):
            yield path, entry.stat(follow_symlinks=False).st_size
        else:
            raise refused("bundle-not-a-file", f"{path[:100]!r} is a link or a device")


def _hashed(path: Path, entry: ManifestFile, *, keep: bool) -> bytes:
    """Read a file once, at most to its listed size, and compare its digest."""
    digest = hashlib.sha256()
    pieces: list[bytes] = []
    left = entry.size + 1
    try:
        with open_regular(path) as file:
            while piece := file.read(min(CHUNK, left)):
                digest.update(piece)
                left -= len(piece)
                if keep:
                    pieces.append(piece)
    except NotRegularError as error:
        raise refused("bundle-not-a-file", f"{entry.path} is a link or a device") from error
    except OSError as error:
        raise refused("bundle-file-missing", f"{entry.path} cannot be read") from error
    if left != 1 or digest.hexdigest() != entry.sha256:
        raise refused("bundle-file-changed", f"the contents of {entry.path} were changed")
    return b"".join(pieces)


def _small(path: Path, limit: int, missing: str) -> bytes:
    """Read a small file of the bundle itself."""
    try:
        return read_regular(path, limit)
    except NotRegularError as error:
        raise refused("bundle-not-a-file", f"{path.name} is a link or a device") from error
    except OverflowError as error:
        raise refused("bundle-too-large", str(error)) from error
    except OSError as error:
        raise refused(missing, f"{path.name} is missing or cannot be read") from error


def refused(code: str, why: str) -> IntegrityError:
    """Build the error all refusals share."""
    return IntegrityError(
        f"The bundle is refused: {why}.",
        remedy="Get the bundle again from where it was made, or train again; do not edit it.",
        code=code,
    )
