"""Alembic asks this file for a connection; it is the one the log already has."""

from __future__ import annotations

from alembic import context

from scorewright.adapters.decision_log.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
