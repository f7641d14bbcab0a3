"""What a new connection to the database asks for."""

from __future__ import annotations

import ssl

import pytest
from sqlalchemy import make_url

from hospital_bot import db
from hospital_bot.errors import Unavailable
from tests.data.databases import opened


@pytest.mark.mariadb
def test_on_this_machine_no_authorities_are_read(mariadb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: pytest.fail("they are read"))
    with opened(mariadb_url) as database:
        database.reach()


@pytest.mark.mariadb
def test_who_asks_for_encryption_gets_it_or_nothing(mariadb_url: str) -> None:
    """This server can't encrypt."""
    asked = make_url(mariadb_url).update_query_dict({"ssl_verify_cert": "true"})
    with opened(asked.render_as_string(hide_password=False)) as database, pytest.raises(Unavailable):
        database.reach()


@pytest.mark.parametrize(
    ("place", "encrypts"),
    [
        ("localhost/hospital", False),
        ("127.0.0.1/hospital", False),
        ("[::1]/hospital", False),
        ("localhost/hospital?ssl_disabled=false", True),
        ("db.hospital.example/hospital", True),
        ("db.hospital.example/hospital?ssl_disabled=false", True),
        ("db.hospital.example/hospital?ssl_disabled=true", False),
    ],
)
def test_a_server_elsewhere_is_asked_to_encrypt(place: str, encrypts: bool) -> None:
    address = db._address(make_url(f"mysql+pymysql://bot@{place}"))
    assert ("ssl_disabled" not in address.query) == encrypts
