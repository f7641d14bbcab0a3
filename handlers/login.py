"""Logging in and out.

/login ─► e-mail ─► password ─► code, by mail or from the authenticator app ─► menu, or what was wanted before
                       │ ▲              │ ▲
               forgotten │              └─┘ a new code, or a mailed one instead of the app's
                       ▼ └── wrong: only the password is asked again
                new password
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers import account, menu, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import account as words
from handlers.turn import Turn
from hospital_bot import passwords, people
from hospital_bot.errors import BadInput, Busy, CodeSpent, NotLoggedIn, WaitForCode, WrongCode, WrongCredentials
from hospital_bot.services import accounts, logins

area = Area("login")
draft_needed = account.needs("login", words.LOG_IN_AGAIN, Button(texts.LOG_IN, link("login.start")))

PROOF = timedelta(minutes=15)
"""How long a right password counts while the code is waited for."""


@area.command("login")
@area.button("start")
def start(turn: Turn) -> Screen:
    if turn.user is not None:
        return account.already(turn, turn.user.name)
    return _ask_email(turn)


def _ask_email(turn: Turn, notice: str = "") -> Screen:
    draft = turn.draft("login")
    turn.expect("login.email")
    kept = ((Button(words.keep(draft["email"]), link("login.password")),),) if "email" in draft else ()
    return Screen(texts.noticed(notice, words.EMAIL), (*kept, account.leave(link("menu.home"))))


@area.answer("login.email")
def take_email(turn: Turn, text: str) -> Screen:
    try:
        return ask_password(turn, people.email(text))
    except BadInput as bad:
        return _ask_email(turn, words.mend(bad))


@area.button("password")
@draft_needed
def keep_email(turn: Turn) -> Screen:
    email = turn.draft("login").get("email")
    return ask_password(turn, email) if email else _ask_email(turn)


def ask_password(turn: Turn, email: str, notice: str = "") -> Screen:
    turn.data["login"] = {"email": email}
    turn.expect("login.password")
    rows = ((Button(words.FORGOT, link("reset.start")),), account.leave(link("login.start")))
    return Screen(texts.noticed(notice, words.password(email)), rows)


@area.answer("login.password", secret=True)
@draft_needed
def take_password(turn: Turn, text: str) -> Screen:
    email = turn.draft("login")["email"]
    try:
        user_id, version = check_password(turn, email, text)
    except WrongCredentials as refusal:
        return ask_password(turn, email, texts.refused(refusal))
    return send_code(turn, user_id=user_id, email=email, version=version)


def check_password(turn: Turn, email: str, typed: str) -> tuple[int, int]:
    """Whose password it is, and their token_version; an old hash is replaced on the way. Raises WrongCredentials, or
    Busy."""
    keys = turn.hospital.keys
    check = turn.first(logins.begin_password, email=email, source=turn.channel, telegram_id=turn.telegram_id, keys=keys)
    fresh = None
    try:
        correct = turn.slow(passwords.matches, text=typed, stored=check.stored, pepper=keys.pepper)
        if correct and check.user_id and passwords.needs_rehash(check.stored):
            fresh = turn.slow(passwords.hash_password, text=typed, pepper=keys.pepper)
    except Busy:
        turn.do(logins.shed_password, check=check)
        raise
    user_id = turn.do(logins.finish_password, check=check, correct=correct, channel=turn.channel)
    if fresh:
        turn.do(logins.set_password_hash, user_id=user_id, stored=check.stored, password_hash=fresh)
    return user_id, check.token_version


def send_code(turn: Turn, *, user_id: int, email: str, version: int | None = None) -> Screen:
    """The password was right, at this token_version, or has just been set: now the code."""
    turn.data["login"] = {"email": email, "user_id": user_id, "version": version, "proved": turn.now.isoformat()}
    return _challenge(turn, by_mail=False)


@area.button("resend")
@draft_needed
def send_again(turn: Turn) -> Screen:
    return _challenge(turn, by_mail=turn.draft("login").get("by_mail", False))


@area.button("mail")
@draft_needed
def mail_instead(turn: Turn) -> Screen:
    return _challenge(turn, by_mail=True)


def _challenge(turn: Turn, *, by_mail: bool) -> Screen:
    draft = turn.draft("login")
    if not _is_proved(turn):
        return _prove_again(turn)
    try:
        challenge = turn.do(
            logins.login_code,
            user_id=draft["user_id"],
            channel=turn.channel,
            keys=turn.hospital.keys,
            token_version=draft.get("version"),
            by_mail=by_mail,
        )
    except NotLoggedIn:
        return _prove_again(turn)
    except WaitForCode as wait:  # only mailed codes have to be waited for
        draft.update(method="mail", by_mail=by_mail)
        return _ask_code(turn, texts.refused(wait))
    draft.update(method=challenge.method, by_mail=by_mail, may_mail=challenge.may_mail, version=challenge.token_version)
    if challenge.code:
        account.mail_code(turn, challenge.email, challenge.code, "to log in", after_password=True)
    return _ask_code(turn)


def _is_proved(turn: Turn) -> bool:
    proved = turn.draft("login").get("proved")
    return proved is not None and turn.now < turn.now.fromisoformat(proved) + PROOF


def _prove_again(turn: Turn) -> Screen:
    email = turn.draft("login").get("email")
    return ask_password(turn, email, words.PROVE_AGAIN) if email else _ask_email(turn)


def _ask_code(turn: Turn, notice: str = "") -> Screen:
    draft = turn.draft("login")
    turn.expect("login.code")
    text, button = _code_question(draft)
    rows = ((button,),) if button else ()
    return Screen(texts.noticed(notice, text), (*rows, account.leave(link("login.password"))))


def _code_question(draft: dict[str, Any]) -> tuple[str, Button | None]:
    if draft["method"] == "mail":
        return words.code_mailed(draft["email"]), Button(words.NEW_CODE, link("login.resend"))
    if draft["may_mail"]:
        return words.APP_CODE, Button(words.MAIL_INSTEAD, link("login.mail"))
    return f"{words.APP_CODE}\n{words.APP_CODE_ONLY}", None


@area.answer("login.code", secret=True)
@draft_needed
def take_code(turn: Turn, text: str) -> Screen:
    draft = turn.draft("login")
    if not _is_proved(turn):
        return _prove_again(turn)
    if not text:
        return _ask_code(turn, words.TYPE_CODE)
    try:
        done = turn.do(
            logins.login,
            user_id=draft["user_id"],
            typed=text,
            telegram_id=turn.telegram_id,
            channel=turn.channel,
            keys=turn.hospital.keys,
            token_version=draft.get("version"),
            by_mail=draft["by_mail"],
        )
    except NotLoggedIn:
        return _prove_again(turn)
    except (WrongCode, CodeSpent) as refusal:
        refused = words.code_refused if draft["method"] == "mail" else words.app_refused
        return _ask_code(turn, refused(refusal))
    return account.arrive(turn, done.actor, words.logged_in(done.actor.name, moved=bool(done.replaced_telegram_id)))


@area.command("logout")
@area.button("logout")
def logout(turn: Turn) -> Screen:
    if turn.user is None:
        return menu.home(turn, notice=words.NOT_LOGGED_IN)
    notice = words.LOGGED_OUT[turn.user.role]
    turn.do(accounts.logout, user_id=turn.user.user_id, channel=turn.channel)
    for draft in menu.DRAFTS:
        turn.drop(draft)
    turn.user = None
    return replace(menu.home(turn, notice=notice), commands="stranger")
