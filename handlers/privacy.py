"""A patient's data: who saw them, a copy of all, reminders or none, and being forgotten.

/privacy ─┬─► who saw my data
          ├─► a file with everything ─► a fresh code, if the last is older than a quarter of an hour
          ├─► no reminders any more ─► reminders again
          └─► be forgotten ─► asked once ─► a fresh code ─► waits for the hospital ─► taken back
/mydata  ─► the file
"""

from __future__ import annotations

import json

from handlers import paging, proof, texts
from handlers.area import Area, link
from handlers.screen import Button, File, Screen
from handlers.texts import account as account_words
from handlers.texts import privacy as words
from handlers.turn import Turn
from hospital_bot.errors import CodeNeeded, NotFound
from hospital_bot.services import audit, erasure, privacy

area = Area("privacy")


@area.command("privacy")
@area.button("start")
def show(turn: Turn) -> Screen:
    return _page(turn)


def _page(turn: Turn, notice: str = "") -> Screen:
    user, _ = turn.patient()
    turn.expect("")
    agreed = turn.do(privacy.agreement, user_id=user.user_id)
    wish = turn.do(erasure.wish, user_id=user.user_id)
    asked = wish is not None and wish.refused_at is None
    rows = (
        (Button(words.WHO_SAW, link("privacy.looks", 0)),),
        (Button(words.MY_DATA, link("privacy.file")),),
        (Button(words.REMINDERS_AGAIN, link("privacy.agree")),)
        if agreed.withdrawn_at
        else (Button(words.NO_REMINDERS, link("privacy.withdraw")),),
        (Button(words.TAKE_BACK, link("privacy.keep")),) if asked else (Button(words.ERASE, link("privacy.erase")),),
        (Button(texts.BACK, link("menu.home")),),
    )
    return Screen(texts.noticed(notice, words.page(agreed, wish, turn.clinic)), rows)


@area.button("looks")
def who_saw(turn: Turn, page: int) -> Screen:
    user, patient_id = turn.patient()
    page = max(0, page)
    looks, more = turn.do(audit.looks, patient_id=patient_id, user_id=user.user_id, page=page)
    turning = paging.turning(page, lambda other: link("privacy.looks", other), texts.NEWER, texts.OLDER, more=more)
    return Screen(words.looks(looks, turn.clinic), (*turning, (Button(texts.BACK, link("privacy.start")),)))


@area.command("mydata")
@area.button("file")
def send_copy(turn: Turn) -> Screen:
    """It is protected, and not kept with the update: shown again, there is only the way to a new one."""
    user, _ = turn.patient()
    try:
        copy = turn.do(privacy.export, actor=user, keys=turn.hospital.keys, channel=turn.channel)
    except CodeNeeded:
        return proof.ask(turn, link("privacy.file"))
    content = {"hospital": turn.clinic.name, "made_at": turn.now.isoformat(), "tables": copy.tables}
    written = json.dumps(content, ensure_ascii=False, indent=1).encode()
    name = f"my-data-{turn.clinic.today(turn.now):%Y-%m-%d}.json"
    file = File("document", name, written, words.COPY, secret=True, instead=words.COPY_GONE)
    return Screen(rows=((Button(texts.BACK, link("privacy.start")),),), file=file, new=True)


@area.button("withdraw")
def stop_reminders(turn: Turn) -> Screen:
    user, _ = turn.patient()
    turn.do(privacy.withdraw, actor=user, channel=turn.channel)
    return _page(turn, words.WITHDRAWN)


@area.button("agree")
def remind_again(turn: Turn) -> Screen:
    user, _ = turn.patient()
    turn.do(privacy.agree, actor=user, version=account_words.CONSENT_VERSION, channel=turn.channel)
    return _page(turn, words.AGREED)


@area.button("erase")
def ask_to_erase(turn: Turn) -> Screen:
    """The one question, with what would stay."""
    user, patient_id = turn.patient()
    if not erasure.is_for(user):
        return _page(turn, words.cannot_erase(turn.clinic))
    kept = turn.do(erasure.kept, patient_id=patient_id, clinic=turn.clinic)
    rows = (
        (Button(words.REALLY_ERASE, link("privacy.yes")),),
        (Button(words.DONT_ERASE, link("privacy.start")),),
    )
    return Screen(words.really_erase(kept, turn.clinic), rows)


@area.button("yes")
def erase(turn: Turn) -> Screen:
    user, _ = turn.patient()
    try:
        turn.do(erasure.ask, actor=user, clinic=turn.clinic, channel=turn.channel)
    except CodeNeeded:
        return proof.ask(turn, link("privacy.yes"))
    return _page(turn)


@area.button("keep")
def take_back(turn: Turn) -> Screen:
    user, _ = turn.patient()
    try:
        turn.do(erasure.take_back, actor=user, channel=turn.channel)
    except NotFound:
        return _page(turn)
    return _page(turn, words.TAKEN_BACK)
