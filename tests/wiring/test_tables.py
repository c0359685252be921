"""Tables as the settings name them: paths made absolute, addresses left alone, secrets unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorewright.core.project import TableSettings
from scorewright.wiring.tables import batch_bytes, table_file

ROOT = Path("/project")


def test_paths_start_at_the_project_and_addresses_stay() -> None:
    table = TableSettings(files=["data/a.csv", "s3://bucket/b.parquet"], separator=";")

    file = table_file("loans", table, ROOT)

    assert file.patterns == ("/project/data/a.csv", "s3://bucket/b.parquet")
    assert (file.name, file.separator) == ("loans", ";")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://risk:CANARY@db.example/loans",
        "https://store.example/apps.parquet?sig=CANARY&se=2027",
        "https://user:CANARY@store.example/apps.parquet",
    ],
)
def test_what_is_shown_of_an_address_holds_no_secret(address: str) -> None:
    file = table_file("loans", TableSettings(files=address, relation="public.loans"), ROOT)

    assert address in file.patterns
    assert "CANARY" not in file.shown
    assert "example" in file.shown
    assert file.relation == "public.loans"


def test_a_frame_takes_a_small_part_of_the_memory() -> None:
    assert batch_bytes(100) < 100 * 1024 * 1024 / 16
    assert batch_bytes(100_000) == 16 * 1024 * 1024
