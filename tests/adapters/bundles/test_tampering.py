"""A bundle that was touched is refused, each kind by its code, and never parsed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.bundles import verification as verification_module
from scorewright.core.bundles import Bundle, Manifest, ManifestFile
from scorewright.core.errors import IntegrityError

Resign = Callable[..., Path]


def refusal(store: DiskBundles, directory: Path) -> str:
    """Return the code, the same from both ways of looking."""
    with pytest.raises(IntegrityError) as by_verify:
        store.verify(directory)
    with pytest.raises(IntegrityError) as by_load:
        store.load(directory)
    assert by_verify.value.code == by_load.value.code
    assert by_verify.value.remedy
    return by_verify.value.code


def listed_files(directory: Path) -> list[str]:
    return sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file())


def test_flipped_bit_in_each_file(
    store: DiskBundles, published: Path, record_property: Callable[[str, object], None]
) -> None:
    for name in listed_files(published):
        path = published / name
        good = path.read_bytes()
        for position in (0, len(good) // 2, len(good) - 2):
            bad = bytearray(good)
            bad[position] ^= 1
            path.write_bytes(bad)
            code = refusal(store, published)
            if name == "manifest.json":
                assert code == "bundle-signature"
            elif name == "manifest.sig":
                assert code in {"bundle-signature", "bundle-untrusted-key"}
            else:
                assert code == "bundle-file-changed"
        path.write_bytes(good)
    assert store.verify(published)
    record_property(
        "guarantee", f"changed-byte: {3 * len(listed_files(published))} flipped bits, each refused"
    )


def test_truncation_of_each_file(store: DiskBundles, published: Path) -> None:
    for name in listed_files(published):
        path = published / name
        good = path.read_bytes()
        for size in (0, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:size])
            code = refusal(store, published)
            at_manifest = name.startswith("manifest.")
            assert code == ("bundle-signature" if at_manifest else "bundle-file-changed")
        path.write_bytes(good)


def test_missing_file_of_each_kind(store: DiskBundles, published: Path) -> None:
    for name in listed_files(published):
        good = (published / name).read_bytes()
        (published / name).unlink()
        expected = "bundle-unsigned" if name == "manifest.sig" else "bundle-file-missing"
        assert refusal(store, published) == expected
        (published / name).write_bytes(good)


def test_swapped_files(store: DiskBundles, published: Path) -> None:
    first, second = published / "golden.json", published / "reference.json"
    first.rename(published / "x")
    second.rename(first)
    (published / "x").rename(second)
    assert refusal(store, published) == "bundle-file-changed"


@pytest.mark.parametrize("name", ["extra.txt", "model/extra.bin", ".hidden", "new/deep/file"])
def test_extra_file(store: DiskBundles, published: Path, name: str) -> None:
    (published / name).parent.mkdir(parents=True, exist_ok=True)
    (published / name).write_text("")
    assert refusal(store, published) == "bundle-file-extra"


def test_extra_empty_directory(store: DiskBundles, published: Path) -> None:
    (published / "empty").mkdir()
    assert refusal(store, published) == "bundle-file-extra"


@pytest.mark.parametrize("name", ["golden.json", "manifest.json", "manifest.sig", "another"])
def test_symlink_even_to_the_right_bytes(
    store: DiskBundles, published: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes((published / name).read_bytes() if name != "another" else b"")
    (published / name).unlink(missing_ok=True)
    (published / name).symlink_to(target)
    assert refusal(store, published) == "bundle-not-a-file"


def test_symlinked_folder(store: DiskBundles, published: Path, tmp_path: Path) -> None:
    shutil.move(published / "model", tmp_path / "model")
    (published / "model").symlink_to(tmp_path / "model")
    assert refusal(store, published) == "bundle-not-a-file"


def test_pipe_does_not_hang(store: DiskBundles, published: Path) -> None:
    for name in ("golden.json", "manifest.json"):
        good = (published / name).read_bytes()
        (published / name).unlink()
        os.mkfifo(published / name)
        assert refusal(store, published) == "bundle-not-a-file"
        (published / name).unlink()
        (published / name).write_bytes(good)


def test_other_bundles_signature(store: DiskBundles, published: Path, bundle: Bundle) -> None:
    other = store.publish(bundle)
    shutil.copy(other / "manifest.sig", published / "manifest.sig")
    assert refusal(store, published) == "bundle-signature"


def test_other_bundle_under_this_name(store: DiskBundles, published: Path, bundle: Bundle) -> None:
    other = store.publish(bundle)
    shutil.rmtree(published)
    shutil.copytree(other, published)
    assert refusal(store, published) == "bundle-digest"
    # A copy under a name of its own is still that bundle.
    assert store.verify(Path(shutil.copytree(other, published.with_name("copy"))))


def test_untrusted_and_revoked_key(
    store: DiskBundles, keys: KeyRing, published: Path, tmp_path: Path, resign: Resign
) -> None:
    stranger = KeyRing(tmp_path / "stranger")
    copy = Path(shutil.copytree(published, tmp_path / "copy"))
    assert refusal(store, resign(copy, stranger)) == "bundle-untrusted-key"
    keys.revoke(next(iter(keys.trusted())))
    assert refusal(store, published) == "bundle-revoked-key"


@pytest.mark.parametrize(
    "path",
    ["../outside", "model/../../outside", "/etc/passwd", "model\\x", "a//b", "./a", "a/", "",
     "C:x", "a\x00b", "manifest.json", "a\nb"],
)  # fmt: skip
def test_unsafe_path_in_a_signed_manifest(
    store: DiskBundles, published: Path, resign: Resign, path: str
) -> None:
    entry = ManifestFile(path, 0, "0" * 64)
    assert refusal(store, resign(published, files=(entry,))) == "bundle-path"


@pytest.mark.parametrize(
    "entry",
    [
        ManifestFile("x", -1, "0" * 64),
        ManifestFile("x", True, "0" * 64),
        ManifestFile("x", 1, "0" * 63),
        ManifestFile("x", "1", "0" * 64),  # type: ignore[arg-type] # what a forger may write
        ManifestFile(7, 1, "0" * 64),  # type: ignore[arg-type] # the same
        ManifestFile("x", 1, None),  # type: ignore[arg-type] # the same
    ],
)
def test_malformed_entry_in_a_signed_manifest(
    store: DiskBundles, published: Path, resign: Resign, entry: ManifestFile
) -> None:
    assert refusal(store, resign(published, files=(entry,))) == "bundle-manifest"


def test_file_listed_twice(store: DiskBundles, published: Path, resign: Resign) -> None:
    entries = (ManifestFile("a", 0, "0" * 64), ManifestFile("A", 0, "0" * 64))
    assert refusal(store, resign(published, files=entries)) == "bundle-manifest"


def test_wrong_model_digest(store: DiskBundles, published: Path, resign: Resign) -> None:
    assert refusal(store, resign(published, model_digest="0" * 64)) == "bundle-manifest"


def test_unknown_schema_version(store: DiskBundles, published: Path, resign: Resign) -> None:
    assert refusal(store, resign(published, schema_version=2)) == "bundle-manifest"


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"files": 7}', b'{"files": [1]}']
)
def test_signed_nonsense(store: DiskBundles, keys: KeyRing, published: Path, data: bytes) -> None:
    (published / "manifest.json").write_bytes(data)
    (published / "manifest.sig").write_bytes(keys.sign(data).to_bytes())
    assert refusal(store, published) == "bundle-manifest"


def test_signed_manifest_in_another_form(
    store: DiskBundles, keys: KeyRing, published: Path
) -> None:
    data = (published / "manifest.json").read_bytes() + b"\n"
    (published / "manifest.json").write_bytes(data)
    (published / "manifest.sig").write_bytes(keys.sign(data).to_bytes())
    assert refusal(store, published) == "bundle-manifest"


def test_gigabytes_are_refused_before_they_are_read(
    store: DiskBundles, published: Path, resign: Resign
) -> None:
    # Given a signed manifest that lists more than the cap
    entry = ManifestFile("model/big", verification_module.MAX_TOTAL + 1, "0" * 64)
    assert refusal(store, resign(published, files=(entry,))) == "bundle-too-large"


def test_file_that_grew_is_refused_by_its_size(store: DiskBundles, published: Path) -> None:
    with (published / "golden.json").open("r+b") as file:
        file.truncate(3_000_000_000)  # sparse: nothing is written
    assert refusal(store, published) == "bundle-file-changed"


def test_huge_manifest_is_not_read(store: DiskBundles, published: Path) -> None:
    with (published / "manifest.json").open("r+b") as file:
        file.truncate(3_000_000_000)
    assert refusal(store, published) == "bundle-too-large"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("contract.json", "[]"),
        ("contract.json", '{"table":"t","columns":[{"name":"x","type":"what"}]}'),
        ("features.json", '{"features":[{}]}'),
        ("calibration.json", '{"omega":1,"calibrator":{"kind":"magic"}}'),
        ("golden.json", '{"rows":[{"pd":0.5}]}'),
        ("golden.json", "not json"),
        ("reference.json", "[" * 100_000),
    ],
)
def test_signed_but_malformed_documents(
    store: DiskBundles, published: Path, resign: Resign, name: str, text: str
) -> None:
    (published / name).write_text(text)
    directory = resign(published)
    assert store.verify(directory)
    with pytest.raises(IntegrityError) as caught:
        store.load(directory)
    assert caught.value.code == "bundle-manifest"


def test_missing_documents_in_a_signed_bundle(
    store: DiskBundles, published: Path, resign: Resign
) -> None:
    (published / "contract.json").unlink()
    with pytest.raises(IntegrityError) as caught:
        store.load(resign(published))
    assert caught.value.code == "bundle-manifest"


def test_bytes_used_are_the_bytes_hashed(
    store: DiskBundles, dummy_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a forger who changes a file right after it was hashed
    directory = store.publish(dummy_bundle)
    hashed = verification_module._hashed

    def forged(path: Path, entry: ManifestFile, *, keep: bool) -> bytes:
        data = hashed(path, entry, keep=keep)
        path.write_bytes(b"\x00" * entry.size)
        return data

    monkeypatch.setattr(verification_module, "_hashed", forged)
    # When the bundle is loaded, then it is the one that was signed
    assert store.load(directory)[1] == dummy_bundle


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_change_of_any_byte_is_refused(
    store: DiskBundles, published: Path, data: st.DataObject
) -> None:
    # Given any file, any position and any other byte
    name = data.draw(st.sampled_from(listed_files(published)))
    good = (published / name).read_bytes()
    position = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda b: b != good[position]))
    bad = good[:position] + bytes([other]) + good[position + 1 :]
    # When it is changed, then the bundle is refused; changed back, it is accepted
    (published / name).write_bytes(bad)
    refusal(store, published)
    (published / name).write_bytes(good)
    assert store.verify(published)


def test_manifest_without_the_bundle(store: DiskBundles, tmp_path: Path) -> None:
    assert refusal(store, tmp_path / "nothing") == "bundle-file-missing"
    (tmp_path / "nothing").mkdir()
    assert refusal(store, tmp_path / "nothing") == "bundle-file-missing"


def test_manifest_keeps_its_form_on_disk(published: Path) -> None:
    data = (published / "manifest.json").read_bytes()
    manifest = Manifest.from_bytes(data)
    assert replace(manifest).to_bytes() == data
    assert json.loads(data)["files"]
