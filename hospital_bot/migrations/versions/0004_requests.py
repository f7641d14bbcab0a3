"""Requests of the API that name themselves, each with its answer.

MySQL commits after every statement, so a run can end half-way; the next one keeps what is already there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    standing = sa.inspect(op.get_bind())
    if not standing.has_table("requests"):
        op.create_table(
            "requests",
            sa.Column("key", _exact(64), primary_key=True),
            sa.Column("fingerprint", _exact(64), nullable=False),
            sa.Column("status", sa.SmallInteger),
            sa.Column("answer", sa.JSON),
            sa.Column("created_at", sa.DateTime, nullable=False, server_default=sa.func.current_timestamp()),
            mysql_engine="InnoDB",
            mysql_default_charset="utf8mb4",
            mysql_collate="utf8mb4_unicode_ci",
        )
    if "ix_requests_created_at" not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("requests")}:
        op.create_index("ix_requests_created_at", "requests", ["created_at"])


def downgrade() -> None:
    op.drop_table("requests")


def _exact(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql")
