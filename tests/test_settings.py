"""What a person who starts the program is told about a wrong setting."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hospital_bot.settings import Settings, SettingsError, load

SECRETS = {
    "HOSPITAL_BOT_TOKEN": "123456:token-of-the-bot",
    "HOSPITAL_DATABASE_URL": "mysql+pymysql://bot:pass-of-the-database@127.0.0.1/hospital",
    "HOSPITAL_SECRET_KEY": "key-" * 12,
    "HOSPITAL_SMTP_URL": "smtp://bot:pass-of-the-mail@127.0.0.1:587",
    "HOSPITAL_WEBHOOK_SECRET": "secret-of-the-webhook-0123456789-abc",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HOSPITAL_{name.upper()}", raising=False)


def told(monkeypatch: pytest.MonkeyPatch, **values: str) -> str:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load(None)
    return str(error.value)


def test_nothing_need_be_set_to_load() -> None:
    settings = load(None)
    assert settings.reminders == (timedelta(hours=24), timedelta(hours=2))
    assert settings.clinic.rules.cut_off == timedelta(hours=2)


def test_what_is_set_reaches_the_clinic(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "NAME": "St. Mary",
        "TIMEZONE": "Europe/Berlin",
        "COUNTRY": "de",
        "DIGEST_TIME": "06:30",
        "REMINDERS": "2d, 90m",
        "BOOKING_NOTICE": "30m",
        "BOOKING_HORIZON_DAYS": "14",
        "BOOKING_MAX_VISITS": "3",
        "BOOKING_CUTOFF": "1d",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"HOSPITAL_{name}", value)

    settings = load(None)

    clinic, rules = settings.clinic, settings.clinic.rules
    assert (clinic.name, clinic.zone, clinic.region) == ("St. Mary", ZoneInfo("Europe/Berlin"), "DE")
    assert (rules.notice, rules.horizon_days, rules.max_visits, rules.cut_off) == (
        timedelta(minutes=30),
        14,
        3,
        timedelta(days=1),
    )
    assert (settings.digest_time, settings.reminders) == (time(6, 30), (timedelta(days=2), timedelta(minutes=90)))


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("DATABASE_URL", "postgresql://bot:pass-of-the-database@127.0.0.1/hospital", "mysql+pymysql"),
        ("DATABASE_URL", "mysql+pymysql://bot:pass-of-the-database@127.0.0.1", "mysql+pymysql"),
        ("DATABASE_URL", "mysql+pymysql://bot:x@127.0.0.1:pass-of-the-database/hospital", "mysql+pymysql"),
        ("DATABASE_URL", "sqlite://", "sqlite:///file.db"),
        ("DATABASE_URL", "sqlite:///:memory:", "sqlite:///file.db"),
        ("DATABASE_URL", "pass-of-the-database", "mysql+pymysql"),
        ("DATABASE_CONNECTIONS", "0", "greater"),
        ("NAME", "", "at least 1"),
        ("TIMEZONE", "Berlin", "IANA"),
        ("TIMEZONE", "../../etc/passwd", "IANA"),
        ("TIMEZONE", "", "IANA"),
        ("COUNTRY", "XX", "country code"),
        ("API_PORT", "65536", "less"),
        ("WEBHOOK_PORT", "web", "integer"),
        ("DIGEST_TIME", "7", "07:00"),
        ("DIGEST_TIME", "07:00Z", "07:00"),
        ("DIGEST_TIME", "24:00", "07:00"),
        ("REMINDERS", "24h,soon", "90m"),
        ("BOOKING_NOTICE", "-PT1H", "90m"),
        ("BOOKING_NOTICE", "60", "90m"),
        ("BOOKING_CUTOFF", "2 hours", "90m"),
        ("BOOKING_CUTOFF", "٢h", "90m"),
        ("BOOKING_HORIZON_DAYS", "366", "less"),
        ("BOOKING_MAX_VISITS", "many", "integer"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, word: str
) -> None:
    line = told(monkeypatch, **{f"HOSPITAL_{name}": value})
    assert line.startswith(f"HOSPITAL_{name}: ")
    assert word in line
    assert "\n" not in line
    assert "pass-of" not in line


def test_a_webhook_needs_a_secret_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    line = told(monkeypatch, HOSPITAL_WEBHOOK_URL="https://bot.example/hook", HOSPITAL_WEBHOOK_SECRET="too-short")
    assert line.startswith("HOSPITAL_WEBHOOK_SECRET: ")
    assert "too-short" not in line


def test_a_wrong_line_never_quotes_the_other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    line = told(monkeypatch, **SECRETS | {"HOSPITAL_TIMEZONE": "Berlin"})
    assert not any(secret in line for secret in SECRETS.values())


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    settings = load(None)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.clinic}"
    assert not any(word in shown for word in ("token-of", "pass-of", "key-key", "secret-of"))


@pytest.mark.parametrize(("name", "said"), [("bot_token", "@BotFather"), ("smtp_url", "smtp://"), ("api_port", "")])
def test_what_a_command_needs_is_asked_for_by_name(name: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(None).require("name", name)
    assert str(error.value).startswith(f"HOSPITAL_{name.upper()} is not set.")
    assert said in str(error.value)


@pytest.mark.parametrize(("length", "word"), [(0, "not set"), (31, "shorter than 32"), (32, None)])
def test_the_secret_key_is_never_short(monkeypatch: pytest.MonkeyPatch, length: int, word: str | None) -> None:
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "k" * length)
    settings = load(None)
    if word is None:
        settings.require_key()
        return
    with pytest.raises(SettingsError, match=f"HOSPITAL_SECRET_KEY is {word}"):
        settings.require_key()


def test_settings_come_from_a_file_and_the_environment_stands_above_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("HOSPITAL_NAME=From the file\nHOSPITAL_COUNTRY=DE\nOTHER=ignored\n")
    monkeypatch.setenv("HOSPITAL_NAME", "From the environment")
    settings: Any = load(file)
    assert (settings.name, settings.country) == ("From the environment", "DE")
