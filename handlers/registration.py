"""A patient registers.

    /register ─► name ─► e-mail ─► phone ─► address ─► password ─► summary ─► mailed code ─► logged in
                  ▲ │                                                 │  ▲         │
                  └─┴── Back asks again, with the answer to keep ◄────┘  └─ change ┘

The draft holds the answers, of the password only its hash. It outlives interruptions: /register goes on with it.
"""

from __future__ import annotations

from typing import Any

from handlers import account, menu, texts
from handlers.area import Area, UnknownButton, link
from handlers.screen import Button, Reply, Screen
from handlers.texts import account as words
from handlers.turn import Turn
from hospital_bot import people
from hospital_bot.errors import BadInput, CodeSpent, WaitForCode, WrongCode
from hospital_bot.services import registration

area = Area("register")
draft_needed = account.needs("register", words.REGISTER_AGAIN, Button(texts.REGISTER, link("register.start")))

FIELDS = ("name", "email", "phone", "address", "password")
Draft = dict[str, Any]


@area.command("register")
@area.button("start")
def start(turn: Turn) -> Screen:
    """Begin, or go on where it was left."""
    if turn.user is not None:
        return account.already(turn, turn.user.name)
    draft = turn.draft("register")
    if not draft:
        return _ask(turn, "name")
    if draft.get("code_asked"):
        return _ask_code(turn, words.LETS_GO_ON)
    return _go_on(turn, words.LETS_GO_ON)


@area.button("again")
def start_over(turn: Turn) -> Screen:
    turn.drop("register")
    return start(turn)


def _go_on(turn: Turn, notice: str = "") -> Screen:
    """The first question without an answer, or the summary."""
    draft = turn.draft("register")
    missing = next((field for field in FIELDS if field not in draft), None)
    return _ask(turn, missing, notice) if missing else _summary(turn, notice)


@area.button("next")
@draft_needed
def go_on(turn: Turn) -> Screen:
    """The answer given before is kept."""
    return _go_on(turn)


@area.button("ask")
@draft_needed
def ask_again(turn: Turn, field: str) -> Screen:
    if field not in FIELDS:
        raise UnknownButton
    return _ask(turn, field)


@area.button("back")
@draft_needed
def ask_former(turn: Turn, field: str) -> Screen:
    """Back from this field's question: to the summary if all is answered, else to the question before."""
    if field not in FIELDS:
        raise UnknownButton
    if all(name in turn.draft("register") for name in FIELDS):
        return _summary(turn)
    place = FIELDS.index(field)
    return _ask(turn, FIELDS[place - 1]) if place else menu.leave(turn)


def _ask(turn: Turn, field: str, notice: str = "") -> Screen:
    """The question, with the former answer to keep. Telegram's own keyboard asks for the phone."""
    draft = turn.draft("register")
    draft.pop("code_asked", None)
    turn.expect(f"register.{field}")
    text = texts.noticed(notice, words.QUESTIONS[field])
    over = notice == words.LETS_GO_ON
    if field == "phone":
        kept = (words.keep(draft["phone"]),) if "phone" in draft else ()
        labels = (*kept, *((words.START_OVER,) if over else ()), texts.BACK, texts.CANCEL)
        return Screen(text, reply=Reply(words.SHARE_PHONE, labels))
    rows: list[account.Row] = []
    if field in draft:
        label = words.KEEP_PASSWORD if field == "password" else words.keep(draft[field])
        rows.append((Button(label, link("register.next")),))
    return Screen(text, (*rows, *_over(over), account.leave(link("register.back", field))))


def _over(offered: bool) -> tuple[account.Row, ...]:  # noqa: FBT001 - one question, one answer
    return ((Button(words.START_OVER, link("register.again")),),) if offered else ()


def _take(turn: Turn, field: str, answer: str) -> Screen:
    turn.draft("register")[field] = answer
    return _go_on(turn)


@area.answer("register.name")
@draft_needed
def take_name(turn: Turn, text: str) -> Screen:
    try:
        return _take(turn, "name", people.name(text))
    except BadInput as bad:
        return _ask(turn, "name", words.mend(bad))


