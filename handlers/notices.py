"""What is sent without being asked for, and the buttons under it.

reminder ─┬─► I'm coming ─► thanked                 digest ─┬─► Arrived, Done, No-show ─┐
          ├─► Move, Cancel ─► as under /appointments        ├─► when it should come ────┼─► the digest as it is now
          └─► Details ─► the visit                          ├─► refreshed ──────────────┘
                                                            └─► the whole day

A reminder may be answered by whoever can read it; the rest needs a login, as everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from handlers import approval, offers
from handlers.area import Area, link
from handlers.doctor import seen_day, show_day
from handlers.screen import Button, Screen
from handlers.texts import doctor as doctor_words
from handlers.texts import notices as words
from handlers.texts import offers as offer_words
from handlers.turn import Turn
from hospital_bot.clinic import Clinic
from hospital_bot.errors import BadInput, BookingError, NotFound
from hospital_bot.services import attendance, digests, own_visits, reminders
from hospital_bot.services.calls import CallSheet
from hospital_bot.services.delays import Late
from hospital_bot.services.digests import Digest, Week
from hospital_bot.services.news import VisitNews
from hospital_bot.services.notifications import Content
from hospital_bot.services.offers import Offer
from hospital_bot.services.reminders import Reminder

area = Area("notice")
digest_area = Area("digest")

Row = tuple[Button, ...]

MOST_LINES = 30
"""Visits with buttons in a digest: Telegram takes a hundred buttons. Those that are settled make room."""


def screen(content: Content, *, clinic: Clinic, now: datetime) -> Screen:
    """A notification's message."""
    match content:
        case VisitNews():
            return _news(content, clinic)
        case Reminder():
            return _reminder(content, clinic, now)
        case Digest():
            return _digest(content, clinic, now)
        case Week():
            return Screen(words.week(content))
        case CallSheet():
            return Screen(
                words.call_sheet(content, clinic), ((Button(words.LIST_NOW, link("desk.open", content.day)),),)
            )
        case Offer():
            return offers.message(content, clinic)
        case Late():
            return Screen(offer_words.late(content, clinic))
        case _:
            return Screen(words.alarm(content, clinic))


def _news(news: VisitNews, clinic: Clinic) -> Screen:
    if not news.to_patient:
        answer = (approval.answer_row(news.visit.appointment_id),) if news.kind == "request" else ()
        return Screen(words.to_doctor(news), answer)
    return Screen(words.to_patient(news, clinic), ((_details(news.visit.appointment_id, words.DETAILS),),))


def _details(appointment_id: int, label: str) -> Button:
    return Button(label, link("visits.show", appointment_id))


def _reminder(told: Reminder, clinic: Clinic, now: datetime) -> Screen:
    day, alone = told.visits[0].start.date(), len(told.visits) == 1
    rows: list[Row] = [(Button(words.COMING, link("notice.coming", day)),)] if told.asks else []
    changeable = [visit for visit in told.visits if own_visits.may_change(visit, clinic, now)]
    for visit in changeable:
        moving = Button(words.at(words.MOVE, visit, alone=alone), link("move.start", visit.appointment_id))
        cancelling = Button(words.at(words.CANCEL, visit, alone=alone), link("visits.cancel", visit.appointment_id))
        rows.append((moving, cancelling))
    rows += [_details_row(told)]
    return Screen(words.reminder(told, clinic, too_late=not changeable), tuple(rows))


def _details_row(told: Reminder) -> Row:
    alone = len(told.visits) == 1
    return tuple(_details(visit.appointment_id, words.at(words.DETAILS, visit, alone=alone)) for visit in told.visits)


@area.button("coming")
def say_coming(turn: Turn, day: date) -> Screen:
    try:
        told = turn.do(reminders.coming, telegram_id=turn.telegram_id, day=day, clinic=turn.clinic)
    except NotFound:
        return Screen(words.NO_VISIT_LEFT)
    return replace(_reminder(told, turn.clinic, turn.now), text=words.thanks(told, turn.clinic))


def _digest(told: Digest, clinic: Clinic, now: datetime) -> Screen:
    rows: list[Row] = []
    for line in told.lines:
        following = (
            () if line.status == "completed" else attendance.possible(line.status, line.start, clinic=clinic, now=now)
        )
        rows.append(
            tuple(
                Button(
                    words.mark_button(line, status, first=number == 0),
                    link("digest.mark", told.day, line.appointment_id, status),
                )
                for number, status in enumerate(following)
            )
        )
    wishes = (
        Button(words.evening_button(on=told.on_evenings), link("digest.evening", told.day, int(not told.on_evenings))),
        Button(words.weekly_button(on=told.weekly), link("digest.weekly", told.day, int(not told.weekly))),
    )
    looks = (
        Button(words.REFRESH, link("digest.show", told.day)),
        Button(words.WHOLE_DAY, link("digest.day", told.day)),
    )
    marks = [row for row in rows if row][:MOST_LINES]
    return Screen(words.digest(told, clinic), (*marks, looks, wishes))


@digest_area.button("show")
def show_digest(turn: Turn, day: date) -> Screen:
    told = seen_day(turn, turn.doctor(), day)
    return _digest(told, turn.clinic, turn.now)


@digest_area.button("day")
def show_whole_day(turn: Turn, day: date) -> Screen:
    return replace(show_day(turn, day), new=True)


@digest_area.button("mark")
def mark_visit(turn: Turn, day: date, appointment_id: int, status: str) -> Screen:
    toast = words.NOTED
    try:
        turn.do(
            attendance.mark,
            appointment_id=appointment_id,
            doctor_id=turn.doctor(),
            user_id=turn.logged_in().user_id,
            status=status,
            channel=turn.channel,
            clinic=turn.clinic,
        )
    except (BadInput, BookingError) as refusal:
        toast = doctor_words.not_marked(refusal)
    return replace(show_digest(turn, day), toast=toast)


@digest_area.button("evening")
def choose_evening(turn: Turn, day: date, on: int) -> Screen:
    turn.do(digests.wish, doctor_id=turn.doctor(), on_evenings=bool(on))
    return show_digest(turn, day)


@digest_area.button("weekly")
def choose_weekly(turn: Turn, day: date, on: int) -> Screen:
    turn.do(digests.wish, doctor_id=turn.doctor(), weekly=bool(on))
    return show_digest(turn, day)
