"""A patient's own details.

/profile ─► phone, address or date of birth ─► the new one, typed ─► the details as they are now
"""

from __future__ import annotations

from datetime import date

from handlers import account, menu, texts
from handlers.area import Area, link
from handlers.screen import Button, Reply, Screen
from handlers.texts import account as account_words
from handlers.texts import profile as words
from handlers.turn import Turn
from hospital_bot import people
from hospital_bot.errors import BadInput
from hospital_bot.services import profiles
from hospital_bot.services.profiles import Field

area = Area("profile")


@area.command("profile")
@area.button("show")
def show(turn: Turn) -> Screen:
    return _page(turn)


def _page(turn: Turn, notice: str = "") -> Screen:
    _, patient_id = turn.patient()
    turn.expect("")
    profile = turn.do(profiles.read, patient_id=patient_id)
    born = words.CHANGE_BIRTH_DATE if profile.birth_date else words.ADD_BIRTH_DATE
    rows = (
        (Button(words.CHANGE_PHONE, link("profile.phone")), Button(words.CHANGE_ADDRESS, link("profile.address"))),
        (Button(words.CHANGE_EMAIL, link("email.start")), Button(born, link("profile.born"))),
        (Button(words.YOUR_DATA, link("privacy.start")),),
        menu.BACK,
    )
    return Screen(texts.noticed(notice, words.page(profile, turn.clinic)), rows)


@area.button("phone")
def ask_phone(turn: Turn) -> Screen:
    """Telegram's own keyboard can share it."""
    return _ask_phone(turn)


def _ask_phone(turn: Turn, notice: str = "") -> Screen:
    turn.patient()
    turn.expect("profile.phone")
    text = texts.noticed(notice, words.QUESTIONS["phone_number"])
    return Screen(text, reply=Reply(account_words.SHARE_PHONE, (texts.BACK, texts.CANCEL)))


@area.answer("profile.phone", keyboard=True)
def take_phone(turn: Turn, text: str) -> Screen:
    if text == texts.CANCEL:
        return menu.cancel(turn)
    if text == texts.BACK:
        return _page(turn)
    try:
        return _change(turn, "phone_number", account.phone(turn, text))
    except BadInput as bad:
        return _ask_phone(turn, account_words.mend(bad))


@area.button("address")
def ask_address(turn: Turn) -> Screen:
    return _ask(turn, "address")


@area.answer("profile.address")
def take_address(turn: Turn, text: str) -> Screen:
    try:
        return _change(turn, "address", people.address(text))
    except BadInput as bad:
        return _ask(turn, "address", account_words.mend(bad))


@area.button("born")
def ask_birth_date(turn: Turn) -> Screen:
    return _ask(turn, "birth_date")


@area.answer("profile.birth_date")
def take_birth_date(turn: Turn, text: str) -> Screen:
    try:
        return _change(turn, "birth_date", people.birth_date(text, today=turn.clinic.today(turn.now)))
    except BadInput as bad:
        return _ask(turn, "birth_date", account_words.mend(bad))


def _ask(turn: Turn, field: Field, notice: str = "") -> Screen:
    turn.patient()
    turn.expect(f"profile.{field}")
    return Screen(texts.noticed(notice, words.QUESTIONS[field]), (account.leave(link("profile.show")),))


def _change(turn: Turn, field: Field, value: str | date) -> Screen:
    user, patient_id = turn.patient()
    turn.do(
        profiles.change,
        patient_id=patient_id,
        user_id=user.user_id,
        field=field,
        value=value,
        channel=turn.channel,
    )
    return _page(turn, words.CHANGED)
