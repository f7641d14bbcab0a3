"""A patient is forgotten, but for what the law wants kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import insert, text

from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotFound
from hospital_bot.models import MedicalRecord
from hospital_bot.services import accounts, booking, chain, erasure, outbox
from hospital_bot.services.outbox import Draft
from hospital_bot.simulator.phone import Phone
from hospital_bot.values import Who
from tests.chat.conftest import Hospital, chat_of, email_of
from tests.chat.practice import deliver, heard
from tests.chat.test_booking import TO_TIMES

REASON = "an itching left arm"
CANARIES = ("Annabel", "annabel@", "+4930123456", "1 Harbour Road", REASON)
ERASE = ("/privacy", "Erase my data", "Yes, erase my data")


@dataclass
class Case:
    hospital: Hospital
    ann: Phone

    async def wait(self, **period: float) -> None:
        self.hospital.clock.turn(**period)
        await self.hospital.product.tidy()

    def dump(self) -> str:
        """Every value of every row."""
        with self.hospital.db.engine.connect() as connection:
            tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
            rows = [row for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608
        return "\n".join(str(tuple(row)) for row in rows)

    def found(self) -> list[str]:
        dump = self.dump()
        return [canary for canary in (*CANARIES, str(self.ann.id)) if canary in dump]

    def count(self, table: str) -> int:
        return int(self.hospital.scalar(f"SELECT COUNT(*) FROM {table}"))  # noqa: S608 - a table's name

    async def says_again_who_she_is(self) -> None:
        """The code for what needs a fresh one."""
        await self.ann.says(self.hospital.code("Annabel"))


@pytest.fixture
async def case(hospital: Hospital) -> Case:
    """Annabel saw a doctor on Monday, who wrote a record; now it is Tuesday."""
    hospital.doctor()
    ann = await hospital.patient("Annabel")
    await ann.walks(*TO_TIMES, "10:00")
    await ann.says(REASON)
    await ann.taps("✅ Confirm")
    with hospital.db.engine.begin() as connection:
        facts = {"patient_id": 1, "doctor_id": 1, "date_created": hospital.clock(), "diagnosis": "sealed"}
        connection.execute(insert(MedicalRecord).values(**facts))
    case = Case(hospital, ann)
    await case.wait(days=4)
    return case


async def asks(case: Case) -> None:
    await case.ann.walks(*ERASE)
    await case.says_again_who_she_is()


async def test_after_the_window_no_table_knows_the_name(case: Case) -> None:
    assert case.found() == [*CANARIES, str(case.ann.id)]
    await asks(case)

    await case.wait(days=7, hours=1)

    assert [canary for canary in case.found() if canary in CANARIES] == []
    assert (case.count("appointments"), case.count("medical_records")) == (1, 1)


async def test_of_the_chat_only_the_audit_log_keeps_a_number(case: Case) -> None:
    await asks(case)
    await case.wait(days=7, hours=1)

    with case.hospital.db.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_log"))

    assert case.found() == []


async def test_before_the_window_ends_nothing_is_erased(case: Case) -> None:
    await asks(case)

    await case.wait(days=6, hours=23)

    assert "Annabel" in case.dump()


async def test_what_stays_is_named_with_its_last_day(case: Case) -> None:
    await case.ann.walks("/privacy", "Erase my data")

    assert "keep 1 visit and 1 medical record, without your name, until Sunday, 23 November 2036" in case.ann.last.text
    assert "In 7 days" in case.ann.last.text


async def test_a_message_written_at_the_very_moment_of_forgetting_does_not_stay(case: Case) -> None:
    await asks(case)
    await case.wait(days=7, hours=1)
    now, whose = case.hospital.clock(), "SELECT user_id FROM erasures"
    draft = Draft(case.hospital.scalar(whose), "guessed", "now", now)
    case.hospital.db.run(outbox.put, [draft], now=now)

    await case.wait(hours=1)

    assert case.count("notifications JOIN erasures USING (user_id)") == 0


async def test_when_the_law_lets_go_nothing_is_left(case: Case) -> None:
    await asks(case)
    await case.wait(days=7, hours=1)
    await case.wait(days=3640)
    kept = case.count("appointments")

    await case.wait(days=20)

    assert (kept, case.count("appointments"), case.count("medical_records")) == (1, 0, 0)
    assert (case.count("patients"), case.count("erasures")) == (0, 0)


async def test_a_patient_without_a_visit_leaves_nothing(hospital: Hospital) -> None:
    """Though Bob was in the chat a moment ago, and mistyped his password."""
    bob = await hospital.patient("Bob")
    case = Case(hospital, bob)
    await bob.walks(*ERASE)
    hospital.clock.turn(days=8)
    for said in ("/profile", "/logout", "/login", email_of("Bob"), "not the password"):
        await bob.says(said)

    await hospital.product.tidy()

    assert [case.count(table) for table in ("users", "conversations", "telegram_updates", "throttles")] == [0, 0, 0, 0]
    with hospital.db.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_log"))
    assert not any(fact in case.dump() for fact in ("Bob", email_of("Bob"), str(bob.id)))


async def test_a_record_without_a_date_is_kept_from_today(hospital: Hospital) -> None:
    """As other software may write it."""
    hospital.doctor()
    case = Case(hospital, await hospital.patient("Bob"))
    with hospital.db.engine.begin() as connection:
        connection.execute(text("INSERT INTO medical_records (patient_id, doctor_id, diagnosis) VALUES (1, 1, 'x')"))
        connection.execute(text("UPDATE medical_records SET date_created = NULL"))

    await case.ann.walks(*ERASE[:2])
    assert "1 medical record" in case.ann.last.text
    await case.ann.taps(ERASE[2])
    await case.wait(days=8)

    assert (case.count("medical_records"), hospital.scalar("SELECT kept_until FROM erasures")) == (1, "2036-11-28")


async def test_in_chats_where_the_patient_was_before_nothing_stays_either(hospital: Hospital) -> None:
    bob = await hospital.patient("Bob")
    await bob.says("/logout")
    for said in ("/login", email_of("Bob"), "not the password"):
        await bob.says(said)
    user_id = hospital.scalar("SELECT user_id FROM users")
    with hospital.db.engine.begin() as connection:
        connection.execute(text("INSERT INTO throttles (`key`) VALUES (:key)"), {"key": f"user:{user_id}@tg:77"})
        connection.execute(text("INSERT INTO throttles (`key`) VALUES (:key)"), {"key": f"user:{user_id}1@tg:77"})
    hospital.do(accounts.link, telegram_id=bob.id, user_id=user_id, role="patient")
    await bob.walks(*ERASE)
    await Case(hospital, bob).wait(days=8)

    assert hospital.scalar("SELECT COUNT(*) FROM users") == 0
    assert hospital.scalar("SELECT `key` FROM throttles WHERE `key` LIKE 'user:%'") == f"user:{user_id}1@tg:77"


async def test_who_works_here_is_not_forgotten_and_neither_are_their_patients(case: Case) -> None:
    """The doctor is a patient, too: other software's tables allow that."""
    hospital = case.hospital
    doctor = await hospital.phone("Dr. Osei")
    hospital.do(accounts.link, telegram_id=doctor.id, user_id=1, role="doctor")
    with hospital.db.engine.begin() as connection:
        connection.execute(text("INSERT INTO patients (user_id) VALUES (1)"))

    await doctor.walks("/privacy", "Erase my data")
    assert "can't erase your data now. Please call us" in doctor.last.text
    await doctor.forges("privacy.yes", doctor.last.id)

    assert case.count("erasures") == 0


