"""Tables behind URLs: object storage and the web, read through Polars."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

import polars as pl

from scorewright.adapters.histories.budget import row_bytes, rows_within
from scorewright.adapters.histories.chunks import Chunk, failed, refuse_missing
from scorewright.adapters.histories.finding import PARQUET, TEXT
from scorewright.adapters.histories.places import shown
from scorewright.adapters.histories.web import probe
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.errors import UsageError
from scorewright.core.tables import frame_digest
from scorewright.flows.ports import TableFile

__all__ = ["RemoteSource"]

_PREFIXES: Final = {"s3": "AWS_", "s3a": "AWS_", "gs": "GOOGLE_", "gcs": "GOOGLE_"}
_AZURE: Final = "AZURE_"
#: What Polars understands of the clouds' own variables.
_KNOWN: Final = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ALLOW_HTTP",
        "GOOGLE_SERVICE_ACCOUNT",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "AZURE_STORAGE_ACCOUNT_NAME",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_CLIENT_ID",
        "AZURE_STORAGE_CLIENT_SECRET",
        "AZURE_STORAGE_TENANT_ID",
    }
)
_SECRETS: Final = ("AWS_SECRET_ACCESS_KEY", "GOOGLE_", "AZURE_STORAGE_")
_RETRIES: Final = 3
_DIGEST_ROWS: Final = 65_536


class RemoteSource:
    """`Source` over Parquet and text behind URLs; object storage takes globs and folders.

    Text must be UTF-8 and every line complete: it is read by Polars as it comes.

    Args:
        table: URLs.
        environment: Credentials and endpoint of the storage, by the cloud's own variable names.
    """

    def __init__(self, table: TableFile, environment: Mapping[str, str]) -> None:
        self._table = table
        self._environment = environment
        self._types: dict[str, dict[str, pl.DataType]] = {}

    def schema(self) -> Mapping[str, pl.DataType]:
        """Return columns and types; see `Source`.

        Raises:
            UsageError: ``data-source``, ``data-unreadable``.
        """
        first, *others = (self._schema_of(url) for url in self._table.patterns)
        merged = dict(first)
        for other in others:
            merged = {
                name: dtype if other[name] == dtype else pl.Int64()
                for name, dtype in merged.items()
                if name in other
            }
        return merged

    def chunks(self, columns: Sequence[str], budget: int) -> Iterator[Chunk]:
        """Yield the rows URL by URL; a row's number counts on over the files of a glob.

        Raises:
            UsageError: ``data-column-missing``, ``data-source``, ``data-unreadable``.
        """
        for url in self._table.patterns:
            refuse_missing(self._table.name, shown(url), columns, list(self._schema_of(url)))
        for url in self._table.patterns:
            types = self._schema_of(url)
            rows = rows_within(budget, (types[name] for name in columns))
            yield from self._rows_of(url, columns, rows)

    def digest(self) -> str:
        """Return a digest of what the server says of a file, or of the rows where it says nothing.

        Raises:
            UsageError: ``data-source``, ``data-unreadable``.
        """
        names = [PurePosixPath(urlsplit(url).path).name for url in self._table.patterns]
        listing = [
            [n, self._digest_of(url)] for n, url in zip(names, self._table.patterns, strict=True)
        ]
        return sha256_hex(canonical_json(listing))

    def size(self) -> int:
        """Return about how many bytes the rows take in memory."""
        total = 0
        for url in self._table.patterns:
            types = self._schema_of(url)
            with self._translated(url):
                count = int(self._scan(url).select(pl.len()).collect().item())
            total += count * row_bytes(types.values())
        return total

    def _digest_of(self, url: str) -> str:
        if _is_web(url):
            said = probe(self._table.name, url)
            if said.is_telling:
                return said.digest()
        columns = list(self._schema_of(url))
        digest = hashlib.sha256()
        for chunk in self._rows_of(url, columns, _DIGEST_ROWS):
            digest.update(frame_digest(chunk.frame).encode())
        return digest.hexdigest()

    def _rows_of(self, url: str, columns: Sequence[str], rows: int) -> Iterator[Chunk]:
        first = 1
        with self._translated(url):
            scan = self._scan(url).select(columns)
            for frame in scan.collect_batches(chunk_size=rows, maintain_order=True):
                yield Chunk(shown(url), first, frame)
                first += frame.height

    def _schema_of(self, url: str) -> dict[str, pl.DataType]:
        if url not in self._types:
            if _is_web(url):
                probe(self._table.name, url)  # says at once what Polars says after many attempts
            with self._translated(url):
                self._types[url] = dict(self._scan(url).collect_schema())
        return self._types[url]

    def _scan(self, url: str) -> pl.LazyFrame:
        options: dict[str, Any] = {"storage_options": None, "credential_provider": None}
        if not _is_web(url):
            found = self._options(url)
            options["storage_options"] = found
            given = any(name.upper().startswith(_SECRETS) for name in found)
            options["credential_provider"] = None if given else "auto"
        if _is_text(self._table, url):
            return pl.scan_csv(
                url,
                infer_schema=False,
                separator="\t" if ".tsv" in url else self._table.separator,
                null_values=list(self._table.null_values),
                **options,
            )
        return pl.scan_parquet(url, hive_partitioning=False, **options)

    def _options(self, url: str) -> dict[str, Any]:
        prefix = _PREFIXES.get(urlsplit(url).scheme.lower(), _AZURE)
        options: dict[str, Any] = {"max_retries": _RETRIES}
        for name, value in self._environment.items():
            if name in _KNOWN and name.startswith(prefix):
                options[name.lower()] = value
        if str(options.get("aws_endpoint_url", "")).startswith("http://"):
            options["aws_allow_http"] = "true"
        return options

    @contextmanager
    def _translated(self, url: str) -> Iterator[None]:
        try:
            yield
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._refusal(url, error) from error

    def _refusal(self, url: str, error: Exception) -> UsageError:
        # The vendor's text is not passed on: addresses with keys in them stand in it.
        text = str(error).lower()
        for kinds, signs, reason, remedy in _REASONS:
            if isinstance(error, kinds) or any(sign in text for sign in signs):
                return failed(self._table.name, shown(url), reason, remedy)
        kind = "text table" if _is_text(self._table, url) else "Parquet file"
        return UsageError(
            f"The file {shown(url)} is no readable {kind}: it ends early, is damaged, or is of "
            "another kind.",
            remedy="Copy or export it again; text must be UTF-8 with as many fields in every line.",
            code="data-unreadable",
            details={"table": self._table.name, "file": shown(url)},
        )


_REASONS: Final = (
    (
        (ConnectionError, TimeoutError),
        ("error sending request", "dns error", "timed out"),
        "it does not answer.",
        "Check the address, the network and the endpoint, then try again.",
    ),
    (
        (FileNotFoundError,),
        ("status code: 404", "nosuchkey", "nosuchbucket", "expanded paths were empty"),
        "there is no such object.",
        "Correct the address.",
    ),
    (
        (PermissionError,),
        ("status code: 403", "status code: 401", "access denied", "credential"),
        "access was refused.",
        "Set the storage's credentials in the environment, such as AWS_SECRET_ACCESS_KEY.",
    ),
)


def _is_web(url: str) -> bool:
    return urlsplit(url).scheme.lower() in ("http", "https")


def _is_text(table: TableFile, url: str) -> bool:
    """Tell text from Parquet by the suffix; folders and whole buckets hold Parquet.

    Raises:
        UsageError: ``data-unreadable`` for a suffix that is not known.
    """
    path = PurePosixPath(urlsplit(url).path)
    suffix = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
    if suffix in TEXT:
        return True
    if suffix in (*PARQUET, "") or url.endswith(("/", "*")):
        return False
    raise UsageError(
        f"The file {shown(url)} of table '{table.name}' has the suffix '{suffix}', which is none "
        f"of {', '.join((*TEXT, *PARQUET))}.",
        remedy="Convert it to Parquet, or rename it if it is a text table.",
        code="data-unreadable",
        details={"table": table.name, "file": shown(url)},
    )
