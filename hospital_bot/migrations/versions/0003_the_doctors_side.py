"""What the doctor's side of the chat needs: approval, lateness, sick days, held alternatives, records of visits.

MySQL commits after every statement, so a run can end half-way; the next one keeps what is already there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

COLUMNS = (
    ("doctors", "approval"),
    ("appointments", "answer_by_at"),
    ("appointments", "kept_at"),
    ("appointments", "late_minutes"),
    ("time_off", "tell_at"),
    ("medical_records", "appointment_id"),
)


def upgrade() -> None:
    _add("doctors", "approval", sa.Boolean, default="0")
    _add("appointments", "answer_by_at", sa.DateTime)
    _add("appointments", "kept_at", sa.DateTime)
    _add("appointments", "late_minutes", sa.SmallInteger)
    _add("time_off", "tell_at", sa.DateTime)
    _add("medical_records", "appointment_id", sa.Integer)
    _holds()
    _index("ix_holds_doctor_id_hold_date", "holds", "doctor_id", "hold_date")
    _index("ix_holds_patient_id", "holds", "patient_id")
    _index("ix_holds_appointment_id", "holds", "appointment_id")
    _index("ix_holds_expires_at", "holds", "expires_at")
    _index("ix_time_off_tell_at", "time_off", "tell_at")
    _index("ix_medical_records_appointment_id", "medical_records", "appointment_id", unique=True)


def downgrade() -> None:
    op.drop_index("ix_medical_records_appointment_id", "medical_records")
    op.drop_index("ix_time_off_tell_at", "time_off")
    op.drop_table("holds")
    for table, name in reversed(COLUMNS):
        op.drop_column(table, name)


def _holds() -> None:
    if sa.inspect(op.get_bind()).has_table("holds"):
        return
    op.create_table(
        "holds",
        sa.Column("hold_id", sa.Integer, primary_key=True),
        sa.Column("appointment_id", sa.Integer, nullable=False),
        sa.Column("patient_id", sa.Integer, nullable=False),
        sa.Column("doctor_id", sa.Integer, nullable=False),
        sa.Column("hold_date", sa.DateTime, nullable=False),
        sa.Column("hold_time", sa.Time, nullable=False),
        sa.Column("minutes", sa.SmallInteger, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        _points("appointment_id", "appointments"),
        _points("patient_id", "patients"),
        _points("doctor_id", "doctors"),
        mysql_engine="InnoDB",
        mysql_default_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )


def _points(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.{column}"], name=f"fk_holds_{column}", ondelete="CASCADE")


def _add(table: str, name: str, kind: type[sa.types.TypeEngine[Any]], default: str | None = None) -> None:
    """With a default the column is never NULL."""
    if name not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}:
        value = sa.text(default) if default else None
        op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=value))


def _index(name: str, table: str, *columns: str, unique: bool = False) -> None:
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns, unique=unique)
