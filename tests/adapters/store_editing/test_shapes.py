"""What is known of a table, as the database itself tells it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from scorewright.adapters.store_editing.shapes import shapes_of

#: Defaults as SQLite gives them back, and what a row then holds.
CONSTANTS = {
    "'active'": "active",
    "'it''s'": "it's",
    "''": "",
    "0": "0",
    "(0)": "0",
    "-1.5": "-1.5",
    "TRUE": "1",
    "('in brackets')": "in brackets",
}
EXPRESSIONS = ("('a' || 'b')", "CURRENT_TIMESTAMP", "(1 + 2)", "(random())", "(lower('A'))")


def test_constants_are_known_and_nothing_is_guessed_of_expressions(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'it.db'}")
    texts = [*CONSTANTS, *EXPRESSIONS]
    columns = ", ".join(f"c{place} TEXT DEFAULT {text}" for place, text in enumerate(texts))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE it (id INTEGER PRIMARY KEY, plain TEXT, {columns})"
        )
        connection.exec_driver_sql("INSERT INTO it (id) VALUES (1)")
        row = connection.exec_driver_sql("SELECT * FROM it").mappings().one()
        known = shapes_of(connection)["it"].defaults
    engine.dispose()
    assert list(known.values()) == list(CONSTANTS.values())
    assert {name: str(row[name]) for name in known} == known


@pytest.mark.parametrize(
    ("default", "known"),
    [
        ("'active'::character varying", "active"),
        ("'x'::character varying(20)", "x"),
        ("('-1'::integer)", "-1"),
        ("'-1'::integer", "-1"),
        ("false", "0"),
        ("'a'::text || 'b'::text", None),
        ("('a'::text || 'b'::text)", None),
        ("nextval('it_id_seq'::regclass)", None),
        ("now()", None),
    ],
)
def test_postgresqls_casts_are_left_out(
    default: str, known: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a column as the driver describes it
    class Inspector:
        def get_multi_columns(self) -> Mapping[tuple[None, str], list[Mapping[str, object]]]:
            return {(None, "it"): [{"name": "c", "type": sa.Text(), "default": default}]}

        def get_multi_pk_constraint(self) -> Mapping[tuple[None, str], Mapping[str, object]]:
            return {(None, "it"): {"constrained_columns": []}}

    monkeypatch.setattr(sa, "inspect", lambda _: Inspector())
    # Then
    with sa.create_engine("sqlite://").connect() as connection:
        assert shapes_of(connection)["it"].defaults.get("c") == known
