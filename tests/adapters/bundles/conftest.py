"""A published bundle, and a way to sign one anew after it was changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.core.bundles import Bundle, Manifest, ManifestFile
from scorewright.core.digests import canonical_json, sha256_hex

Resign = Callable[..., Path]


@pytest.fixture
def published(store: DiskBundles, dummy_bundle: Bundle) -> Path:
    """The directory of a sound bundle."""
    return store.publish(dummy_bundle)


@pytest.fixture
def resign(keys: KeyRing) -> Resign:
    """Return a function that makes a changed directory a validly signed bundle again."""

    def sign(directory: Path, ring: KeyRing = keys, **changes: Any) -> Path:
        old = Manifest.from_bytes((directory / "manifest.json").read_bytes())
        files = []
        for path in sorted(p for p in directory.rglob("*") if p.is_file()):
            name = path.relative_to(directory).as_posix()
            if not name.startswith("manifest."):
                data = path.read_bytes()
                files.append(ManifestFile(name, len(data), sha256_hex(data)))
        listing = {
            f.path: f.sha256
            for f in files
            if f.path.startswith("model/")
            or f.path in ("contract.json", "features.json", "calibration.json")
        }
        digest = sha256_hex(canonical_json(listing))
        manifest = replace(old, files=tuple(files), model_digest=digest)
        data = replace(manifest, **changes).to_bytes()
        (directory / "manifest.json").write_bytes(data)
        (directory / "manifest.sig").write_bytes(ring.sign(data).to_bytes())
        return directory.rename(directory.with_name(sha256_hex(data)))

    return sign
