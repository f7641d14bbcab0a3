"""The words of registration, login, forgotten passwords, security and invitations; and of their mails."""

# ruff: noqa: S105 - these are words about passwords

from __future__ import annotations

from typing import Any

from handlers import texts
from handlers.texts import esc
from hospital_bot.errors import BadInput, CodeSpent, Refusal, WrongCode

Mail = tuple[str, str]
"""Subject and body, plain text."""

SHORT = 40
"""Characters of an answer that fit on a button."""

CONFIRM = "✅ Confirm"
START_OVER = "Start over"
SHARE_PHONE = "📱 Share my number"
KEEP_PASSWORD = "Keep the password I chose"
NEW_CODE = "Send a new code"
MAIL_INSTEAD = "Mail me a code instead"
FORGOT = "I forgot my password"
TURN_ON = "Use an authenticator app"
TURN_OFF = "Stop using the app"
CHANGE_PASSWORD = "Change my password"
CHANGE_EMAIL = "Change my e-mail address"
APP_LOST = "I have lost the app"
SHOW_AGAIN = "Show the picture again"
SCANNED = "✅ I have added it"
COPY_KEY = "Copy the key"

CHANGE = {"name": "Change name", "email": "Change e-mail", "phone": "Change phone", "address": "Change address"}

QUESTIONS = {
    "name": "<b>Register</b> (1 of 5)\nWhat is your full name?",
    "email": "(2 of 5) What is your e-mail address?\nYou will get a code there, now and whenever you log in.",
    "phone": "(3 of 5) What is your phone number?\nTap “Share my number”, or type it, such as +49 30 901820.",
    "address": "(4 of 5) What is your address?\nStreet, number and town, in one line.",
    "password": (
        "(5 of 5) Choose a password of 8 characters or more. A few words that only you would put together are best.\n"
        "I'll delete your message from the chat at once."
    ),
}

LETS_GO_ON = "Let's go on where we stopped."
REGISTER_AGAIN = (
    "What you had told me is not kept any more: after a day without an answer I forget it. "
    "Please register again, it takes two minutes."
)
LOG_IN_AGAIN = "That took a while, so I have forgotten where we were. Please begin again."
CONSENT = (
    "With “Confirm” you agree that we keep these details, to arrange your visits and to reach you about them, "
    "and for nothing else."
)
CONSENT_VERSION = "2026-11"
"""A new one with every new wording: it is kept with each person who agreed."""
TYPE_CODE = "Please type the six digits of the code."
FEW_TRIES = "After a few wrong tries a code stops working."
APP_LOCKED = "Too many wrong codes. Please wait a minute before the next try."

EMAIL = "<b>Log in</b>\nWhat is your e-mail address?"
PROVE_AGAIN = "To be on the safe side, please type your password again."
LOGGED_OUT = {
    "patient": "You are logged out here. Reminders of your visits still come to this chat.",
    "doctor": "You are logged out here. Your day's list and the news of your visits still come to this chat.",
    "admin": "You are logged out here. The day's calls still come to this chat.",
}
NOT_LOGGED_IN = "You are not logged in."
APP_CODE = "Open your authenticator app and type the six digits that it shows for us."
APP_CODE_ONLY = "If you have lost the app, please call us."

RESET_EMAIL = "<b>New password</b>\nWhat is your e-mail address?"
RESET_PASSWORD = (
    "Choose a new password of 8 characters or more. I'll delete your message from the chat at once.\n"
    "After that I'll send you a code by mail."
)
RESET_CODE_WRONG = "That did not work. Please look again at the newest mail, or ask for a new code."
PASSWORD_SET = "Your new password is set. Now log in with it."

SECURITY_OFF = (
    "<b>Security</b>\nYou log in with your password and a code by mail. "
    "With an authenticator app on your phone you need no mail."
)
SECURITY_ON = "<b>Security</b>\nYou log in with your password and a code of your authenticator app."
PICTURE_GONE = "The picture was shown only once. Tap “Show the picture again”."
SCANNED_FIRST = "Now type the six digits that the app shows."
APP_ON = "✅ Done. From now on your app's code logs you in."
DELETE_PICTURE = "Please delete the picture with the key from this chat."
APP_OFF = "Done. From now on we mail you a code when you log in."
APP_OFF_CODE = "To stop using the app, type the six digits that it shows now."
APP_ALREADY_ON = "An authenticator app is in use already."
OLD_PASSWORD = "First type your present password. I'll delete your message from the chat at once."
NEW_PASSWORD = "Now type the new password: 8 characters or more."
WRONG_PASSWORD = "That is not your password. Please type it again. After several wrong tries you have to wait a little."
PASSWORD_CHANGED = "✅ Your password is changed."
SAME_EMAIL = "That is the address we have already. Which one shall we use from now on?"

INVITATION_OVER = (
    "This invitation can't be used: it was used already, or it is too old. Please ask the hospital for a new one.\n"
    "If you have set your password already, log in: /login"
)

