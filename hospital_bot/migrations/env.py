"""Alembic runs this file for every command; `schema.py` hands it the connection."""

from __future__ import annotations

from alembic import context

from hospital_bot.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
