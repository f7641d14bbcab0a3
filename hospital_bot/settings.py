"""Settings, read once from the environment or `.env`. A wrong one stops the start with one line that names it."""

from __future__ import annotations

import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from hospital_bot.clinic import Clinic, Rules


class SettingsError(Exception):
    """One line for the person who starts the program; it never quotes a secret."""


_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _period(text: Any) -> Any:
    """`90m`, `24h` or `2d`."""
    if not isinstance(text, str):
        return text
    found = re.fullmatch(r"([0-9]{1,4})([mhd])", text.strip(), re.ASCII)
    if not found:
        raise ValueError("expected a number of minutes, hours or days, for example 90m, 24h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _periods(text: Any) -> Any:
    return tuple(_period(item) for item in text.split(",") if item.strip()) if isinstance(text, str) else text


def _clock(text: Any) -> Any:
    """`07:00`, on the clinic's clock."""
    if isinstance(text, str) and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("expected a time of day, for example 07:00")
    return text


def _zone(name: Any) -> Any:
    if not isinstance(name, str):
        return name
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("not an IANA zone, for example Europe/Berlin") from None


def _region(text: Any) -> Any:
    region = str(text).upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("not a country code of two letters, for example DE")
    return region


def _database(text: Any) -> Any:
    secret = text.get_secret_value() if isinstance(text, SecretStr) else str(text)
    try:
        url = make_url(secret)
    except (ArgumentError, ValueError):  # whose text may quote the password
        url = make_url("unreadable://")
    if url.drivername not in {"sqlite", "mysql+pymysql"} or url.database in {None, "", ":memory:"}:
        raise ValueError("expected sqlite:///file.db or mysql+pymysql://user:password@host/database")
    return secret


def _words(text: Any) -> Any:
    return tuple(filter(None, (word.strip() for word in text.split(",")))) if isinstance(text, str) else text


def _rate(text: Any) -> Any:
    """`60/minute`."""
    if not isinstance(text, str) or not re.fullmatch(r"[1-9][0-9]{0,5}/(second|minute|hour|day)", text):
        raise ValueError("expected a number of requests in a time, for example 60/minute")
    return text


Rate = Annotated[str, BeforeValidator(_rate)]
Period = Annotated[timedelta, BeforeValidator(_period)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOSPITAL_", env_file=".env", extra="ignore", frozen=True)

    bot_token: SecretStr = SecretStr("")
    bot_api_url: str = "https://api.telegram.org"
    database_url: Annotated[SecretStr, BeforeValidator(_database)] = SecretStr("sqlite:///hospital.db")
    database_connections: int = Field(10, ge=1, le=200)
    secret_key: SecretStr = SecretStr("")
    name: str = Field("Hospital", min_length=1, max_length=100)
    address: str = Field("", max_length=255)
    phone: str = Field("", max_length=40)
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("UTC")
    country: Annotated[str, BeforeValidator(_region)] = "US"
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    webhook_host: str = "127.0.0.1"
    webhook_port: int = Field(8443, ge=1, le=65535)
    api_host: str = "127.0.0.1"
    api_port: int | None = Field(None, ge=1, le=65535)
    api_limit: Rate = "600/minute"
    api_change_limit: Rate = "60/minute"
    api_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = ()
    api_proxies: str = "127.0.0.1"
    api_metrics_token: SecretStr = SecretStr("")
    digest_time: Annotated[time, BeforeValidator(_clock)] = time(7)
    reminders: Annotated[tuple[timedelta, ...], NoDecode, BeforeValidator(_periods)] = (
        timedelta(hours=24),
        timedelta(hours=2),
    )
    booking_notice: Period = timedelta(hours=1)
    booking_horizon_days: int = Field(60, ge=1, le=365)
    booking_max_visits: int = Field(5, ge=1, le=100)
    booking_cutoff: Period = timedelta(hours=2)
    erasure_window: Period = timedelta(days=7)
    records_years: int = Field(10, ge=1, le=100)
    approval_expires: Period = timedelta(hours=24)

    @model_validator(mode="after")
    def _webhook_is_complete(self) -> Settings:
        if self.webhook_url and not re.fullmatch(r"[A-Za-z0-9_-]{32,256}", self.webhook_secret.get_secret_value()):
            raise ValueError("WEBHOOK_SECRET: 32 to 256 letters, digits, - and _ are needed with WEBHOOK_URL")
        return self

    @property
    def clinic(self) -> Clinic:
        rules = Rules(
            notice=self.booking_notice,
            horizon_days=self.booking_horizon_days,
            max_visits=self.booking_max_visits,
            cut_off=self.booking_cutoff,
            erasure_window=self.erasure_window,
            records_years=self.records_years,
            reminders=self.reminders,
            approval=self.approval_expires,
            digest_time=self.digest_time,
        )
        return Clinic(self.name, self.timezone, rules, self.country, self.address, self.phone)

    def require(self, *names: str) -> None:
        """Raise SettingsError for the first of these that is not set."""
        for name in names:
            value = getattr(self, name)
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                raise SettingsError(f"HOSPITAL_{name.upper()} is not set. {_HELP.get(name, '')}".strip())

    def require_key(self) -> None:
        """The secret key protects passwords, codes and authenticator secrets: never a default, never a short one."""
        self.require("secret_key")
        if len(self.secret_key.get_secret_value()) < 32:
            raise SettingsError(f"HOSPITAL_SECRET_KEY is shorter than 32 characters. {_HELP['secret_key']}")


_HELP = {
    "bot_token": "Ask @BotFather for one, or run `hospital-bot demo`, which needs none.",
    "secret_key": "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
    "smtp_url": "One-time codes go by mail: smtp://user:password@host:587",
    "mail_from": "The address that mail comes from, for example bot@hospital.example",
}


def load(env_file: Path | None = Path(".env")) -> Settings:
    """The settings of this process. Raises SettingsError with one line that names the wrong one."""
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings' own argument
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "".join(str(part) for part in first["loc"][:1]).upper()
        said = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"HOSPITAL_{where}: {said}" if where else f"HOSPITAL_{said}") from None
