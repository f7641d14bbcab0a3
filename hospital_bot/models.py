"""The tables. `schema.sql` and the migrations say the same, and a test compares the three.

The six tables of the seed keep every column and name; an INSERT that names only the seed's columns works.
`appointment_date` (that day's midnight) and `appointment_time` are the clinic's wall clock; every column
whose name ends in `_at` is an instant in UTC, to the second.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Computed,
    Date,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Text,
    Time,
    TypeDecorator,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

MYSQL = {"mysql_engine": "InnoDB", "mysql_default_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}

ROLES = ("patient", "doctor", "admin")
STATUSES = ("pending", "confirmed", "completed", "cancelled", "arrived", "no_show")
FORGOTTEN = -1
"""The `booking_seq` of a patient who is forgotten."""
DELIVERY = ("waiting", "sent", "failed", "skipped")


class Instant(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, naive UTC to the second in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return value and value.astimezone(UTC).replace(tzinfo=None, microsecond=0)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        return value and value.replace(tzinfo=UTC)


def exact(length: int) -> String:
    """Text compared byte by byte: codes, tokens and keys."""
    return String(length).with_variant(String(length, collation="utf8mb4_bin"), "mysql", "mariadb")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
        }
    )


class User(Base):
    """A person with a login. `email` is stored in lower case; `verified_at` is set when its owner is proven."""

    __tablename__ = "users"
    __table_args__ = (Index(None, "name"), MYSQL)

    user_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password: Mapped[str] = mapped_column(exact(255))
    role: Mapped[str] = mapped_column(Enum(*ROLES, name="role"))
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.current_timestamp())
    verified_at: Mapped[datetime | None] = mapped_column(Instant)
    token_version: Mapped[int] = mapped_column(server_default=text("0"))
    totp_secret: Mapped[str | None] = mapped_column(exact(255))
    totp_last_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    consent_version: Mapped[str | None] = mapped_column(exact(16))
    """Which wording the person agreed to; None for whom the hospital registered."""
    consented_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the person took the consent back: no reminders any more; visits stay."""


class Patient(Base):
    """`booking_seq` is written by all who book for the patient: that write is the lock. FORGOTTEN is one for ever."""

    __tablename__ = "patients"
    __table_args__ = (Index(None, "phone_number"), MYSQL)

    patient_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), unique=True)
    address: Mapped[str | None] = mapped_column(String(255))
    phone_number: Mapped[str | None] = mapped_column(String(20))
    booking_seq: Mapped[int] = mapped_column(server_default=text("0"))
    birth_date: Mapped[date | None] = mapped_column(Date)


class Doctor(Base):
    """`availability_schedule` is read by `schedules.py` alone; `booking_seq` as for patients.

    `digest_evening`: the day's list comes on the evening before; `digest_weekly`: the week's comes on Sundays, too.
    """

    __tablename__ = "doctors"
    __table_args__ = (Index(None, "specialization"), MYSQL)

    doctor_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), unique=True)
    specialization: Mapped[str | None] = mapped_column(String(255))
    availability_schedule: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    room: Mapped[str | None] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(server_default=text("1"))
    booking_seq: Mapped[int] = mapped_column(server_default=text("0"))
    digest_evening: Mapped[bool] = mapped_column(server_default=text("0"))
    digest_weekly: Mapped[bool] = mapped_column(server_default=text("0"))
    approval: Mapped[bool] = mapped_column(server_default=text("0"))
    """What patients book is a request, until the doctor confirms it."""


class MedicalRecord(Base):
    """Of one visit, when written here. The three texts are sealed; other software's may be in clear.

    No foreign key to the visit: a record outlives it.
    """

    __tablename__ = "medical_records"
    __table_args__ = (
        Index(None, "patient_id", "date_created"),
        Index(None, "doctor_id"),
        Index(None, "appointment_id", unique=True),
        MYSQL,
    )

    record_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient_id", ondelete="CASCADE"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.doctor_id", ondelete="CASCADE"))
    date_created: Mapped[datetime | None] = mapped_column(Instant, server_default=func.current_timestamp())
    description: Mapped[str | None] = mapped_column(Text)
    diagnosis: Mapped[str | None] = mapped_column(String(255))
    treatment_plan: Mapped[str | None] = mapped_column(Text)
    appointment_id: Mapped[int | None] = mapped_column()


