"""What patients answer to reminders, and when doctors want their digests.

MySQL commits after every statement, so a run can end half-way; the next one keeps what is already there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _add("doctors", "digest_evening", sa.Boolean, default="0")
    _add("doctors", "digest_weekly", sa.Boolean, default="0")
    _add("appointments", "coming_at", sa.DateTime)


def downgrade() -> None:
    op.drop_column("appointments", "coming_at")
    op.drop_column("doctors", "digest_weekly")
    op.drop_column("doctors", "digest_evening")


def _add(table: str, name: str, kind: type[sa.types.TypeEngine[Any]], default: str | None = None) -> None:
    """With a default the column is never NULL."""
    if name not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}:
        value = sa.text(default) if default else None
        op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=value))
