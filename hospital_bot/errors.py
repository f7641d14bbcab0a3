"""Every refusal of the product. Each has a stable `code`, which the API sends and the chat maps to words.

Refusal
├── BadInput                    something typed can't be taken; `field` and `problem` say what
├── NotLoggedIn                 the use case needs a session
├── NotAllowed                  the session is not enough
│   └── CodeNeeded              it would be, after a one-time code
├── NotFound                    no such thing, or not yours: the two are never told apart
├── Busy                        too much at once: wait a moment
├── AlreadyPatient              the user has registered as a patient before
├── RequestError                a request that names itself, and can't be answered
│   ├── KeyReused               another request had this name
│   └── InFlight                the same request is being answered at this moment
├── VisitsAhead                 whoever leaves has visits that nobody has taken back
├── ImportRefused               a file with mistakes; `errors` lists every one by its line
├── LoginError
│   ├── WrongCredentials        unknown, wrong, locked or unverified: never told apart
│   ├── WrongCode               not this code
│   ├── CodeSpent               expired, used, or tried too often: ask for a new one
│   └── WaitForCode             a new code too soon, or too many today; `seconds` to wait
└── BookingError
    ├── SlotTaken               somebody has it
    ├── NotOffered              no such time in the doctor's hours, or on leave
    ├── TooSoon                 past, or within the minimum notice
    ├── TooFar                  beyond the horizon
    ├── PatientBusy             the patient has another visit then
    ├── TooManyVisits           the patient holds as many visits as allowed
    └── TooLate                 past the cut-off for moving or cancelling

Unavailable                     not a refusal: the database can't be reached; repeat with the same request id
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


class Refusal(Exception):
    """The use case says no, for a reason the caller can act on."""

    code: ClassVar[str] = "refused"


class BadInput(Refusal):
    """`problem` is a stable word such as `empty`, `too_long`, `unknown`; `detail` helps to mend it."""

    code = "bad_input"

    def __init__(self, field: str, problem: str, detail: str = "") -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem, self.detail = field, problem, detail


class NotLoggedIn(Refusal):
    code = "not_logged_in"


class NotAllowed(Refusal):
    code = "not_allowed"


class CodeNeeded(NotAllowed):
    code = "code_needed"


class NotFound(Refusal):
    code = "not_found"


class Busy(Refusal):
    code = "busy"


class AlreadyPatient(Refusal):
    code = "already_patient"


class RequestError(Refusal):
    code = "request_refused"


class KeyReused(RequestError):
    code = "key_reused"


class InFlight(RequestError):
    code = "in_flight"


@dataclass(frozen=True, slots=True)
class LineError:
    """One mistake in a file. `line` counts from 1; `column` is empty when the whole line is meant."""

    line: int
    column: str
    problem: str
    detail: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {self.problem.replace('_', ' ')}" + (f" ({self.detail})" if self.detail else "")


class ImportRefused(Refusal):
    """Nothing of the file was taken."""

    code = "import_refused"

    def __init__(self, errors: list[LineError]) -> None:
        super().__init__(f"{len(errors)} mistakes")
        self.errors = sorted(errors, key=lambda error: (error.line, error.column))


class VisitsAhead(Refusal):
    code = "visits_ahead"

    def __init__(self, count: int, last: datetime) -> None:
        super().__init__(f"visits ahead: {count}, the last on {last:%Y-%m-%d}")


class LoginError(Refusal):
    code = "login_failed"


class WrongCredentials(LoginError):
    code = "wrong_credentials"


class WrongCode(LoginError):
    code = "wrong_code"


class CodeSpent(LoginError):
    code = "code_spent"


class WaitForCode(LoginError):
    code = "wait_for_code"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


class BookingError(Refusal):
    code = "not_booked"


class SlotTaken(BookingError):
    code = "slot_taken"


class NotOffered(BookingError):
    code = "not_offered"


class TooSoon(BookingError):
    code = "too_soon"


class TooFar(BookingError):
    code = "too_far"


class PatientBusy(BookingError):
    code = "patient_busy"


class TooManyVisits(BookingError):
    code = "too_many_visits"


class TooLate(BookingError):
    code = "too_late"


class Unavailable(Exception):
    """The database can't be reached or the outcome of a COMMIT is unknown. Nothing may be claimed as done."""


class Conflict(Exception):
    """Somebody changed what the use case had read. Never seen outside `Database.run`."""
