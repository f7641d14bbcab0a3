"""Draws the README's pictures anew, for `make pictures`: the demo, seen through Chromium."""

import asyncio
import io
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from hospital_bot.demo.stage import Stage, stage  # noqa: E402 - found by the line above
from tests.browser.conftest import chromium  # noqa: E402
from tests.browser.desk import Desk, Hand  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
PHONE = (390, 780)
DESKTOP = (1360, 820)
FRAME_MILLISECONDS = 1400
LAST_FRAME_MILLISECONDS = 3500
COLOURS = 96

Button = str | re.Pattern[str]
BOOKING: tuple[Button, ...] = (
    "📅 Book a visit",
    re.compile("^Cardiology"),
    re.compile("^Dr. Amina Osei"),
    re.compile("free$"),
    re.compile(r"^\d\d:\d\d$"),
    "Skip",
    "✅ Confirm",
)


async def settled(hand: Hand) -> None:
    """Until the bot has answered and nothing moves any more."""
    await hand.region.locator("[aria-busy=true]").first.wait_for(state="detached")
    await hand.page.wait_for_timeout(700)
    await hand.page.mouse.move(0, 0)


async def draw_booking(desk: Desk) -> None:
    """A booking on a phone, as a moving picture."""
    ann = await desk.takes("Ann Palmer")
    await ann.button("📅 Book a visit").wait_for()
    frames = [await frame(desk)]
    for label in BOOKING:
        await ann.log.get_by_role("article").last.get_by_role("button", name=label).first.click()
        await settled(ann)
        frames.append(await frame(desk))
    few = [each.quantize(COLOURS, dither=Image.Dither.NONE) for each in frames]
    durations = [FRAME_MILLISECONDS] * (len(few) - 1) + [LAST_FRAME_MILLISECONDS]
    few[0].save(PICTURES / "booking.gif", save_all=True, append_images=few[1:], duration=durations, loop=0)
    frames[-1].save(PICTURES / "phone.png", optimize=True)


async def frame(desk: Desk) -> Image.Image:
    return Image.open(io.BytesIO(await desk.page.screenshot())).convert("RGB")


async def draw_desktop(desk: Desk) -> None:
    """Two phones, the mailbox and the clock."""
    ben = Hand(desk.page, "Ben Okafor")
    await ben.starts()
    await ben.taps("Log in")
    await ben.types_from_card("ben@patients.example")
    await settled(ben)
    await ben.types_from_card("three blue herons")
    await desk.mail.get_by_role("button", name="Copy code").wait_for()
    await ben.region.locator("details.card summary").click()
    await settled(ben)
    await desk.page.screenshot(path=PICTURES / "desktop.png")


async def draw(on: Stage) -> None:
    async with chromium() as browser:
        await draw_booking(await Desk.opened(browser, on.address, PHONE))
        await draw_desktop(await Desk.opened(browser, on.address, DESKTOP))


async def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder)) as on:
            evening = (20 - on.product.hospital.clinic.wall(on.clock.now()).hour) % 24
            on.clock.turn(timedelta(hours=evening))  # the next free time is far enough ahead to be changed
            await draw(on)


asyncio.run(main())
