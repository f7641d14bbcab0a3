"""A doctor hears what patients do, a patient what others do in their stead, an old chat that it is logged out."""

from __future__ import annotations

import pytest

from hospital_bot.errors import BookingError
from hospital_bot.services import accounts, news
from hospital_bot.simulator.phone import Phone
from tests.delivery.conftest import Ward


@pytest.fixture
async def osei(ward: Ward) -> Phone:
    return await ward.staff(ward.doctor())


@pytest.fixture
async def ann(ward: Ward, osei: Phone) -> Phone:
    return await ward.patient("Ann")


async def test_the_doctor_hears_of_a_visit_from_booking_to_cancelling(ward: Ward, osei: Phone, ann: Phone) -> None:
    visit = ward.book(ann, "2026-11-24 10:00")
    await ward.ticks()
    moved = ward.move(visit, "2026-11-25 11:00")
    await ward.ticks()
    ward.cancel(moved)
    await ward.ticks()

    booked, elsewhere, cancelled = ward.texts(osei)
    assert booked == "📅 Visit booked\nTuesday, 24 November 2026, 10:00\nAnn\nBy the patient."
    assert "Wednesday, 25 November 2026, 11:00\nAnn\nIt was Tuesday, 24 November 2026, 10:00." in elsewhere
    assert cancelled.startswith("❌ Visit cancelled\nWednesday, 25 November 2026, 11:00")
    assert ward.news(ann) == []


async def test_a_visit_moved_to_another_doctor_is_news_to_both(ward: Ward, osei: Phone, ann: Phone) -> None:
    adeyemi = await ward.staff(ward.doctor("Dr. Adeyemi"))
    visit = ward.book(ann, "2026-11-24 10:00")
    await ward.ticks()
    ward.news(osei)
    ward.move(visit, "2026-11-24 11:00", doctor_id=2)
    await ward.ticks()

    assert [text.splitlines()[0] for text in ward.texts(osei)] == ["❌ Visit cancelled"]
    assert [text.splitlines()[0] for text in ward.texts(adeyemi)] == ["📅 Visit booked"]


def answers_requests(ward: Ward, doctor_id: int = 1) -> None:
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE doctors SET approval = 1 WHERE doctor_id = ?", (doctor_id,))


async def test_of_a_visit_moved_to_a_time_that_waits_for_the_answer_both_hear_what_it_was(
    ward: Ward, osei: Phone, ann: Phone
) -> None:
    visit = ward.book(ann, "2026-11-24 10:00")
    await ward.ticks()
    ward.news(osei)
    answers_requests(ward)
    ward.move(visit, "2026-11-24 11:00", elsewhere=True)
    await ward.ticks()

    [asked] = ward.texts(osei)
    assert asked == (
        "❓ Visit asked for\nTuesday, 24 November 2026, 11:00\nAnn\nIt was Tuesday, 24 November 2026, 10:00.\n"
        "By the patient."
    )
    [told] = ward.texts(ann)
    assert "asked for with your account; the doctor will answer:\nTuesday, 24 November 2026, 11:00\n(It was" in told


async def test_the_doctor_who_gets_a_visit_to_answer_hears_nothing_of_a_colleagues_time(
    ward: Ward, osei: Phone, ann: Phone
) -> None:
    adeyemi = await ward.staff(ward.doctor("Dr. Adeyemi"))
    answers_requests(ward, 2)
    visit = ward.book(ann, "2026-11-24 10:00")
    await ward.ticks()
    ward.news(osei)
    ward.move(visit, "2026-11-24 11:00", doctor_id=2)
    await ward.ticks()

    assert [text.splitlines()[0] for text in ward.texts(osei)] == ["❌ Visit cancelled"]
    [asked] = ward.texts(adeyemi)
    assert asked.startswith("❓ Visit asked for")
    assert "It was" not in asked


