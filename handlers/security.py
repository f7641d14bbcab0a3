"""What protects an account: the authenticator app and the password.

/security ─┬─► (a fresh code) ─► picture with the key ─► code of the app ─► on
           ├─► code of the app, or lost (a fresh code, which may be mailed) ─► off
           ├─► present password ─► new password ─► changed
           ├─► another e-mail address (email.py)
           └─► log out
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import segno

from handlers import account, proof, texts
from handlers.area import Area, link
from handlers.screen import Button, File, Screen
from handlers.texts import account as words
from handlers.turn import Turn
from hospital_bot.errors import BadInput, CodeNeeded, CodeSpent, NotAllowed, WrongCode
from hospital_bot.services import resets, totp

area = Area("security")
draft_needed = account.needs("security", words.LOG_IN_AGAIN, Button(texts.SECURITY, link("security.start")))

PROOF = timedelta(minutes=5)
"""How long the present password counts while the new one is thought of."""


@area.command("security")
@area.button("start")
def show(turn: Turn) -> Screen:
    return page(turn)


def page(turn: Turn, notice: str = "") -> Screen:
    """What protects the account, and what can be changed of it."""
    user = turn.logged_in()
    turn.drop("security")
    on = turn.do(totp.is_enabled, user_id=user.user_id)
    app = Button(words.TURN_OFF, link("security.off")) if on else Button(words.TURN_ON, link("security.on"))
    rows = (
        (app,),
        (Button(words.CHANGE_PASSWORD, link("security.password")),),
        (Button(words.CHANGE_EMAIL, link("email.start")),),
        (Button(texts.BACK, link("menu.home")), Button(texts.LOG_OUT, link("login.logout"))),
    )
    return Screen(texts.noticed(notice, words.SECURITY_ON if on else words.SECURITY_OFF), rows)


@area.button("on")
def enrol(turn: Turn) -> Screen:
    """A new key: shown once, and kept sealed until the app has shown that it knows it."""
    user = turn.logged_in()
    if turn.do(totp.is_enabled, user_id=user.user_id):
        return page(turn, words.APP_ALREADY_ON)
    try:
        user.require_fresh_proof(turn.now)
    except CodeNeeded:
        return proof.ask(turn, link("security.on"))
    key, sealed = totp.new_secret(turn.hospital.keys)
    turn.data["security"] = {"sealed": sealed}
    return _picture(turn, key)


@area.button("again")
@draft_needed
def show_again(turn: Turn) -> Screen:
    key = turn.hospital.keys.unseal(turn.draft("security").get("sealed", ""))
    return replace(_picture(turn, key), forget=True) if key else page(turn)


def _picture(turn: Turn, key: str) -> Screen:
    user = turn.logged_in()
    uri = totp.provisioning_uri(key, email=user.email, issuer=turn.clinic.name)
    turn.draft("security").pop("taken", None)
    turn.expect("security.on")
    rows = (
        (Button(words.SCANNED, link("security.scanned")),),
        (Button(words.COPY_KEY, copy=key),),
        (Button(words.SHOW_AGAIN, link("security.again")), Button(texts.CANCEL, link("security.drop"))),
    )
    file = File("photo", "key.png", _qr(uri), words.setup(key), secret=True, instead=words.PICTURE_GONE)
    return Screen(rows=rows, file=file, new=True)


def _qr(uri: str) -> bytes:
    image = io.BytesIO()
    segno.make(uri, error="m").save(image, kind="png", scale=8, border=4)
    return image.getvalue()


@area.button("scanned")
@draft_needed
def take_picture_away(turn: Turn) -> Screen:
    draft = turn.draft("security")
    if "sealed" not in draft:
        return stop(turn)
    draft["taken"] = True
    return replace(_ask_app_code(turn), new=True, forget=True)


@area.button("drop")
def stop(turn: Turn) -> Screen:
    """The picture goes, and what it showed is worth nothing any more."""
    return replace(page(turn), new=True, forget=True)


def _ask_app_code(turn: Turn, notice: str = "") -> Screen:
    turn.expect("security.on")
    rows = ((Button(words.SHOW_AGAIN, link("security.again")),), account.leave(link("security.start")))
    return Screen(texts.noticed(notice, words.SCANNED_FIRST), rows)


@area.answer("security.on", secret=True)
@draft_needed
def take_first_code(turn: Turn, text: str) -> Screen:
    draft = turn.draft("security")
    facts = {"actor": turn.logged_in(), "channel": turn.channel, "keys": turn.hospital.keys}
    try:
        turn.do(totp.enable, sealed=draft["sealed"], typed=text, **facts)
    except CodeNeeded:
        return proof.ask(turn, link("security.on"))
    except WrongCode as refusal:
        return _ask_app_code(turn, texts.refused(refusal))
    except NotAllowed:
        return page(turn, words.APP_ALREADY_ON)
    return page(turn, words.APP_ON if draft.get("taken") else f"{words.APP_ON}\n{words.DELETE_PICTURE}")


@area.button("off")
def ask_last_code(turn: Turn) -> Screen:
    turn.logged_in()
    return _ask_last_code(turn)


def _ask_last_code(turn: Turn, notice: str = "") -> Screen:
    turn.expect("security.off")
    user = turn.logged_in()
    lost = ((Button(words.APP_LOST, link("security.lost")),),) if user.is_patient else ()
    text = words.APP_OFF_CODE if user.is_patient else f"{words.APP_OFF_CODE}\n{words.APP_CODE_ONLY}"
    return Screen(texts.noticed(notice, text), (*lost, account.leave(link("security.start"))))


@area.button("lost")
def give_up_app(turn: Turn) -> Screen:
    """For a patient, after a code that may be mailed."""
    try:
        turn.do(totp.give_up, actor=turn.logged_in(), channel=turn.channel)
    except CodeNeeded:
        return proof.ask(turn, link("security.lost"))
    return page(turn, words.APP_OFF)


@area.answer("security.off", secret=True)
def take_last_code(turn: Turn, text: str) -> Screen:
    facts = {"telegram_id": turn.telegram_id, "channel": turn.channel, "keys": turn.hospital.keys}
    try:
        turn.do(totp.disable, user_id=turn.logged_in().user_id, typed=text, **facts)
    except (WrongCode, CodeSpent) as refusal:
        return _ask_last_code(turn, words.app_refused(refusal))
    return page(turn, words.APP_OFF)


@area.button("password")
def ask_old_password(turn: Turn) -> Screen:
    turn.logged_in()
    return proof.ask_password(turn, "security.old")


@area.answer("security.old", secret=True)
def take_old_password(turn: Turn, text: str) -> Screen:
    if not proof.by_password(turn, "security", text):
        return proof.ask_password(turn, "security.old", words.WRONG_PASSWORD)
    return _ask_new_password(turn)


def _ask_new_password(turn: Turn, notice: str = "") -> Screen:
    turn.expect("security.new")
    return Screen(texts.noticed(notice, words.NEW_PASSWORD), (account.leave(link("security.password")),))


@area.answer("security.new", secret=True)
@draft_needed
def take_new_password(turn: Turn, text: str) -> Screen:
    user = turn.logged_in()
    if proof.has_run_out(turn, "security", PROOF):
        return proof.ask_password(turn, "security.old", words.PROVE_AGAIN)
    try:
        hashed = account.new_password(turn, text, user.name, user.email)
    except BadInput as bad:
        return _ask_new_password(turn, words.mend(bad))
    turn.do(resets.change_password, user_id=user.user_id, password_hash=hashed, channel=turn.channel)
    return page(turn, words.PASSWORD_CHANGED)
