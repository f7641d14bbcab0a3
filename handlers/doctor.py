"""A doctor's day in the chat.

/today ─► the day's visits ─┬─► one visit ─► arrived, done, did not come
                            └─► the day before, the day after
/week  ─► seven days ─► one of them
"""

from __future__ import annotations

from datetime import date, timedelta

from handlers import approval, menu, paging, seen, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import doctor as words
from handlers.texts import records as record_words
from handlers.turn import Turn
from hospital_bot.errors import BadInput, BookingError, NotFound
from hospital_bot.services import attendance, digests
from hospital_bot.services.agenda import Entry
from hospital_bot.services.digests import Digest, Line
from hospital_bot.values import LIVE

area = Area("doctor")

Row = tuple[Button, ...]

WEEK = timedelta(days=7)

VISITS_PER_PAGE = 25
"""Each with two buttons: Telegram takes a hundred below a message."""


@area.command("today")
@area.button("today")
def today(turn: Turn) -> Screen:
    return show_day(turn, turn.clinic.today(turn.now))


@area.button("day")
def show_day(turn: Turn, on: date) -> Screen:
    return show_page(turn, on, 0)


@area.button("page")
def show_page(turn: Turn, on: date, page: int) -> Screen:
    doctor_id = turn.doctor()
    if not words.FIRST_DAY <= on <= words.LAST_DAY:
        raise NotFound
    return _day_page(turn, seen_day(turn, doctor_id, on), page)


def _day_page(turn: Turn, digest: Digest, page: int) -> Screen:
    """A day that is longer than a page is turned."""
    last = max(0, len(digest.lines) - 1) // VISITS_PER_PAGE
    page = min(max(0, page), last)
    shown = digest.lines[page * VISITS_PER_PAGE :][:VISITS_PER_PAGE]
    turning = paging.turning(page, lambda other: link("doctor.page", digest.day, other), more=page < last)
    visits = (_visit_row(turn, line) for line in shown)
    return Screen(words.day_page(digest, shown), (*visits, *turning, *_day_buttons(turn, digest)))


def _page_with(digest: Digest, appointment_id: int) -> int:
    places = (place for place, line in enumerate(digest.lines) if line.appointment_id == appointment_id)
    return next(places, 0) // VISITS_PER_PAGE


def seen_day(turn: Turn, doctor_id: int, on: date) -> Digest:
    """The doctor's day as it is now; the look is written down."""
    seen.listing(turn, "day", f"doctor:{doctor_id}:{on:%Y%m%d}")
    return turn.do(digests.read, doctor_id=doctor_id, day=on, clinic=turn.clinic)


def _visit_row(turn: Turn, line: Line) -> Row:
    """The visit, and what the doctor will most likely say of it next."""
    following = attendance.choices(line.status, line.start, clinic=turn.clinic, now=turn.now)[:1]
    quick = (
        Button(words.MARK[status], link("doctor.mark", line.appointment_id, status, "day"))
        for status in following
        if line.status in LIVE
    )
    return (Button(words.visit_button(line), link("doctor.visit", line.appointment_id)), *quick)


def _day_buttons(turn: Turn, digest: Digest) -> tuple[Row, ...]:
    on = digest.day
    turning = tuple(
        Button(texts.day(each), link("doctor.day", each)) for each in (on - timedelta(days=1), on + timedelta(days=1))
    )
    week = Button(words.WEEK, link("doctor.week", on - timedelta(days=on.weekday())))
    if on != turn.clinic.today(turn.now):
        return (turning, (Button(texts.TODAY, link("doctor.today")), week), menu.BACK)
    late = (Button(texts.LATE, link("late.ask")),) if digest.lines else ()
    return (turning, (week, *late), menu.BACK)


@area.button("visit")
def show_visit(turn: Turn, appointment_id: int) -> Screen:
    entry = seen.visit(turn, appointment_id)
    return _visit_page(turn, entry)


def _visit_page(turn: Turn, entry: Entry) -> Screen:
    following = attendance.choices(entry.status, entry.start, clinic=turn.clinic, now=turn.now)
    marks = tuple(
        Button(words.mark_button(entry.status, status), link("doctor.mark", entry.appointment_id, status, "visit"))
        for status in following
        if not (entry.status == "completed" and entry.record_id)
    )
    answers = approval.answer_row(entry.appointment_id) if entry.status == "pending" else ()
    ahead = entry.live and turn.clinic.instant(entry.start) > turn.now
    change = (Button(words.CHANGE, link("outside.open", entry.appointment_id)),) if ahead else ()
    back = (Button(texts.BACK, link("doctor.day", entry.start.date())),)
    return Screen(words.visit(entry), tuple(row for row in (answers, marks, _records(entry), change, back) if row))


def _records(entry: Entry) -> Row:
    """The patient's, and for a visit that is done its own."""
    if entry.status not in {"confirmed", "arrived", "completed"}:
        return ()
    history = Button(record_words.HISTORY, link("record.of", entry.appointment_id, 0, 0))
    if entry.status != "completed":
        return (history,)
    label = record_words.REWRITE if entry.record_id else record_words.WRITE
    return (history, Button(label, link("record.write", entry.appointment_id)))


@area.button("mark")
def mark(turn: Turn, appointment_id: int, status: str, page: str) -> Screen:
    """The patient arrived, it is done, nobody came; then the page from which it was said, as it is now."""
    doctor_id, user = turn.doctor(), turn.logged_in()
    try:
        visit = turn.do(
            attendance.mark,
            appointment_id=appointment_id,
            doctor_id=doctor_id,
            user_id=user.user_id,
            status=status,
            channel=turn.channel,
            clinic=turn.clinic,
        )
    except (BadInput, BookingError) as refusal:
        return Screen(toast=words.not_marked(refusal), alert=True)
    if page != "day":
        return show_visit(turn, appointment_id)
    digest = seen_day(turn, doctor_id, visit.start.date())
    return _day_page(turn, digest, _page_with(digest, appointment_id))


@area.command("week")
@area.button("thisweek")
def this_week(turn: Turn) -> Screen:
    today = turn.clinic.today(turn.now)
    return show_week(turn, today - timedelta(days=today.weekday()))


@area.button("week")
def show_week(turn: Turn, monday: date) -> Screen:
    doctor_id = turn.doctor()
    if not words.FIRST_DAY <= monday <= words.LAST_DAY:
        raise NotFound
    week = turn.do(digests.read_week, doctor_id=doctor_id, monday=monday, clinic=turn.clinic)
    rows = [(Button(words.week_button(day), link("doctor.day", day.day)),) for day in week.days]
    turning = (
        Button(texts.EARLIER, link("doctor.week", monday - WEEK)),
        Button(texts.LATER, link("doctor.week", monday + WEEK)),
    )
    return Screen(words.week(monday), (*rows, turning, menu.BACK))