async def test_a_patient_hears_what_somebody_else_did(ward: Ward, osei: Phone, ann: Phone) -> None:
    desk = ward.hospital.doctor("Cleo of the desk").user_id
    visit = ward.book(ann, "2026-11-24 10:00", user_id=desk, in_stead=True)
    await ward.ticks()
    visit = ward.move(visit, "2026-11-24 12:00", user_id=desk, in_stead=True)
    await ward.ticks()
    ward.cancel(visit, user_id=desk, in_stead=True)
    await ward.ticks()

    booked, moved, cancelled = ward.texts(ann)
    assert booked == "Harbour Hospital\nWe booked a visit for you:\nTuesday, 24 November 2026, 10:00"
    assert "12:00\n(It was Tuesday, 24 November 2026, 10:00.)" in moved
    assert "We cancelled your visit" in cancelled
    assert not any("Osei" in text for text in (booked, moved, cancelled))
    assert ward.texts(osei)[0].endswith("Ann\nBy Cleo of the desk.")


async def test_a_patient_hears_in_the_chat_what_was_done_elsewhere_with_the_account(
    ward: Ward, osei: Phone, ann: Phone
) -> None:
    me = int(ward.hospital.scalar("SELECT user_id FROM telegram_accounts WHERE telegram_id = :id", id=ann.id))
    visit = ward.book(ann, "2026-11-24 10:00", user_id=me, elsewhere=True)
    await ward.ticks()
    visit = ward.move(visit, "2026-11-24 12:00", elsewhere=True)
    await ward.ticks()
    ward.cancel(visit, elsewhere=True)
    await ward.ticks()

    booked, moved, cancelled = ward.texts(ann)
    assert booked == (
        "Harbour Hospital\nA visit was booked with your account:\nTuesday, 24 November 2026, 10:00\n\n"
        "If that was not you, set a new password at once (/reset), and call us."
    )
    assert "moved with your account. It is now:\nTuesday, 24 November 2026, 12:00" in moved
    assert "cancelled with your account" in cancelled
    assert [text.splitlines()[-1] for text in ward.texts(osei)] == ["By the patient."] * 3


async def test_news_that_is_none_any_more_is_not_sent(ward: Ward, osei: Phone, ann: Phone) -> None:
    ward.cancel(ward.book(ann, "2026-11-24 10:00"))
    ward.book(ann, "2026-11-21 10:00")
    await ward.becomes("2026-11-21 10:00")

    texts = [text for text in ward.texts(osei) if "cancelled" in text or "booked" in text]
    assert [text.splitlines()[0] for text in texts] == ["❌ Visit cancelled"]
    assert ward.state("booked") == [("skipped", "the visit is cancelled"), ("skipped", "the visit has begun")]


async def test_a_refused_booking_says_nothing_to_anybody(ward: Ward, osei: Phone, ann: Phone) -> None:
    with pytest.raises(BookingError):
        ward.book(ann, "2026-11-20 08:00")

    assert ward.hospital.scalar("SELECT COUNT(*) FROM notifications") == 0


async def test_the_chat_left_behind_is_told_of_a_login_elsewhere(ward: Ward, ann: Phone) -> None:
    hospital, tablet = ward.hospital, await ward.hospital.phone("Ann's tablet")
    await tablet.starts()
    user_id = hospital.scalar("SELECT user_id FROM telegram_accounts WHERE telegram_id = :id", id=ann.id)
    hospital.do(news.logged_out, user_id=user_id, old_telegram_id=ann.id)
    hospital.do(accounts.link, telegram_id=tablet.id, user_id=user_id, role="patient")
    ward.news(tablet)
    await ward.ticks()

    assert "You logged in with another Telegram account at 09:02" in ward.texts(ann)[0]
    assert ward.news(tablet) == []


async def test_who_is_erased_gets_nothing(ward: Ward, osei: Phone, ann: Phone) -> None:
    ward.book(ann, "2026-11-24 10:00")
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM users WHERE name IN ('Ann', 'Dr. Osei')")
    await ward.becomes("2026-11-24 08:00")

    assert (ward.news(osei), ward.news(ann)) == ([], [])
