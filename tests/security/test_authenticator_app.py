from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import select

from hospital_bot.errors import CodeSpent, NotAllowed, WrongCode
from hospital_bot.keys import Keys
from hospital_bot.models import User
from hospital_bot.services import totp
from tests.accounts.conftest import KEYS, Person, ann, hospital

__all__ = ["ann", "hospital"]


class App:
    """An authenticator app on somebody's telephone."""

    def __init__(self, owner: Person) -> None:
        self.owner = owner
        self.secret, self.sealed = totp.new_secret(KEYS)

    def shows(self, *, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.owner.hospital.now, counter_offset=steps)

    def enrols(self, typed: str | None = None) -> None:
        owner = self.owner
        facts = {"actor": owner.actor, "sealed": self.sealed, "typed": typed or self.shows(), **owner.bound()}
        owner.hospital.do(totp.enable, **facts)

    def leaves(self, typed: str) -> None:
        facts = {"user_id": self.owner.user_id, "telegram_id": self.owner.telegram_id, **self.owner.bound()}
        self.owner.hospital.do(totp.disable, typed=typed, **facts)


@pytest.fixture
def app(ann: Person) -> App:
    """Ann's, enrolled a minute ago."""
    app = App(ann)
    app.enrols()
    ann.hospital.wait(minutes=1)
    return app


def test_a_login_asks_for_the_app_once_it_is_enrolled(ann: Person, app: App) -> None:
    challenge = ann.asks_for_code()

    assert (challenge.method, challenge.code) == ("app", None)
    assert ann.gives_code(app.shows()).actor.user_id == ann.user_id


def test_a_code_of_the_app_works_once(ann: Person, app: App) -> None:
    ann.gives_code(app.shows())

    with pytest.raises(WrongCode):
        ann.gives_code(app.shows())


def test_an_older_step_after_a_newer_one_is_refused(ann: Person, app: App) -> None:
    ann.gives_code(app.shows(steps=1))

    with pytest.raises(WrongCode):
        ann.gives_code(app.shows())


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_telephones_clock_may_be_half_a_minute_off(ann: Person, app: App, steps: int, works: bool) -> None:
    if works:
        assert ann.gives_code(app.shows(steps=steps))
    else:
        with pytest.raises(WrongCode):
            ann.gives_code(app.shows(steps=steps))


def test_the_code_that_enrolled_the_app_does_not_log_in(ann: Person) -> None:
    app = App(ann)
    app.enrols()

    with pytest.raises(WrongCode):
        ann.gives_code(app.shows())


def test_full_width_digits_are_refused(ann: Person, app: App) -> None:
    with pytest.raises(WrongCode):
        ann.gives_code(app.shows().translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}))


def test_a_wrong_code_does_not_enrol(ann: Person) -> None:
    app = App(ann)

    with pytest.raises(WrongCode):
        app.enrols(app.shows(steps=5))

    assert not ann.hospital.do(totp.is_enabled, user_id=ann.user_id)


def test_a_second_app_cannot_push_out_the_first(ann: Person, app: App) -> None:
    with pytest.raises(NotAllowed):
        App(ann).enrols()

    assert ann.gives_code(app.shows())


def test_the_app_is_taken_away_with_a_right_code_only(ann: Person, app: App) -> None:
    with pytest.raises(WrongCode):
        app.leaves(app.shows(steps=9))
    assert ann.hospital.do(totp.is_enabled, user_id=ann.user_id)

    app.leaves(app.shows())

    assert ann.asks_for_code().method == "mail"


def test_guessing_the_apps_code_locks(ann: Person, app: App) -> None:
    for _ in range(5):
        with pytest.raises(WrongCode):
            app.leaves(app.shows(steps=9))

    with pytest.raises(CodeSpent):
        app.leaves(app.shows())
    with pytest.raises(CodeSpent):
        ann.gives_code(app.shows())


def test_the_secret_is_stored_sealed(ann: Person, app: App) -> None:
    [(stored,)] = ann.hospital.read(select(User.totp_secret))

    assert app.secret not in stored
    assert KEYS.unseal(stored) == app.secret
    assert len(app.secret) * 5 == 160


def test_after_a_change_of_the_secret_key_no_code_is_right(ann: Person, app: App) -> None:
    ann.bound = lambda: {"channel": ann.channel, "keys": Keys.derive("another secret")}  # type: ignore[method-assign]

    with pytest.raises(WrongCode):
        ann.gives_code(app.shows())


def test_the_picture_names_the_hospital_and_the_person() -> None:
    uri = totp.provisioning_uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", email="ann@people.example", issuer="St. Mary's")

    assert uri.startswith("otpauth://totp/St.%20Mary%27s:ann%40people.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
