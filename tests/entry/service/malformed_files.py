"""Files no service should stumble over: written by kind, each a little different by its number."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable

import polars as pl

__all__ = ["KINDS", "malformed"]

HEADER = "application,income,age,employed,purpose,channel"
ROW = "a{},1000.5,40,true,car,web"
Made = tuple[bytes, str]
CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"


def _good(rows: int = 5) -> list[str]:
    return [HEADER, *(ROW.format(i) for i in range(rows))]


def _text(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def _frame() -> pl.DataFrame:
    return pl.read_csv(_text(_good()))


def _ragged(r: random.Random) -> Made:
    lines = _good(20)
    at = r.randrange(1, 20)
    lines[at] += ",extra" * r.randrange(1, 4)
    return _text(lines), CSV


def _short(r: random.Random) -> Made:
    lines = _good(20)
    at = r.randrange(1, 20)
    lines[at] = ",".join(lines[at].split(",")[: r.randrange(1, 5)])
    return _text(lines), CSV


def _nul(r: random.Random) -> Made:
    data = bytearray(_text(_good()))
    data[r.randrange(len(data))] = 0
    return bytes(data), CSV


def _bytes(r: random.Random) -> Made:
    data = bytearray(_text(_good()))
    for _ in range(r.randrange(1, 9)):
        data[r.randrange(len(data))] = r.randrange(128, 256)
    return bytes(data), CSV


def _utf16(r: random.Random) -> Made:
    return _text(_good()).decode().encode(r.choice(["utf-16", "utf-16-le", "utf-32"])), CSV


def _noise(r: random.Random) -> Made:
    return r.randbytes(r.randrange(1, 3_000)), r.choice([CSV, PARQUET])


def _twice(r: random.Random) -> Made:
    lines = _good()
    lines[0] += "," + r.choice(HEADER.split(","))
    return _text([lines[0], *(line + ",1" for line in lines[1:])]), CSV


def _open_quote(r: random.Random) -> Made:
    lines = _good(10)
    at = r.randrange(1, 10)
    lines[at] = '"' + lines[at]
    return _text(lines), CSV


def _cut_parquet(r: random.Random) -> Made:
    data = _parquet(_frame())
    return data[: r.randrange(4, len(data))], PARQUET


def _bent_parquet(r: random.Random) -> Made:
    data = bytearray(_parquet(_frame()))
    for _ in range(r.randrange(1, 20)):
        data[r.randrange(4, len(data) - 4)] ^= r.randrange(1, 256)
    return bytes(data), PARQUET


def _odd_parquet(r: random.Random) -> Made:
    odd = {
        "list": pl.Series([[1.0]] * 5),
        "binary": pl.Series([b"x"] * 5),
        "struct": pl.Series([{"a": 1}] * 5),
        "null": pl.Series([None] * 5),
        "nan": pl.Series([float("nan")] * 5),
        "inf": pl.Series([float("inf")] * 5),
    }
    name = r.choice(["income", "age", "purpose", "employed", "application"])
    return _parquet(_frame().with_columns(odd[r.choice(sorted(odd))].alias(name))), PARQUET


def _swapped(r: random.Random) -> Made:
    if r.random() < 0.5:
        return _text(_good()), PARQUET
    return _parquet(_frame()), CSV


def _packed(r: random.Random) -> Made:
    if r.random() < 0.5:
        return gzip.compress(_text(_good(1_000))), r.choice([CSV, PARQUET])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.csv", b"0" * 1_000_000)
    return out.getvalue(), r.choice([CSV, PARQUET])


def _wide(r: random.Random) -> Made:
    n = r.choice([10_001, 50_000])
    return (",".join(f"c{i}" for i in range(n)) + "\n" + ",".join("1" * n) + "\n").encode(), CSV


def _long_field(r: random.Random) -> Made:
    lines = _good()
    column = r.randrange(6)
    cells = lines[2].split(",")
    cells[column] = "9" * r.choice([2_000, 300_000])
    lines[2] = ",".join(cells)
    return _text(lines), CSV


def _values(r: random.Random) -> Made:
    bad = ["nan", "inf", "1e400", "--1", "0x10", "=1+1", "é", " ", "true", "1,5", "\t", "-5", "1e3"]
    lines = _good(10)
    for at in range(1, 11):
        cells = lines[at].split(",")
        value = r.choice(bad)
        cells[r.randrange(1, 6)] = f'"{value}"' if "," in value else value
        lines[at] = ",".join(cells)
    return _text(lines), CSV


def _lacking(r: random.Random) -> Made:
    drop = r.randrange(1, 6)
    keep = [[c for i, c in enumerate(line.split(",")) if i != drop] for line in _good()]
    return _text([",".join(cells) for cells in keep]), CSV


def _empty(r: random.Random) -> Made:
    return r.choice(
        [b"", b"\n", b" ", b"\xef\xbb\xbf", _text([HEADER]), b"\r\n\r\n", b","]
    ), r.choice([CSV, PARQUET])


def _separator(r: random.Random) -> Made:
    return _text([line.replace(",", r.choice(";\t|")) for line in _good()]), CSV


KINDS: dict[str, Callable[[random.Random], Made]] = {
    "ragged": _ragged, "short": _short, "nul": _nul, "bytes": _bytes, "utf16": _utf16,
    "noise": _noise, "twice": _twice, "open quote": _open_quote, "cut parquet": _cut_parquet,
    "bent parquet": _bent_parquet, "odd parquet": _odd_parquet, "swapped": _swapped,
    "packed": _packed, "wide": _wide, "long field": _long_field, "values": _values,
    "lacking": _lacking, "empty": _empty, "separator": _separator,
}  # fmt: skip


def malformed(number: int) -> tuple[str, bytes, str]:
    """Return kind, bytes and media type of one file; the same for the same number."""
    kind = list(KINDS)[number % len(KINDS)]
    data, media = KINDS[kind](random.Random(number))
    return kind, data, media
