"""The key ring: the project's own signing key and the keys it trusts (Ed25519)."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from filelock import FileLock, Timeout

from scorewright.adapters.bundles.signature import Signature
from scorewright.adapters.bundles.trust import (
    TrustedKey,
    dump_trusted,
    key_id_of,
    parse_trusted,
    raw_bytes,
)
from scorewright.adapters.guarded import (
    WRITABLE_BY_OTHERS,
    NotRegularError,
    read_guarded,
    refuse_exposed_directory,
    replace_file,
)
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError

__all__ = ["KeyRing"]

PRIVATE = "signing.key"
TRUSTED = "trusted.json"
#: No key file is near this long; a longer one is refused before it is read.
LIMIT = 1_000_000
READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _today() -> datetime:
    return datetime.now(UTC)


class KeyRing:
    """A directory with ``signing.key`` (may be absent) and ``trusted.json``.

    A machine that only serves has no ``signing.key``: give it ``trusted.json`` alone.

    Args:
        directory: Created, closed to others and ignored by git, when the first key is made.
        now: The time, for the date a key was added.
    """

    def __init__(self, directory: Path, now: Callable[[], datetime] = _today) -> None:
        self._directory = directory
        self._now = now

    def signing_key(self) -> Ed25519PrivateKey:
        """Return the project's own key, made and trusted on first use.

        Raises:
            ScorewrightError: ``key-permissions`` when others could read it, ``key-invalid`` when
                it is no Ed25519 key, ``key-unwritable`` when it cannot be made,
                ``key-locked`` when another process holds the ring for ten seconds.
        """
        path = self._directory / PRIVATE
        if not path.exists():
            with self._locked():
                if not path.exists():
                    self._create(path)
        data = self._read(path, READABLE_BY_OTHERS)
        try:
            key = load_pem_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _invalid(path, "it is not an unencrypted PEM key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _invalid(path, "it is not an Ed25519 key")
        return key

    def check_ready(self) -> None:
        """Check that what would be signed now would also be believed; make the key if none is.

        Raises:
            ScorewrightError: Those of `signing_key` and `trusted`, and ``key-untrusted`` when
                the own key is not in ``trusted.json`` or was revoked.
        """
        self._own()

    def sign(self, data: bytes) -> Signature:
        """Sign bytes with the project's own key.

        Raises:
            ScorewrightError: Those of `check_ready`.
        """
        key, key_id = self._own()
        return Signature(key_id, key.sign(data))

    def trusted(self) -> dict[str, TrustedKey]:
        """Return the trusted keys by id, the revoked ones included; none without a file.

        Raises:
            ScorewrightError: ``key-permissions`` when others could write it, ``key-invalid``.
        """
        path = self._directory / TRUSTED
        if not path.exists():
            return {}
        try:
            return parse_trusted(self._read(path, WRITABLE_BY_OTHERS))
        except ValueError as error:
            raise _invalid(path, str(error)) from error

    def check(self, data: bytes, signature: Signature, what: str) -> None:
        """Check that a trusted key signed exactly these bytes.

        Args:
            data: The signed bytes.
            signature: The detached signature.
            what: ``bundle`` or ``policy``; the beginning of the codes.

        Raises:
            IntegrityError: ``<what>-untrusted-key``, ``<what>-revoked-key``,
                ``<what>-signature``.
        """
        key = self.trusted().get(signature.key_id)
        if key is None:
            raise IntegrityError(
                f"The {what} is signed by a key that is not trusted here.",
                remedy="If you know the signer, add the public key to "
                f"{self._directory / TRUSTED}.",
                code=f"{what}-untrusted-key",
            )
        if key.revoked:
            raise IntegrityError(
                f"The {what} is signed by the key {key.key_id}, which was revoked.",
                remedy="Have it made and signed again with a key that is still trusted.",
                code=f"{what}-revoked-key",
            )
        try:
            key.verifier().verify(signature.value, data)
        except InvalidSignature as error:
            raise IntegrityError(
                f"The {what} does not match its signature: it was changed after it was signed.",
                remedy="Get it again from where it was made; do not edit it.",
                code=f"{what}-signature",
            ) from error

    def trust(self, public_key: bytes) -> TrustedKey:
        """Trust another raw public key (32 bytes); a revoked one stays revoked.

        Raises:
            ScorewrightError: ``key-invalid``, ``key-unwritable``.
        """
        key = TrustedKey(key_id_of(public_key), public_key, self._now().date().isoformat())
        try:
            key.verifier()
        except ValueError as error:
            raise _invalid(self._directory / TRUSTED, "the new key is no Ed25519 key") from error
        with self._locked():
            keys = self.trusted()
            keys.setdefault(key.key_id, key)
            self._write(TRUSTED, dump_trusted(keys), 0o644)
        return keys[key.key_id]

    def revoke(self, key_id: str) -> None:
        """Accept nothing any more that this key signed.

        Raises:
            UsageError: ``key-unknown``.
        """
        with self._locked():
            keys = self.trusted()
            if key_id not in keys:
                raise UsageError(
                    f"No key with the id '{key_id}' is trusted here.",
                    remedy=f"The ids are the names in {self._directory / TRUSTED}.",
                    code="key-unknown",
                )
            keys[key_id] = keys[key_id].revoke()
            self._write(TRUSTED, dump_trusted(keys), 0o644)

    def _own(self) -> tuple[Ed25519PrivateKey, str]:
        """Return the own key and its id, once it is trusted here."""
        key = self.signing_key()
        key_id = key_id_of(raw_bytes(key.public_key()))
        entry = self.trusted().get(key_id)
        if entry is None or entry.revoked:
            why = "was revoked" if entry else "is not trusted"
            first = "Move" if entry else f"Restore {TRUSTED} from a backup, or move"
            raise ScorewrightError(
                f"The project's own key {key_id} {why} in {self._directory / TRUSTED}, so "
                "nothing it signs would be accepted.",
                remedy=f"{first} {self._directory / PRIVATE} away: 'scorewright train' then makes "
                "and trusts a new one.",
                code="key-untrusted",
            )
        return key, key_id

    def _create(self, path: Path) -> None:
        """Make a key and trust it. Trust comes first, so no key exists that is not trusted."""
        key = Ed25519PrivateKey.generate()
        public = raw_bytes(key.public_key())
        entry = TrustedKey(key_id_of(public), public, self._now().date().isoformat())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._write(TRUSTED, dump_trusted({**self.trusted(), entry.key_id: entry}), 0o644)
        self._write(path.name, pem, 0o600)

    def _write(self, name: str, data: bytes, mode: int) -> None:
        try:
            replace_file(self._directory / name, data, mode)
        except OSError as error:
            raise _unwritable(self._directory, error) from error

    def _read(self, path: Path, forbidden: int) -> bytes:
        """Read a key file after checking who else could have touched or seen it."""
        wanted = "600" if path.name == PRIVATE else "644"
        try:
            refuse_exposed_directory(self._directory)
            return read_guarded(path, LIMIT, forbidden, wanted)
        except (NotRegularError, OverflowError) as error:
            raise _invalid(path, "it is not a plain small file") from error
        except OSError as error:
            raise _invalid(path, f"it cannot be read ({error.strerror})") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the ring alone, in a directory that exists, closed to others and to git."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            refuse_exposed_directory(self._directory)
            ignore = self._directory / ".gitignore"
            if not ignore.exists():
                replace_file(ignore, b"*\n")
            lock = FileLock(self._directory / ".lock", timeout=10)
            lock.acquire()
        except Timeout as error:
            raise ScorewrightError(
                f"Another process has been changing the keys in {self._directory} for too long.",
                remedy="Wait for it to end, then try again.",
                code="key-locked",
            ) from error
        except OSError as error:
            raise _unwritable(self._directory, error) from error
        try:
            yield
        finally:
            lock.release()


def _invalid(path: Path, why: str) -> ScorewrightError:
    # Without its entry among the trusted keys the own key would be of no use.
    away = "it" if path.name == PRIVATE else f"it and {PRIVATE}"
    return ScorewrightError(
        f"The key file {path} cannot be used: {why}.",
        remedy=f"Restore it from a backup, or move {away} away: a new key is made on next use, "
        "and bundles have to be made again.",
        code="key-invalid",
    )


def _unwritable(directory: Path, error: OSError) -> ScorewrightError:
    return ScorewrightError(
        f"The key directory {directory} cannot be written: {error.strerror or error}.",
        remedy="Check permissions and free space, or set bundles.keys in scorewright.toml.",
        code="key-unwritable",
    )