async def test_who_began_to_work_here_since_they_asked_stays(case: Case) -> None:
    await asks(case)
    with case.hospital.db.engine.begin() as connection:
        user_id = connection.scalar(text("SELECT user_id FROM patients"))
        connection.execute(text("INSERT INTO doctors (user_id) VALUES (:user_id)"), {"user_id": user_id})

    await case.wait(days=8)

    assert "Annabel" in case.dump()
    assert case.count("appointments") == 1


async def test_the_wish_can_be_taken_back(case: Case) -> None:
    await asks(case)
    await case.ann.walks("/privacy", "Don't erase my data after all")

    await case.wait(days=30)

    assert "Annabel" in case.dump()
    assert case.count("erasures") == 0


async def test_the_hospital_can_refuse_and_the_patient_is_told_to_call(case: Case) -> None:
    await asks(case)
    (wish,) = case.hospital.do(erasure.waiting)
    case.hospital.do(erasure.refuse, user_id=wish.user_id)
    await deliver(case.hospital)

    assert case.ann.last.text.endswith("The hospital can't erase your data now. Please call us: +49 431 9876543.")
    await case.wait(days=8)
    await case.ann.says("/privacy")

    assert "Annabel" in case.dump()
    assert "Please call us: +49 431 9876543" in case.ann.last.text