@area.answer("register.email")
@draft_needed
def take_email(turn: Turn, text: str) -> Screen:
    try:
        return _take(turn, "email", people.email(text))
    except BadInput as bad:
        return _ask(turn, "email", words.mend(bad))


@area.answer("register.phone", keyboard=True)
@draft_needed
def take_phone(turn: Turn, text: str) -> Screen:
    """Typed, shared, or one of the keyboard's other labels."""
    if text == texts.CANCEL:
        return menu.cancel(turn)
    if text == texts.BACK:
        return ask_former(turn, "phone")
    if text == words.START_OVER:
        return start_over(turn)
    if text == words.keep(turn.draft("register").get("phone", "")):
        return _go_on(turn)
    try:
        return _take(turn, "phone", account.phone(turn, text))
    except BadInput as bad:
        return _ask(turn, "phone", words.mend(bad))


@area.answer("register.address")
@draft_needed
def take_address(turn: Turn, text: str) -> Screen:
    try:
        return _take(turn, "address", people.address(text))
    except BadInput as bad:
        return _ask(turn, "address", words.mend(bad))


@area.answer("register.password", secret=True)
@draft_needed
def take_password(turn: Turn, text: str) -> Screen:
    draft = turn.draft("register")
    own = (draft.get(field, "") for field in ("name", "email", "phone"))
    try:
        return _take(turn, "password", account.new_password(turn, text, *own))
    except BadInput as bad:
        return _ask(turn, "password", words.mend(bad))


def _summary(turn: Turn, notice: str = "") -> Screen:
    draft = turn.draft("register")
    draft.pop("code_asked", None)
    turn.expect("")
    change = [Button(label, link("register.ask", field)) for field, label in words.CHANGE.items()]
    rows = (
        (Button(words.CONFIRM, link("register.confirm")),),
        tuple(change[:2]),
        tuple(change[2:]),
        *_over(notice == words.LETS_GO_ON),
        account.leave(link("register.ask", "password")),
    )
    return Screen(texts.noticed(notice, words.summary(draft)), rows)


@area.button("confirm")
@draft_needed
def confirm(turn: Turn) -> Screen:
    """All is right: mail a code. Pressed again, it mails a new one."""
    draft = turn.draft("register")
    if any(field not in draft for field in FIELDS):
        return _go_on(turn)
    try:
        pending = turn.do(registration.register, email=draft["email"], channel=turn.channel, keys=turn.hospital.keys)
    except WaitForCode as wait:
        sent = draft.get("pending", {}).get("email") == draft["email"]
        return _ask_code(turn, texts.refused(wait)) if sent else _summary(turn, texts.refused(wait))
    draft["pending"] = {"user_id": pending.user_id, "email": pending.email}
    if pending.code:
        account.mail_code(turn, pending.email, pending.code, "to register")
    else:
        account.mail(turn, pending.email, words.has_account_letter(turn.clinic.name))
    return _ask_code(turn)


def _ask_code(turn: Turn, notice: str = "") -> Screen:
    draft = turn.draft("register")
    draft["code_asked"] = True
    turn.expect("register.code")
    rows = (
        (Button(words.NEW_CODE, link("register.confirm")),),
        *_over(notice == words.LETS_GO_ON),
        account.leave(link("register.next")),
    )
    return Screen(texts.noticed(notice, words.code_mailed(draft["email"])), rows)


@area.answer("register.code", secret=True)
@draft_needed
def take_code(turn: Turn, text: str) -> Screen:
    draft = turn.draft("register")
    if not text:
        return _ask_code(turn, words.TYPE_CODE)
    try:
        actor = turn.do(
            registration.confirm_registration,
            **draft["pending"],
            typed=text,
            name=draft["name"],
            phone=draft["phone"],
            address=draft["address"],
            password_hash=draft["password"],
            consent=words.CONSENT_VERSION,
            telegram_id=turn.telegram_id,
            channel=turn.channel,
            keys=turn.hospital.keys,
        )
    except (WrongCode, CodeSpent) as refusal:
        return _ask_code(turn, words.code_refused(refusal))
    return account.arrive(turn, actor, words.registered(actor.name))
