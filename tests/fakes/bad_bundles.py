"""Bundles that must not be taken over: a good one, damaged in one of many ways."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from scorewright.adapters.bundles import KeyRing
from scorewright.core.bundles import Manifest, ManifestFile
from scorewright.core.digests import canonical_json, sha256_hex

__all__ = ["DEADLY", "KINDS", "Forger"]

SCORING = ("contract.json", "features.json", "calibration.json", "feature_plan.json")


@dataclass
class Forger:
    """Makes bad bundles of a good one.

    Attributes:
        good: Directory of a sound bundle.
        other: Another sound bundle of the same key.
        keys: The ring whose key is trusted: some are signed as they should be.
        stranger: A ring nobody trusts.
        random: Chooses files, places and bits.
    """

    good: Path
    other: Path
    keys: KeyRing
    stranger: KeyRing
    random: Random

    def make(self, kind: str, target: Path) -> Path:
        """Make one; its directory has no digest for a name, as a download has none."""
        shutil.copytree(self.good, target)
        {**KINDS, **DEADLY}[kind](self, target)
        return target

    def some(self, folder: Path) -> Path:
        """Choose a file of the bundle, manifest and signature included."""
        return self.random.choice(sorted(p for p in folder.rglob("*") if p.is_file()))

    def sign(self, folder: Path, ring: KeyRing | None = None, **changes: object) -> None:
        """Make what lies there a validly signed bundle, but for the changes to its manifest."""
        old = Manifest.from_bytes((self.good / "manifest.json").read_bytes())
        files = tuple(_listed(folder))
        scoring = {
            f.path: f.sha256 for f in files if f.path in SCORING or f.path.startswith("model/")
        }
        digest = sha256_hex(canonical_json(scoring))
        manifest = replace(old, files=files, model_digest=digest)
        self.sign_bytes(folder, replace(manifest, **changes).to_bytes(), ring)  # type: ignore[arg-type] # any field

    def sign_bytes(self, folder: Path, data: bytes, ring: KeyRing | None = None) -> None:
        (folder / "manifest.json").write_bytes(data)
        (folder / "manifest.sig").write_bytes((ring or self.keys).sign(data).to_bytes())


def _listed(folder: Path) -> Iterator[ManifestFile]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if not name.startswith("manifest."):
            data = path.read_bytes()
            yield ManifestFile(name, len(data), sha256_hex(data))


def _flip(forger: Forger, folder: Path) -> None:
    path = forger.some(folder)
    data = bytearray(path.read_bytes())
    data[forger.random.randrange(len(data))] ^= 1 << forger.random.randrange(8)
    path.write_bytes(data)


def _truncate(forger: Forger, folder: Path) -> None:
    path = forger.some(folder)
    os.truncate(path, forger.random.randrange(path.stat().st_size))


def _swap(forger: Forger, folder: Path) -> None:
    names = ["contract.json", "golden.json", "metrics.json", "reference.json", "features.json"]
    first, second = forger.random.sample(names, 2)
    data = (folder / first).read_bytes()
    (folder / first).write_bytes((folder / second).read_bytes())
    (folder / second).write_bytes(data)


def _other_signature(forger: Forger, folder: Path) -> None:
    shutil.copy(forger.other / "manifest.sig", folder)


def _unsigned(forger: Forger, folder: Path) -> None:
    (folder / "manifest.sig").unlink()


def _untrusted(forger: Forger, folder: Path) -> None:
    forger.sign(folder, forger.stranger)


def _missing(forger: Forger, folder: Path) -> None:
    forger.some(folder).unlink()


def _extra(forger: Forger, folder: Path) -> None:
    name = forger.random.choice(["extra.py", "model/extra.so", "code/__init__.py", ".hidden"])
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("raise SystemExit('run')")


def _link(forger: Forger, folder: Path) -> None:
    path = forger.some(folder)
    path.unlink()
    path.symlink_to(forger.good / path.relative_to(folder))


def _climbing(forger: Forger, folder: Path) -> None:
    name = forger.random.choice(["../outside", "model/../../x", "/etc/passwd", "a//b", "./a"])
    forger.sign(folder, files=(ManifestFile(name, 0, "0" * 64),))


def _code(forger: Forger, folder: Path) -> None:
    document = json.loads((folder / "manifest.json").read_bytes())
    document["code"] = forger.random.choice(["code", "os:system", "../evil.py"])
    forger.sign_bytes(folder, canonical_json(document))


def _oversize(forger: Forger, folder: Path) -> None:
    size = forger.random.randrange(1_000_000_001, 10**15)
    forger.sign(folder, files=(ManifestFile("model/big", size, "0" * 64),))


def _grown(forger: Forger, folder: Path) -> None:
    with forger.some(folder).open("r+b") as file:
        file.truncate(2_000_000_000)  # sparse: nothing is written


def _schema(forger: Forger, folder: Path) -> None:
    forger.sign(folder, schema_version=forger.random.choice([0, 2, 3, 99, -1]))


def _malformed(forger: Forger, folder: Path) -> None:
    name = forger.random.choice(["contract.json", "features.json", "golden.json"])
    (folder / name).write_text(forger.random.choice(["", "[]", "{}", "null", '{"rows": 1}', "["]))
    forger.sign(folder)


#: What is refused before any model is parsed.
KINDS: dict[str, Callable[[Forger, Path], None]] = {
    "bit flip": _flip,
    "truncation": _truncate,
    "swapped files": _swap,
    "another's signature": _other_signature,
    "unsigned": _unsigned,
    "untrusted key": _untrusted,
    "missing file": _missing,
    "extra file": _extra,
    "symbolic link": _link,
    "climbing path": _climbing,
    "code in the manifest": _code,
    "oversize": _oversize,
    "grown file": _grown,
    "other schema version": _schema,
    "malformed document": _malformed,
}


def _crashing(forger: Forger, folder: Path) -> None:
    """A file that LightGBM aborts on, under a good signature."""
    model = folder / "model" / "model.txt"
    data = model.read_bytes()
    model.write_bytes(data[: forger.random.randrange(len(data) // 4, len(data) // 2)])
    forger.sign(folder)


def _lying(forger: Forger, folder: Path) -> None:
    """A model that does not answer as its golden rows say."""
    golden = json.loads((folder / "golden.json").read_bytes())
    golden["rows"][0]["pd"] = 0.987
    (folder / "golden.json").write_text(json.dumps(golden))
    forger.sign(folder)


#: What only a child that may die finds out.
DEADLY: dict[str, Callable[[Forger, Path], None]] = {
    "crashing model": _crashing,
    "other answers": _lying,
}
