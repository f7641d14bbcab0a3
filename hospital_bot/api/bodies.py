"""What is sent and answered. Dates are `2024-09-25`, times `14:00:00`, both the clinic's wall clock."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from hospital_bot import people
from hospital_bot.services import records
from hospital_bot.services.agenda import Entry
from hospital_bot.values import Visit

CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
LONGEST_PASSWORD = 1024


def _day(text: Any) -> date:
    if type(text) is date:
        return text
    found = date.fromisoformat(text) if isinstance(text, str) else None
    if found is None or found.isoformat() != text:  # ISO has other spellings
        raise ValueError("expected a date such as 2024-09-25")
    return found


def _clock(text: Any) -> time:
    if type(text) is time:
        return text
    if not isinstance(text, str) or not re.fullmatch(CLOCK, text, re.ASCII):
        raise ValueError("expected a time such as 14:00:00")
    return time.fromisoformat(text)


Day = Annotated[
    date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2024-09-25"]})
]
Clock = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(time.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "pattern": CLOCK, "examples": ["14:00:00"]}),
]
Id = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
Text = Annotated[str, Field(max_length=1000)]
Secret = Annotated[str, Field(max_length=LONGEST_PASSWORD, json_schema_extra={"format": "password"})]
Code = Annotated[str, Field(max_length=64, examples=["123456"])]


class Sent(BaseModel):
    """Nothing but what is asked for: a role or a price that slips in is refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class UserSent(Sent):
    name: Text = Field(examples=["Ann Lee"])
    email: Text = Field(examples=["user@example.com"])
    password: Secret


class CodeSent(Sent):
    email: Text = Field(examples=["user@example.com"])
    code: Code
    registration: Annotated[str, Field(max_length=8192)] = Field(
        description="What POST /users/register answered with: only who registered can use the code."
    )


class LoginSent(Sent):
    email: Text = Field(examples=["user@example.com"])
    password: Secret


class ProofSent(Sent):
    code: Code


class PatientSent(Sent):
    user_id: Id
    address: Text = Field(examples=["123 Main St"])
    phone_number: Text = Field(examples=["+14155552671"])


class AppointmentSent(Sent):
    patient_id: Id
    doctor_id: Id
    appointment_date: Day
    appointment_time: Clock
    reason: Annotated[str, Field(max_length=people.MAX_REASON)] | None = None


class MoveSent(Sent):
    appointment_date: Day
    appointment_time: Clock
    doctor_id: Id | None = Field(None, description="The same doctor, if left out.")


class CancelSent(Sent):
    reason: Annotated[str, Field(max_length=people.MAX_TEXT)] | None = None


class Said(BaseModel):
    msg: str


class UserSaid(Said):
    user_id: int
    registration: str = Field(description="To be sent back with the code, within five minutes.")


class VerifiedSaid(Said):
    user_id: int


class TokenSaid(Said):
    token: str


class MethodSaid(Said):
    method: str = Field(examples=["mail", "app"])


class PatientSaid(Said):
    patient_id: int


class AppointmentSaid(Said):
    appointment_id: int


class Appointment(BaseModel):
    appointment_id: int
    patient_id: int
    doctor_id: int
    doctor_name: str
    specialization: str
    room: str
    appointment_date: Day
    appointment_time: Clock
    minutes: int
    status: str
    reason: str | None
    moved_from: int | None

    @classmethod
    def of(cls, visit: Visit) -> Self:
        own = cls.model_fields.keys() - {"appointment_date", "appointment_time"}
        facts = {name: getattr(visit, name) for name in own}
        return cls(**facts, appointment_date=visit.start.date(), appointment_time=visit.start.time())


class Appointments(BaseModel):
    appointments: list[Appointment]
    more: bool


class ScheduleEntry(BaseModel):
    appointment_id: int
    patient_name: str
    appointment_time: Clock
    minutes: int
    status: str
    reason: str | None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        facts = {name: getattr(entry, name) for name in cls.model_fields.keys() - {"appointment_time"}}
        return cls(**facts, appointment_time=entry.start.time())


class Schedule(BaseModel):
    doctor_id: int
    date: Day
    appointments: list[ScheduleEntry]


class Specialization(BaseModel):
    name: str
    doctors: int
    next_date: Day | None


class Specializations(BaseModel):
    specializations: list[Specialization]


class Doctor(BaseModel):
    doctor_id: int
    name: str
    specialization: str
    room: str
    next_date: Day | None
    next_time: Clock | None


class Doctors(BaseModel):
    doctors: list[Doctor]


class FreeDay(BaseModel):
    date: Day
    times: list[Clock]


class Availability(BaseModel):
    doctor_id: int
    name: str
    specialization: str
    days: list[FreeDay]


class Record(BaseModel):
    record_id: int
    date_created: datetime | None = Field(description="UTC")
    doctor_name: str
    description: str | None
    diagnosis: str | None
    treatment_plan: str | None

    @classmethod
    def of(cls, record: records.Record) -> Self:
        facts = {name: getattr(record, name) for name in cls.model_fields.keys() - {"date_created"}}
        return cls(**facts, date_created=record.created_at)


class Records(BaseModel):
    records: list[Record]
    more: bool


class Health(BaseModel):
    status: str


class Ready(BaseModel):
    status: str
    database: str
    scheduler_lag_seconds: float | None