class Appointment(Base):
    """A visit. `live` is 1 while the visit holds its time and NULL afterwards, so a freed time can be booked again."""

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("doctor_id", "appointment_date", "appointment_time", "live", name="uq_doctor_start"),
        UniqueConstraint("patient_id", "appointment_date", "appointment_time", "live", name="uq_patient_start"),
        Index("ix_appointments_day", "appointment_date", "live"),
        Index(None, "cancelled_by"),
        MYSQL,
    )

    appointment_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient_id", ondelete="CASCADE"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.doctor_id", ondelete="CASCADE"))
    appointment_date: Mapped[datetime] = mapped_column(DateTime)
    appointment_time: Mapped[time] = mapped_column(Time)
    status: Mapped[str] = mapped_column(Enum(*STATUSES, name="status"))
    minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("30"))
    reason: Mapped[str | None] = mapped_column(String(500))
    request_id: Mapped[str | None] = mapped_column(exact(64), unique=True)
    moved_from: Mapped[int | None] = mapped_column(
        ForeignKey("appointments.appointment_id", ondelete="SET NULL"), unique=True
    )
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.current_timestamp())
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("users.user_id", ondelete="SET NULL"))
    cancel_reason: Mapped[str | None] = mapped_column(String(255))
    live: Mapped[int | None] = mapped_column(
        SmallInteger,
        Computed("CASE WHEN status IN ('pending', 'confirmed', 'arrived') THEN 1 END", persisted=True),
    )
    coming_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the patient answered a reminder with "I'm coming"."""
    answer_by_at: Mapped[datetime | None] = mapped_column(Instant)
    """Until when a pending visit waits for the doctor's answer."""
    kept_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the doctor decided to keep a visit that falls outside the working hours."""
    late_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    """How much later than planned the patient was told to come."""


class Hold(Base):
    """A time kept free for one patient until `expires_at`, in place of the visit that the hospital took back."""

    __tablename__ = "holds"
    __table_args__ = (
        Index(None, "doctor_id", "hold_date"),
        Index(None, "patient_id"),
        Index(None, "appointment_id"),
        Index(None, "expires_at"),
        MYSQL,
    )

    hold_id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.appointment_id", ondelete="CASCADE"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient_id", ondelete="CASCADE"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.doctor_id", ondelete="CASCADE"))
    hold_date: Mapped[datetime] = mapped_column(DateTime)
    hold_time: Mapped[time] = mapped_column(Time)
    minutes: Mapped[int] = mapped_column(SmallInteger)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class OtpCode(Base):
    """A one-time code or invitation: `code` is a keyed digest, bound to a purpose and a channel."""

    __tablename__ = "otp_codes"
    __table_args__ = (Index(None, "user_id"), Index(None, "code"), Index(None, "expires_at"), MYSQL)

    otp_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(exact(64))
    created_at: Mapped[datetime | None] = mapped_column(Instant, server_default=func.current_timestamp())
    expires_at: Mapped[datetime] = mapped_column(Instant)
    purpose: Mapped[str] = mapped_column(exact(16), server_default="login")
    channel: Mapped[str] = mapped_column(exact(64), server_default="")
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class TelegramAccount(Base):
    """A Telegram account and the user who logged in on it last: one to one, both ways."""

    __tablename__ = "telegram_accounts"
    __table_args__ = (MYSQL,)

    telegram_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), unique=True)
    proved_at: Mapped[datetime] = mapped_column(Instant)
    session_ends_at: Mapped[datetime | None] = mapped_column(Instant)
    blocked_at: Mapped[datetime | None] = mapped_column(Instant)


class Throttle(Base):
    """Attempts counted under a key (`user:12`, `tg:55`, …); `blocked_until_at` makes the next one wait."""

    __tablename__ = "throttles"
    __table_args__ = (MYSQL,)

    key: Mapped[str] = mapped_column(exact(80), primary_key=True)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    blocked_until_at: Mapped[datetime | None] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant, server_default=func.current_timestamp())


class TimeOff(Base):
    """Leave over a range of the clinic's wall clock, half-open.

    A day off sick has `tell_at`: until then it can be undone, and then its patients are offered other times.
    """

    __tablename__ = "time_off"
    __table_args__ = (Index(None, "doctor_id", "ends"), Index(None, "tell_at"), MYSQL)

    time_off_id: Mapped[int] = mapped_column(primary_key=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.doctor_id", ondelete="CASCADE"))
    starts: Mapped[datetime] = mapped_column(DateTime)
    ends: Mapped[datetime] = mapped_column(DateTime)
    note: Mapped[str | None] = mapped_column(String(255))
    tell_at: Mapped[datetime | None] = mapped_column(Instant)


class Notification(Base):
    """The outbox: committed with the change that causes it, claimed by a token, sent once it is due."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("user_id", "kind", "about", name="uq_notification"),
        Index("ix_notifications_due", "state", "due_at"),
        Index(None, "claim_token"),
        MYSQL,
    )

    notification_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(exact(32))
    about: Mapped[str] = mapped_column(exact(64))
    appointment_id: Mapped[int | None] = mapped_column(
        ForeignKey("appointments.appointment_id", ondelete="CASCADE"), index=True
    )
    facts: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(Enum(*DELIVERY, name="delivery"), server_default="waiting")
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.current_timestamp())
    due_at: Mapped[datetime] = mapped_column(Instant)
    claim_token: Mapped[str | None] = mapped_column(exact(32))
    claimed_until_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    problem: Mapped[str | None] = mapped_column(String(255))
    sent_at: Mapped[datetime | None] = mapped_column(Instant)


