"""The first tables.

MySQL commits after every statement, so a run can end half-way; the next one keeps what is already there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TABLES = (
    "users",
    "patients",
    "doctors",
    "medical_records",
    "appointments",
    "otp_codes",
    "telegram_accounts",
    "throttles",
    "time_off",
    "notifications",
    "conversations",
    "telegram_updates",
    "audit_log",
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    _people()
    _care()
    _bot()
    _indexes()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _people() -> None:
    _table(
        "users",
        sa.Column("user_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("password", _exact(255), nullable=False),
        sa.Column("role", sa.Enum("patient", "doctor", "admin", name="role"), nullable=False),
        _now("created_at", nullable=False),
        sa.Column("verified_at", sa.DateTime),
        _number("token_version", sa.Integer, "0"),
        sa.Column("totp_secret", _exact(255)),
        _number("totp_last_step", sa.BigInteger, "0"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    _table(
        "patients",
        sa.Column("patient_id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("address", sa.String(255)),
        sa.Column("phone_number", sa.String(20)),
        _number("booking_seq", sa.Integer, "0"),
        sa.UniqueConstraint("user_id", name="uq_patients_user_id"),
        _points("patients", "user_id", "users.user_id", "CASCADE"),
    )
    _table(
        "doctors",
        sa.Column("doctor_id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("specialization", sa.String(255)),
        sa.Column("availability_schedule", sa.JSON),
        sa.Column("room", sa.String(64)),
        _number("active", sa.Boolean, "1"),
        _number("booking_seq", sa.Integer, "0"),
        sa.UniqueConstraint("user_id", name="uq_doctors_user_id"),
        _points("doctors", "user_id", "users.user_id", "CASCADE"),
    )


def _care() -> None:
    _table(
        "medical_records",
        sa.Column("record_id", sa.Integer, primary_key=True),
        sa.Column("patient_id", sa.Integer, nullable=False),
        sa.Column("doctor_id", sa.Integer, nullable=False),
        _now("date_created"),
        sa.Column("description", sa.Text),
        sa.Column("diagnosis", sa.String(255)),
        sa.Column("treatment_plan", sa.Text),
        _points("medical_records", "patient_id", "patients.patient_id", "CASCADE"),
        _points("medical_records", "doctor_id", "doctors.doctor_id", "CASCADE"),
    )
    _table(
        "appointments",
        sa.Column("appointment_id", sa.Integer, primary_key=True),
        sa.Column("patient_id", sa.Integer, nullable=False),
        sa.Column("doctor_id", sa.Integer, nullable=False),
        sa.Column("appointment_date", sa.DateTime, nullable=False),
        sa.Column("appointment_time", sa.Time, nullable=False),
        sa.Column(
            "status",
            sa.Enum("pending", "confirmed", "completed", "cancelled", "arrived", "no_show", name="status"),
            nullable=False,
        ),
        _number("minutes", sa.SmallInteger, "30"),
        sa.Column("reason", sa.String(500)),
        sa.Column("request_id", _exact(64)),
        sa.Column("moved_from", sa.Integer),
        _now("created_at", nullable=False),
        sa.Column("cancelled_at", sa.DateTime),
        sa.Column("cancelled_by", sa.Integer),
        sa.Column("cancel_reason", sa.String(255)),
        sa.Column(
            "live",
            sa.SmallInteger,
            sa.Computed("CASE WHEN status IN ('pending', 'confirmed', 'arrived') THEN 1 END", persisted=True),
        ),
        sa.UniqueConstraint("doctor_id", "appointment_date", "appointment_time", "live", name="uq_doctor_start"),
        sa.UniqueConstraint("patient_id", "appointment_date", "appointment_time", "live", name="uq_patient_start"),
        sa.UniqueConstraint("request_id", name="uq_appointments_request_id"),
        sa.UniqueConstraint("moved_from", name="uq_appointments_moved_from"),
        _points("appointments", "patient_id", "patients.patient_id", "CASCADE"),
        _points("appointments", "doctor_id", "doctors.doctor_id", "CASCADE"),
        _points("appointments", "moved_from", "appointments.appointment_id", "SET NULL"),
        _points("appointments", "cancelled_by", "users.user_id", "SET NULL"),
    )
    _table(
        "time_off",
        sa.Column("time_off_id", sa.Integer, primary_key=True),
        sa.Column("doctor_id", sa.Integer, nullable=False),
        sa.Column("starts", sa.DateTime, nullable=False),
        sa.Column("ends", sa.DateTime, nullable=False),
        sa.Column("note", sa.String(255)),
        _points("time_off", "doctor_id", "doctors.doctor_id", "CASCADE"),
    )


def _bot() -> None:
    _table(
        "otp_codes",
        sa.Column("otp_id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("code", _exact(64), nullable=False),
        _now("created_at"),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("purpose", _exact(16), nullable=False, server_default="login"),
        sa.Column("channel", _exact(64), nullable=False, server_default=""),
        _number("tries", sa.SmallInteger, "0"),
        sa.Column("used_at", sa.DateTime),
        _points("otp_codes", "user_id", "users.user_id", "CASCADE"),
    )
    _table(
        "telegram_accounts",
        sa.Column("telegram_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("proved_at", sa.DateTime, nullable=False),
        sa.Column("session_ends_at", sa.DateTime),
        sa.Column("blocked_at", sa.DateTime),
        sa.UniqueConstraint("user_id", name="uq_telegram_accounts_user_id"),
        _points("telegram_accounts", "user_id", "users.user_id", "CASCADE"),
    )
    _table(
        "throttles",
        sa.Column("key", _exact(80), primary_key=True),
        _number("attempts", sa.Integer, "0"),
        sa.Column("blocked_until_at", sa.DateTime),
        _now("updated_at", nullable=False),
    )
    _table(
        "notifications",
        _counter("notification_id"),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("kind", _exact(32), nullable=False),
        sa.Column("about", _exact(64), nullable=False),
        sa.Column("appointment_id", sa.Integer),
        sa.Column("facts", sa.JSON),
        sa.Column(
            "state",
            sa.Enum("waiting", "sent", "failed", "skipped", name="delivery"),
            nullable=False,
            server_default="waiting",
        ),
        _now("created_at", nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("claim_token", _exact(32)),
        sa.Column("claimed_until_at", sa.DateTime),
        _number("attempts", sa.SmallInteger, "0"),
        sa.Column("problem", sa.String(255)),
        sa.Column("sent_at", sa.DateTime),
        sa.UniqueConstraint("user_id", "kind", "about", name="uq_notification"),
        _points("notifications", "user_id", "users.user_id", "CASCADE"),
        _points("notifications", "appointment_id", "appointments.appointment_id", "CASCADE"),
    )
    _table(
        "conversations",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", _exact(64), nullable=False, server_default=""),
        sa.Column("data", sa.JSON, nullable=False),
        _number("version", sa.Integer, "0"),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    _table(
        "telegram_updates",
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("screen", sa.JSON),
        _number("failures", sa.SmallInteger, "0"),
        _now("created_at", nullable=False),
    )
    _table(
        "audit_log",
        _counter("audit_id"),
        _now("happened_at", nullable=False),
        sa.Column("actor_id", sa.Integer),
        sa.Column("patient_id", sa.Integer),
        sa.Column("action", _exact(32), nullable=False),
        sa.Column("subject", _exact(64), nullable=False, server_default=""),
        sa.Column("outcome", _exact(32), nullable=False, server_default="ok"),
        sa.Column("channel", _exact(64), nullable=False, server_default=""),
    )


def _indexes() -> None:
    _index("ix_doctors_specialization", "doctors", "specialization")
    _index("ix_medical_records_patient_id_date_created", "medical_records", "patient_id", "date_created")
    _index("ix_medical_records_doctor_id", "medical_records", "doctor_id")
    _index("ix_appointments_day", "appointments", "appointment_date", "live")
    _index("ix_appointments_cancelled_by", "appointments", "cancelled_by")
    _index("ix_time_off_doctor_id_ends", "time_off", "doctor_id", "ends")
    _index("ix_otp_codes_user_id", "otp_codes", "user_id")
    _index("ix_otp_codes_code", "otp_codes", "code")
    _index("ix_otp_codes_expires_at", "otp_codes", "expires_at")
    _index("ix_notifications_due", "notifications", "state", "due_at")
    _index("ix_notifications_claim_token", "notifications", "claim_token")
    _index("ix_notifications_appointment_id", "notifications", "appointment_id")
    _index("ix_telegram_updates_created_at", "telegram_updates", "created_at")
    _index("ix_audit_log_patient_id_happened_at", "audit_log", "patient_id", "happened_at")
    _index("ix_audit_log_actor_id_happened_at", "audit_log", "actor_id", "happened_at")


def _table(name: str, *items: sa.Column[Any] | sa.Constraint) -> None:
    """A table of this name without our columns is not ours: creating it fails, as it should."""
    standing = sa.inspect(op.get_bind())
    ours = {item.name for item in items if isinstance(item, sa.Column)}
    if standing.has_table(name) and {column["name"] for column in standing.get_columns(name)} >= ours:
        return
    op.create_table(
        name, *items, mysql_engine="InnoDB", mysql_default_charset="utf8mb4", mysql_collate="utf8mb4_unicode_ci"
    )


def _index(name: str, table: str, *columns: str) -> None:
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns)


def _points(table: str, column: str, target: str, gone: str) -> sa.ForeignKeyConstraint:
    """`gone` is what happens here when the row that is pointed at is deleted."""
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete=gone)


def _exact(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="utf8mb4_bin"), "mysql")


def _counter(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _number(name: str, kind: type[sa.types.TypeEngine[Any]], default: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=sa.text(default))


def _now(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime, nullable=nullable, server_default=sa.func.current_timestamp())
