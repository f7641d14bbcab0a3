"""The mails that the API's routes send: recipient, subject, text."""

from __future__ import annotations

Letter = tuple[str, str, str]

MISTYPED = "somebody else typed your address: nothing needs to be done."
BETRAYED = "somebody knows your password: set a new one at once (send /reset to our bot), and call us."


def registration(email: str, hospital: str, code: str | None) -> Letter:
    """Where there is an account already, its owner hears of it instead; whoever asked does not."""
    if code is None:
        subject = f"You have an account at {hospital}"
        text = "Somebody, perhaps you, wanted to register with this address. It has an account already: log in with it."
        return email, subject, f"{text}\n\nIf it wasn't you, nothing needs to be done.\n"
    return email, f"Your code for {hospital}", _code(code, "to finish your registration", MISTYPED)


def login(email: str, hospital: str, code: str) -> Letter:
    """Whoever asks for this code has given the right password before."""
    return email, f"Your code for {hospital}", _code(code, "to log in", BETRAYED)


def _code(code: str, purpose: str, otherwise: str) -> str:
    return (
        f"{code} is your code {purpose}.\n\n"
        "Enter it where you asked for it, within five minutes. Nobody from the hospital will ever ask you for it.\n"
        f"If you did not ask for a code, {otherwise}\n"
    )
