"""The tables of the decision log, the same in SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

__all__ = ["METADATA", "decisions", "erased", "outcomes", "shipped"]

METADATA = MetaData()

#: What is looked for has a column; everything else is JSON in ``document``.
decisions = Table(
    "decisions",
    METADATA,
    Column("decision_id", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("role", String(10), nullable=False),
    Column("variant", String(64), nullable=False),
    Column("propensity", Double, nullable=False),
    Column("answers", String(64)),
    Column("caller", String(64), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("idempotency", String(64)),
    Column("subject", String(128)),
    Column("bundle", String(64), nullable=False),
    Column("policy", String(256), nullable=False),
    Column("pd", Double, nullable=False),
    Column("decision", String(10), nullable=False),
    Column("threshold", Double, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
_IDEMPOTENT = text("idempotency IS NOT NULL")
_SUBJECT = text("subject IS NOT NULL")
_SHADOW = text("answers IS NOT NULL")
Index(
    "decisions_once", decisions.c.caller, decisions.c.idempotency, unique=True,
    sqlite_where=_IDEMPOTENT, postgresql_where=_IDEMPOTENT,
)  # fmt: skip
Index("decisions_subject", decisions.c.subject, sqlite_where=_SUBJECT, postgresql_where=_SUBJECT)
Index("decisions_answers", decisions.c.answers, sqlite_where=_SHADOW, postgresql_where=_SHADOW)

outcomes = Table(
    "outcomes",
    METADATA,
    Column("decision_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("outcome", Integer, nullable=False),
    Column("observed_at", String(40), nullable=False),
    Column("source", String(200), nullable=False),
    sqlite_with_rowid=False,
)

#: Who was erased, as a digest of the pseudonym, and when: what arrives late is blanked too.
erased = Table(
    "erased",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)

#: In a spool: which idempotency keys were answered by decisions that have left it.
shipped = Table(
    "shipped",
    METADATA,
    Column("caller", String(64), primary_key=True),
    Column("idempotency", String(64), primary_key=True),
    Column("decision_id", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
