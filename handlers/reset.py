"""A forgotten password.

    /reset, login ─► e-mail ─► new password ─► mailed code ─► the login's password question

The code comes last, so that it is used the moment it is typed and kept nowhere. Whether the address has an
account shows in none of this.
"""

from __future__ import annotations

from handlers import account, login, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import account as words
from handlers.turn import Turn
from hospital_bot import people
from hospital_bot.errors import BadInput, WrongCode
from hospital_bot.services import resets

area = Area("reset")
draft_needed = account.needs("reset", words.LOG_IN_AGAIN, Button(words.FORGOT, link("reset.start")))


@area.command("reset")
@area.button("start")
def start(turn: Turn) -> Screen:
    """The address typed at the login is offered, or one's own."""
    typed = turn.user.email if turn.user else turn.data.get("login", {}).get("email")
    turn.data["reset"] = {"email": typed} if typed else {}
    return _ask_email(turn)


def _ask_email(turn: Turn, notice: str = "") -> Screen:
    draft = turn.draft("reset")
    turn.expect("reset.email")
    kept = ((Button(words.keep(draft["email"]), link("reset.password")),),) if "email" in draft else ()
    return Screen(texts.noticed(notice, words.RESET_EMAIL), (*kept, account.leave(link("login.start"))))


@area.answer("reset.email")
@draft_needed
def take_email(turn: Turn, text: str) -> Screen:
    try:
        turn.data["reset"] = {"email": people.email(text)}
    except BadInput as bad:
        return _ask_email(turn, words.mend(bad))
    return _ask_password(turn)


@area.button("email")
@draft_needed
def ask_email_again(turn: Turn) -> Screen:
    return _ask_email(turn)


@area.button("password")
@draft_needed
def ask_password_again(turn: Turn) -> Screen:
    return _ask_password(turn) if "email" in turn.draft("reset") else _ask_email(turn)


def _ask_password(turn: Turn, notice: str = "") -> Screen:
    turn.expect("reset.password")
    return Screen(texts.noticed(notice, words.RESET_PASSWORD), (account.leave(link("reset.email")),))


@area.answer("reset.password", secret=True)
@draft_needed
def take_password(turn: Turn, text: str) -> Screen:
    draft = turn.draft("reset")
    try:
        draft["password"] = account.new_password(turn, text, draft["email"])
    except BadInput as bad:
        return _ask_password(turn, words.mend(bad))
    return send_code(turn)


@area.button("resend")
@draft_needed
def send_code(turn: Turn) -> Screen:
    draft = turn.draft("reset")
    if "password" not in draft:
        return ask_password_again(turn)
    reset = turn.do(resets.request_reset, email=draft["email"], channel=turn.channel, keys=turn.hospital.keys)
    draft["user_id"] = reset.user_id
    if reset.code:
        account.mail_code(turn, reset.email, reset.code, "for a new password")
    return _ask_code(turn)


def _ask_code(turn: Turn, notice: str = "") -> Screen:
    turn.expect("reset.code")
    text = texts.noticed(notice, words.reset_sent(turn.draft("reset")["email"]))
    rows = ((Button(words.NEW_CODE, link("reset.resend")),), account.leave(link("reset.password")))
    return Screen(text, rows)


@area.answer("reset.code", secret=True)
@draft_needed
def take_code(turn: Turn, text: str) -> Screen:
    draft = turn.draft("reset")
    if not text:
        return _ask_code(turn, words.TYPE_CODE)
    try:
        turn.do(
            resets.reset_password,
            user_id=draft["user_id"],
            typed=text,
            password_hash=draft["password"],
            channel=turn.channel,
            keys=turn.hospital.keys,
        )
    except WrongCode:
        return _ask_code(turn, words.RESET_CODE_WRONG)
    turn.drop("reset")
    return login.ask_password(turn, draft["email"], words.PASSWORD_SET)
