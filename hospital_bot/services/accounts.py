"""Who a person is: registering, logging in and out, and the end of a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """A logged-in person. `proved_at` is the instant of the last one-time code."""

    user_id: int
    name: str
    email: str
    role: str
    """`patient`, `doctor` or `admin`."""
    patient_id: int | None
    doctor_id: int | None
    proved_at: datetime

    @property
    def is_patient(self) -> bool:
        return self.role == "patient"

    @property
    def is_doctor(self) -> bool:
        return self.role == "doctor"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"
