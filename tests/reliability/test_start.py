"""What is wrong with the settings is said at the start, in one line that tells no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from hospital_bot.simulator.webhook import SECRET_HEADER
from tests.reliability.world import PATH, PRODUCT, SECRET, World, world
from tests.servers import NO_TLS

pytestmark = pytest.mark.mariadb

CANARY = "canary-that-must-not-sing"
UNREACHABLE = f"mysql+pymysql://root:{CANARY}@127.0.0.1:1/hospital"

MISTAKES = {
    "HOSPITAL_BOT_TOKEN is not set": {"BOT_TOKEN": ""},
    "HOSPITAL_BOT_TOKEN: Telegram does not know this token": {"BOT_TOKEN": f"123456:{CANARY}-of-a-bot"},
    "HOSPITAL_SECRET_KEY is not set": {"SECRET_KEY": ""},
    "HOSPITAL_SECRET_KEY is shorter": {"SECRET_KEY": CANARY},
    "HOSPITAL_SMTP_URL is not set": {"SMTP_URL": ""},
    "HOSPITAL_TIMEZONE": {"TIMEZONE": "Mars/Olympus"},
    "HOSPITAL_WEBHOOK_SECRET": {"WEBHOOK_URL": "https://bot.example/", "WEBHOOK_SECRET": CANARY},
    "HOSPITAL_DATABASE_URL": {"DATABASE_URL": f"postgresql://root:{CANARY}@127.0.0.1/hospital"},
    "HOSPITAL_DATABASE_URL:": {"DATABASE_URL": UNREACHABLE},
}


async def refusal(world: World, wrong: dict[str, str]) -> tuple[int, str]:
    """How the product ends that is started with these settings, and what it says."""
    settings: dict[str, Any] = {f"HOSPITAL_{name}": value for name, value in wrong.items()}
    bot = world.bot(webhook=False, command=PRODUCT, **settings)
    bot.start()
    return await bot.ended(), bot.told()


@pytest.mark.parametrize(("said", "wrong"), MISTAKES.items())
async def test_a_mistake_in_the_settings_ends_the_start(around: World, said: str, wrong: dict[str, str]) -> None:
    code, told = await refusal(around, wrong)

    assert (code, told.count("\n")) == (2, 1)
    assert said.rstrip(":") in told
    assert CANARY not in told


async def test_tables_of_another_version_end_the_start(mariadb_url: str, tmp_path: Path) -> None:
    async with world(mariadb_url, tmp_path) as around:
        code, told = await refusal(around, {})

    assert (code, told.count("\n")) == (2, 1)
    assert "hospital-bot db upgrade" in told


@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: SECRET[:-1]}, {SECRET_HEADER: "wrong"}])
async def test_the_webhook_takes_nothing_from_strangers(around: World, headers: dict[str, str]) -> None:
    [bot] = await around.served(1, webhook=True)
    ann = around.person()
    update = {
        "update_id": 7,
        "message": {
            "message_id": 1,
            "date": 0,
            "chat": around.telegram.chat_json(around.telegram.chat(ann.user.id)),
            "from": ann.user.json(),
            "text": "/probe",
        },
    }
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as client:
        answer = await client.post(bot.url + PATH, json=update, headers=headers)

    assert answer.status_code == 403
    assert around.rows("SELECT * FROM telegram_updates") == []
    assert around.heard(ann) == ""
