"""What is wrong with the settings is said at the start, in one line that tells no secret; what is wrong with Telegram
is waited for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.webhook import SECRET_HEADER
from tests.reliability.proxy import linked
from tests.reliability.world import PATH, PRODUCT, SECRET, World, until, world
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


async def test_while_telegram_is_away_the_start_waits_and_then_goes_on(around: World) -> None:
    ann = around.person()
    ann.says("/start")
    async with linked(int(around.address.rpartition(":")[2])) as telegram:
        await telegram.breaks("refuses")
        bot = around.bot(webhook=False, command=PRODUCT, HOSPITAL_BOT_API_URL=f"http://127.0.0.1:{telegram.port}")
        bot.start()
        await until(lambda: "telegram.failed" in bot.told(), bot.told)
        await telegram.heals()

        await around.hears(ann, "Here you can book")
        bot.kill()


async def test_while_it_waits_for_telegram_it_stops_at_once(around: World) -> None:
    bot = around.bot(webhook=False, command=PRODUCT, HOSPITAL_BOT_API_URL="http://127.0.0.1:1")
    bot.start()
    await until(lambda: "telegram.failed" in bot.told(), bot.told)
    bot.ask_to_stop()

    assert await asyncio.wait_for(bot.ended(), 5) == 0
    assert "Traceback" not in bot.told()


async def test_the_menu_keeps_nobody_waiting_and_comes_later(around: World) -> None:
    around.telegram.limits.force(Fault(method="setMyCommands", status=502, times=2))
    around.telegram.limits.force(Fault(method="setMyDescription", retry_after=1))
    await around.served(1, webhook=False, command=PRODUCT)
    ann = around.person()
    ann.says("/start")

    await around.hears(ann, "Here you can book")
    await until(lambda: around.telegram.commands, around.told)


async def test_telegram_is_told_of_the_webhook_until_it_hears(around: World) -> None:
    around.telegram.limits.force(Fault(method="setWebhook", status=502, times=2))
    await around.served(1, webhook=True, command=PRODUCT)

    assert around.balancer.webhook is not None


async def test_an_address_that_telegram_refuses_ends_the_start(around: World) -> None:
    around.telegram.limits.force(Fault(method="setWebhook", status=400))
    bot = around.bot(webhook=True, command=PRODUCT)
    bot.start()

    assert await bot.ended() == 2
    assert "HOSPITAL_WEBHOOK_URL: Telegram refuses it" in bot.told()


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