async def test_whoever_asked_again_is_not_told_of_the_refusal_before(case: Case) -> None:
    await asks(case)
    case.hospital.do(erasure.refuse, user_id=2)
    await case.ann.walks(*ERASE)

    await deliver(case.hospital)

    assert heard(case.ann, "can't erase your data now") == 0


async def test_after_a_refusal_the_patient_may_ask_again(case: Case) -> None:
    await asks(case)
    case.hospital.do(erasure.refuse, user_id=2)

    await case.ann.walks(*ERASE)

    assert "You asked us to erase your data" in case.ann.last.text


async def test_what_nobody_asked_can_be_neither_refused_nor_taken_back(case: Case) -> None:
    actor = case.hospital.do(accounts.actor, telegram_id=case.ann.id)

    with pytest.raises(NotFound):
        case.hospital.do(erasure.refuse, user_id=2)
    with pytest.raises(NotFound):
        case.hospital.do(erasure.take_back, actor=actor, channel="x")


async def test_it_waits_for_the_visits_ahead(case: Case) -> None:
    await case.ann.walks("/book", "Cardiology · 1 doctor · from Tue 24 Nov", "Dr. Osei · Tue 24 Nov 10:30", "Later ›")
    await case.ann.taps("Tue 8 Dec · 6 free")
    await case.ann.walks("10:00", "Skip", "✅ Confirm")
    await asks(case)
    await case.wait(days=14)
    waiting = "Annabel" in case.dump()

    await case.wait(days=2)

    assert (waiting, "Annabel" in case.dump()) == (True, False)


async def test_it_needs_a_fresh_code(case: Case) -> None:
    await case.ann.walks(*ERASE)

    assert "fresh code" in case.ann.last.text
    assert case.count("erasures") == 0


async def test_the_bot_does_not_know_the_chat_any_more(case: Case) -> None:
    await asks(case)
    await case.wait(days=7, hours=1)

    await case.ann.says("/appointments")

    assert "Please log in first" in chat_of(case.ann)


async def test_who_was_forgotten_can_register_again(case: Case) -> None:
    await asks(case)
    await case.wait(days=7, hours=1)

    again = await case.hospital.patient("Annabel")

    await again.says("/appointments")
    assert "no visits" in again.last.text.lower()
    assert case.hospital.scalar("SELECT COUNT(*) FROM users WHERE email = :email", email=email_of("Annabel")) == 1


async def test_a_booking_that_was_under_way_comes_too_late(case: Case) -> None:
    """It has waited for the patient's row, which the erasure held."""
    await asks(case)
    await case.wait(days=14)
    assert case.hospital.scalar("SELECT name FROM users WHERE user_id = 2") == erasure.NOBODY
    messages = case.count("notifications")

    with pytest.raises(NotFound):
        case.hospital.do(
            booking.book,
            patient_id=1,
            who=Who(1),
            start=datetime.combine(case.hospital.clock().date() + timedelta(days=1), time(10)),
            request_id="late",
            clinic=case.hospital.clinic,
        )

    assert (case.count("appointments"), case.count("notifications")) == (1, messages)


async def test_each_step_is_written_down(case: Case) -> None:
    await asks(case)
    await case.wait(days=7, hours=1)
    await case.hospital.product.link()

    with case.hospital.db.engine.connect() as connection:
        asked = text("SELECT action FROM audit_log WHERE action LIKE 'erasure%' ORDER BY audit_id")
        assert connection.execute(asked).scalars().all() == ["erasure.ask", "erasure.done"]
    assert case.hospital.do(chain.verify, key=case.hospital.keys.audit).problems == []


def test_a_leap_day_is_kept_until_the_end_of_february() -> None:
    assert erasure._years_on(date(2028, 2, 29), 10) == date(2038, 2, 28)
    assert Clinic().rules.erasure_window == timedelta(days=7)
