"""The chain of the audit log, what people consented to, and who wants to be forgotten.

MySQL commits after every statement, so a run can end half-way; the next one keeps what is already there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

COLUMNS = (
    ("users", "consent_version"),
    ("users", "consented_at"),
    ("users", "withdrawn_at"),
    ("audit_log", "mac"),
    ("audit_log", "seq"),
    ("audit_log", "seal"),
)


def upgrade() -> None:
    _add("users", "consent_version", _exact(16))
    _add("users", "consented_at", sa.DateTime())
    _add("users", "withdrawn_at", sa.DateTime())
    _add("audit_log", "mac", _exact(80), default="''")
    _add("audit_log", "seq", sa.BigInteger())
    _add("audit_log", "seal", _exact(64))
    _erasures()
    _index("ix_erasures_due_at", "erasures", "due_at")
    _index("ix_audit_log_subject", "audit_log", "subject")
    _index("ix_audit_log_seq", "audit_log", "seq", unique=True)


def downgrade() -> None:
    op.drop_index("ix_audit_log_seq", "audit_log")
    op.drop_index("ix_audit_log_subject", "audit_log")
    op.drop_table("erasures")
    for table, name in reversed(COLUMNS):
        op.drop_column(table, name)


def _erasures() -> None:
    if sa.inspect(op.get_bind()).has_table("erasures"):
        return
    op.create_table(
        "erasures",
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("refused_at", sa.DateTime),
        sa.Column("done_at", sa.DateTime),
        sa.Column("kept_until", sa.Date),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_erasures_user_id", ondelete="CASCADE"),
        mysql_engine="InnoDB",
        mysql_default_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], default: str | None = None) -> None:
    """With a default the column is never NULL."""
    if name not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}:
        value = sa.text(default) if default else None
        op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=value))


def _index(name: str, table: str, *columns: str, unique: bool = False) -> None:
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns, unique=unique)


def _exact(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql", "mariadb")
