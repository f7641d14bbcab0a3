"""Who holds the phone need not be its owner: a fresh one-time code, or the present password, before what needs one.

(what needs a code) ─► code, by mail or from the authenticator app ─► what needed it
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers import account, login, texts
from handlers.area import Area, link, press
from handlers.screen import Button, Screen
from handlers.texts import account as account_words
from handlers.texts import privacy as words
from handlers.turn import Turn
from hospital_bot.errors import CodeSpent, WaitForCode, WrongCode, WrongCredentials
from hospital_bot.services import logins

area = Area("proof")
draft_needed = account.needs("proof", account_words.LOG_IN_AGAIN, Button(texts.BACK, link("menu.home")))


def ask(turn: Turn, following: str) -> Screen:
    """Send a code; once it is typed, do what the button with this data does."""
    turn.data["proof"] = {"next": following}
    return _challenge(turn, by_mail=False)


@area.button("again")
@draft_needed
def send_again(turn: Turn) -> Screen:
    return _challenge(turn, by_mail=turn.draft("proof").get("by_mail", False))


@area.button("mail")
@draft_needed
def mail_instead(turn: Turn) -> Screen:
    return _challenge(turn, by_mail=True)


def _challenge(turn: Turn, *, by_mail: bool) -> Screen:
    user, draft = turn.logged_in(), turn.draft("proof")
    draft["by_mail"] = by_mail
    facts = {"channel": turn.channel, "keys": turn.hospital.keys, "by_mail": by_mail}
    try:
        challenge = turn.do(logins.login_code, user_id=user.user_id, purpose="stepup", **facts)
    except WaitForCode as wait:  # only mailed codes have to be waited for
        draft["method"] = "mail"
        return _ask_code(turn, texts.refused(wait))
    draft.update(method=challenge.method, may_mail=challenge.may_mail)
    if challenge.code:
        account.mail_code(turn, challenge.email, challenge.code, "for your account", after_password=True)
    return _ask_code(turn)


def _ask_code(turn: Turn, notice: str = "") -> Screen:
    draft = turn.draft("proof")
    turn.expect("proof.code")
    text, rows = _question(turn, draft)
    leave = (Button(texts.CANCEL, link("menu.cancel")),)
    return Screen(texts.noticed(notice, f"{words.PROVE}\n{text}"), (*rows, leave))


def _question(turn: Turn, draft: dict[str, Any]) -> tuple[str, tuple[account.Row, ...]]:
    if draft["method"] == "mail":
        again = Button(account_words.NEW_CODE, link("proof.again"))
        return account_words.code_mailed(turn.logged_in().email), ((again,),)
    if draft["may_mail"]:
        return account_words.APP_CODE, ((Button(account_words.MAIL_INSTEAD, link("proof.mail")),),)
    return f"{account_words.APP_CODE}\n{account_words.APP_CODE_ONLY}", ()


@area.answer("proof.code", secret=True)
@draft_needed
def take_code(turn: Turn, text: str) -> Screen:
    user, draft = turn.logged_in(), turn.draft("proof")
    try:
        turn.do(
            logins.prove_again,
            user_id=user.user_id,
            typed=text,
            telegram_id=turn.telegram_id,
            channel=turn.channel,
            keys=turn.hospital.keys,
            by_mail=draft["by_mail"],
        )
    except (WrongCode, CodeSpent) as refusal:
        refused = account_words.code_refused if draft["method"] == "mail" else account_words.app_refused
        return _ask_code(turn, refused(refusal))
    turn.user = replace(user, proved_at=turn.now)
    turn.drop("proof")
    return replace(press(turn, draft["next"]), new=True)


def ask_password(turn: Turn, state: str, notice: str = "") -> Screen:
    """The present one. What is typed goes to the step that answers `state`, which asks `by_password`."""
    turn.expect(state)
    return Screen(texts.noticed(notice, account_words.OLD_PASSWORD), (account.leave(link("security.start")),))


def by_password(turn: Turn, draft: str, typed: str) -> bool:
    """Whether that is the password. If so a draft is begun that knows when it was typed."""
    try:
        login.check_password(turn, turn.logged_in().email, typed)
    except WrongCredentials:
        return False
    turn.data[draft] = {"proved": turn.now.isoformat()}
    return True


def has_run_out(turn: Turn, draft: str, after: timedelta) -> bool:
    """Whether the password was typed too long ago."""
    return turn.now >= turn.now.fromisoformat(turn.draft(draft)["proved"]) + after