class Conversation(Base):
    """Where one private chat stands: what is expected next, and the answers given so far."""

    __tablename__ = "conversations"
    __table_args__ = (MYSQL,)

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(exact(64), server_default="")
    data: Mapped[Any] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(server_default=text("0"))
    expires_at: Mapped[datetime] = mapped_column(Instant)


class TelegramUpdate(Base):
    """An update that was handled, with the screen it led to; or one that fails, with a count."""

    __tablename__ = "telegram_updates"
    __table_args__ = (Index(None, "created_at"), MYSQL)

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    screen: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    failures: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.current_timestamp())


class NamedRequest(Base):
    """A request of the API that named itself: `key` is a keyed digest of user and name, `answer` what was said."""

    __tablename__ = "requests"
    __table_args__ = (Index(None, "created_at"), MYSQL)

    key: Mapped[str] = mapped_column(exact(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(exact(64))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    answer: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.current_timestamp())


class Erasure(Base):
    """A person's wish to be forgotten, carried out when `due_at` has passed and the hospital has not refused.

    `kept_until` is the last day on which the law wants the visits and records that stay, without a name.
    """

    __tablename__ = "erasures"
    __table_args__ = (Index(None, "due_at"), MYSQL)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    asked_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    refused_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    kept_until: Mapped[date | None] = mapped_column(Date)


class AuditEntry(Base):
    """Who did what to whom, append-only. Ids only.

    `mac` is made with the entry; `seq` and `seal` when it becomes a link of the chain, once.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "patient_id", "happened_at"),
        Index(None, "actor_id", "happened_at"),
        Index(None, "subject"),
        Index(None, "seq", unique=True),
        MYSQL,
    )

    audit_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    happened_at: Mapped[datetime] = mapped_column(Instant, server_default=func.current_timestamp())
    actor_id: Mapped[int | None] = mapped_column()
    patient_id: Mapped[int | None] = mapped_column()
    action: Mapped[str] = mapped_column(exact(32))
    subject: Mapped[str] = mapped_column(exact(64), server_default="")
    outcome: Mapped[str] = mapped_column(exact(32), server_default="ok")
    channel: Mapped[str] = mapped_column(exact(64), server_default="")
    mac: Mapped[str] = mapped_column(exact(80), server_default="")
    seq: Mapped[int | None] = mapped_column(BigInteger)
    seal: Mapped[str | None] = mapped_column(exact(64))


def starts_at(day: datetime, clock: time) -> datetime:
    """A visit's start on the clinic's wall clock, from its two columns."""
    return datetime.combine(day.date(), clock)


def midnight(day: date) -> datetime:
    """How a day is stored in `appointment_date`."""
    return datetime.combine(day, time())


def next_day(day: date) -> datetime:
    return midnight(day) + timedelta(days=1)
