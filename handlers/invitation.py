"""A doctor or admin follows their invitation, `?start=i_<token>`.

link ─► who is invited ─► password ─► the login's code ─► logged in
"""

from __future__ import annotations

from dataclasses import replace

from handlers import account, login, menu, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import account as words
from handlers.turn import Turn
from hospital_bot.errors import BadInput, CodeSpent
from hospital_bot.services import doctors
from hospital_bot.services.doctors import Invited

area = Area("invitation")
draft_needed = account.needs("invitation", words.LOG_IN_AGAIN, Button(texts.LOG_IN, link("login.start")))


def follow(turn: Turn, token: str) -> Screen:
    """The link is as good as a password until it is used: it goes from the chat, and is kept sealed."""
    try:
        invited = turn.do(doctors.accept_invitation, token=token, keys=turn.hospital.keys)
    except CodeSpent:
        return replace(_over(turn), forget=True)
    turn.data["invitation"] = {"token": turn.hospital.keys.seal(token)}
    return replace(_ask_password(turn, invited), forget=True)


menu.deep_links["i"] = follow


def _ask_password(turn: Turn, invited: Invited, notice: str = "") -> Screen:
    turn.expect("invitation.password")
    text = words.invited(invited.name, invited.email, turn.clinic.name)
    return Screen(texts.noticed(notice, text), (account.leave(link("menu.home")),))


@area.answer("invitation.password", secret=True)
@draft_needed
def take_password(turn: Turn, text: str) -> Screen:
    keys = turn.hospital.keys
    token = keys.unseal(turn.draft("invitation")["token"]) or ""
    try:
        invited = turn.do(doctors.accept_invitation, token=token, keys=keys)
        try:
            hashed = account.new_password(turn, text, invited.name, invited.email)
        except BadInput as bad:
            return _ask_password(turn, invited, words.mend(bad))
        turn.do(doctors.use_invitation, token=token, password_hash=hashed, channel=turn.channel, keys=keys)
    except CodeSpent:
        return _over(turn)
    turn.drop("invitation")
    return login.send_code(turn, user_id=invited.user_id, email=invited.email)


def _over(turn: Turn) -> Screen:
    turn.drop("invitation")
    return menu.home(turn, notice=words.INVITATION_OVER)