PASSWORD_PROBLEMS = {
    "too_short": "That is too short: please use 8 characters or more.",
    "too_long": "That is too long: please use at most 128 characters.",
    "common": "Many people use that one, so a thief tries it first. Please choose another.",
    "personal": "That is made of your own details or our name, so it is easy to guess. Please choose another.",
}
PROBLEMS = {
    ("name", "too_long"): "That is too long for a name: at most 100 letters, please.",
    ("name", "no_letter"): "I see no letter in it. Please type your name as it is written on your insurance card.",
    ("email", "too_long"): "That is too long for an e-mail address. Please look at it again.",
    ("email", "not_an_address"): "That does not look like an e-mail address. It should look like ann@example.org.",
    ("phone", "not_a_number"): "That does not look like a phone number. Please type it like +49 30 901820.",
    ("phone", "somebody_elses"): "That is somebody else's contact. Please share your own number, or type it.",
    ("phone", "no_such_number"): (
        "There is no such phone number. Please look at it again, and begin with the country code, such as +49."
    ),
    ("birth_date", "not_a_date"): "I can't read that date. Please type day, month and year, such as 23 May 1984.",
    ("birth_date", "ambiguous"): "That could be two different days. Please write the month as a word: 23 May 1984.",
    ("birth_date", "not_possible"): "Nobody was born on that day who could visit us. Please look at it again.",
    ("address", "too_short"): "That is too short. Please type street, number and town.",
    ("address", "too_long"): "That is too long: at most 255 characters, please.",
} | {("password", problem): text for problem, text in PASSWORD_PROBLEMS.items()}
PLEASE_TYPE = "Please type it as plain text, on one line."


def mend(bad: BadInput) -> str:
    """What is wrong with an answer, and how to put it right."""
    return PROBLEMS.get((bad.field, bad.problem), PLEASE_TYPE)


def keep(value: str) -> str:
    return "Keep: " + (value if len(value) <= SHORT else value[: SHORT - 1] + "…")


def summary(draft: dict[str, Any]) -> str:
    lines = (("Name", "name"), ("E-mail", "email"), ("Phone", "phone"), ("Address", "address"))
    shown = "\n".join(f"{label}: <b>{esc(draft[field])}</b>" for label, field in lines)
    return f"Is this right?\n\n{shown}\n\n{CONSENT}"


def code_mailed(email: str) -> str:
    return (
        f"I have sent a mail to {esc(email)}.\nPlease type the six digits that it holds, within 5 minutes. "
        "If it does not come, look in the spam folder."
    )


def code_refused(refusal: Refusal) -> str:
    text = texts.refused(refusal)
    return f"{text} {FEW_TRIES}" if isinstance(refusal, WrongCode) else text


def app_refused(refusal: Refusal) -> str:
    """The same for an authenticator app, which has a new code every half minute."""
    return APP_LOCKED if isinstance(refusal, CodeSpent) else code_refused(refusal)


def registered(name: str) -> str:
    return f"Welcome, {esc(name)}! You are registered and logged in."


def logged_in(name: str, *, moved: bool) -> str:
    elsewhere = "\nYou were logged in with another Telegram account; there you are logged out now." if moved else ""
    return f"Hello {esc(name)}, you are logged in.{elsewhere}"


def already(name: str) -> str:
    return f"You are logged in already, as {esc(name)}."


def password(email: str) -> str:
    return f"Please type the password for {esc(email)}.\nI'll delete your message from the chat at once."


def new_email(email: str) -> str:
    return f"We write to {esc(email)}. What is your new e-mail address?\nYou will get a code there."


def email_changed(email: str) -> str:
    return f"✅ From now on we write to {esc(email)}, and you log in with it."


def reset_sent(email: str) -> str:
    return (
        f"If there is an account for {esc(email)}, a code is on its way there. "
        "Please type its six digits, within 5 minutes. If no mail comes, look in the spam folder."
    )


def invited(name: str, email: str, clinic: str) -> str:
    return (
        f"Hello {esc(name)}, welcome to <b>{esc(clinic)}</b>.\nYou will log in with {esc(email)}.\n\n"
        "Choose a password of 8 characters or more. I'll delete your message from the chat at once."
    )


def setup(key: str) -> str:
    """The caption of the picture with the key."""
    spaced = " ".join(key[start : start + 4] for start in range(0, len(key), 4))
    return (
        "Scan this picture with your authenticator app. Is the app on this phone? "
        f"Then copy the key into it:\n<code>{spaced}</code>\n\n"
        "When the app shows six digits, tap the button below: I'll take the picture away again. Show it to nobody."
    )


def code_letter(clinic: str, code: str, purpose: str, *, after_password: bool) -> Mail:
    """`after_password`: whoever asked for this code has given the right password before."""
    warning = (
        f"Then somebody knows your password: change it now. Send /login to our bot and tap “{FORGOT}”."
        if after_password
        else "Then somebody typed your e-mail address: you need not do anything."
    )
    body = (
        f"Your code {purpose} is {code}\n\n"
        "Type it in the chat within 5 minutes. It works once. Nobody from the hospital will ever ask you for it.\n\n"
        f"Did you not ask for it? {warning}\n"
    )
    return f"Your code for {clinic}", body


def email_changed_letter(clinic: str, phone: str) -> Mail:
    """To the address that is no longer the account's."""
    call = f": {phone}" if phone else ""
    body = (
        f"Your account at {clinic} has another e-mail address from now on. We won't write to this one any more.\n\n"
        f"If it wasn't you who changed it, please call us at once{call}.\n"
    )
    return f"Your account at {clinic}", body


def has_account_letter(clinic: str) -> Mail:
    body = (
        f"Somebody, perhaps you, wanted to use this e-mail address at {clinic}. "
        "You already have an account here.\n\n"
        "To log in, send /login to our bot. If you don't know your password any more, "
        f"tap “{FORGOT}” there.\n\nIf it wasn't you, you need not do anything.\n"
    )
    return f"Your account at {clinic}", body
