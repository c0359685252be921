"""Decisions, outcomes, who was erased, and what has left a spool.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("variant", sa.String(64), nullable=False),
        sa.Column("propensity", sa.Double, nullable=False),
        sa.Column("answers", sa.String(64)),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("idempotency", sa.String(64)),
        sa.Column("subject", sa.String(128)),
        sa.Column("bundle", sa.String(64), nullable=False),
        sa.Column("policy", sa.String(256), nullable=False),
        sa.Column("pd", sa.Double, nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    for name, columns, where in (
        ("decisions_once", ["caller", "idempotency"], "idempotency IS NOT NULL"),
        ("decisions_subject", ["subject"], "subject IS NOT NULL"),
        ("decisions_answers", ["answers"], "answers IS NOT NULL"),
    ):
        op.create_index(
            name,
            "decisions",
            columns,
            unique=name == "decisions_once",
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "outcomes",
        sa.Column("decision_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("outcome", sa.Integer, nullable=False),
        sa.Column("observed_at", sa.String(40), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erased",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shipped",
        sa.Column("caller", sa.String(64), primary_key=True),
        sa.Column("idempotency", sa.String(64), primary_key=True),
        sa.Column("decision_id", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Remove the tables."""
    for name in ("shipped", "erased", "outcomes", "decisions"):
        op.drop_table(name)
