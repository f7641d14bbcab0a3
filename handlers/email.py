"""Another e-mail address for one's account.

/security, /profile ─► present password ─► new address ─► code from there ─► changed
                                               ▲              │ ▲
                                               └──── Back ────┘ └─ a new code
"""

from __future__ import annotations

from dataclasses import replace

from handlers import account, login, proof, security, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import account as words
from handlers.turn import Turn
from hospital_bot import people
from hospital_bot.errors import BadInput, CodeSpent, WaitForCode, WrongCode
from hospital_bot.services import emails

area = Area("email")
draft_needed = account.needs("email", words.LOG_IN_AGAIN, Button(words.CHANGE_EMAIL, link("email.start")))


@area.button("start")
def start(turn: Turn) -> Screen:
    turn.logged_in()
    return proof.ask_password(turn, "email.password")


@area.answer("email.password", secret=True)
def take_password(turn: Turn, text: str) -> Screen:
    if not proof.by_password(turn, "email", text):
        return proof.ask_password(turn, "email.password", words.WRONG_PASSWORD)
    return _ask_address(turn)


@area.button("address")
@draft_needed
def ask_again(turn: Turn) -> Screen:
    return _ask_address(turn)


def _ask_address(turn: Turn, notice: str = "") -> Screen:
    turn.expect("email.address")
    text = texts.noticed(notice, words.new_email(turn.logged_in().email))
    return Screen(text, (account.leave(link("email.start")),))


@area.answer("email.address")
@draft_needed
def take_address(turn: Turn, text: str) -> Screen:
    try:
        typed = people.email(text)
    except BadInput as bad:
        return _ask_address(turn, words.mend(bad))
    if typed == turn.logged_in().email:
        return _ask_address(turn, words.SAME_EMAIL)
    return _send_code(turn, typed)


@area.button("resend")
@draft_needed
def send_again(turn: Turn) -> Screen:
    sent = turn.draft("email").get("sent")
    return _send_code(turn, sent) if sent else _ask_address(turn)


def _send_code(turn: Turn, address: str) -> Screen:
    user, draft = turn.logged_in(), turn.draft("email")
    if proof.has_run_out(turn, "email", login.PROOF):
        return proof.ask_password(turn, "email.password", words.PROVE_AGAIN)
    bound = {"channel": turn.channel, "keys": turn.hospital.keys}
    try:
        code = turn.do(emails.request_change, user_id=user.user_id, email=address, **bound)
    except WaitForCode as wait:
        ask = _ask_code if draft.get("sent") == address else _ask_address
        return ask(turn, texts.refused(wait))
    draft["sent"] = address
    if code:
        account.mail_code(turn, address, code, "for your new e-mail address")
    else:
        account.mail(turn, address, words.has_account_letter(turn.clinic.name))
    return _ask_code(turn)


def _ask_code(turn: Turn, notice: str = "") -> Screen:
    turn.expect("email.code")
    text = texts.noticed(notice, words.code_mailed(turn.draft("email")["sent"]))
    return Screen(text, ((Button(words.NEW_CODE, link("email.resend")),), account.leave(link("email.address"))))


@area.answer("email.code", secret=True)
@draft_needed
def take_code(turn: Turn, text: str) -> Screen:
    user, address = turn.logged_in(), turn.draft("email")["sent"]
    if not text:
        return _ask_code(turn, words.TYPE_CODE)
    bound = {"channel": turn.channel, "keys": turn.hospital.keys}
    try:
        turn.do(emails.change, user_id=user.user_id, email=address, typed=text, **bound)
    except (WrongCode, CodeSpent) as refusal:
        return _ask_code(turn, words.code_refused(refusal))
    account.mail(turn, user.email, words.email_changed_letter(turn.clinic.name, turn.clinic.phone), regret="")
    turn.user = replace(user, email=address)
    turn.drop("email")
    return security.page(turn, words.email_changed(address))
