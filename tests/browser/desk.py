"""The page as a person uses it: phones by name, buttons by label, words on the screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

OUTPUT = Path(__file__).parents[2] / "test-output"
WIDE = (1440, 900)
NARROW = (360, 640)
Scheme = Literal["light", "dark"]
Label = str | re.Pattern[str]


class Hand:
    """The phone of one person, on the page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.region = page.get_by_role("region", name=f"Phone: {name}", exact=True)
        self.log = self.region.get_by_role("log")
        self.field = self.region.get_by_role("textbox")

    def button(self, label: Label) -> Locator:
        """The newest with this label."""
        return self.region.get_by_role("button", name=label, exact=True).last

    async def starts(self) -> None:
        await self.button("Start").click()

    async def says(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    async def taps(self, *labels: Label) -> None:
        for label in labels:
            await self.button(label).click()

    async def taps_first(self, label: Label) -> None:
        """Of several in the newest message."""
        await self.last.get_by_role("button", name=label).first.click()

    async def types_from_card(self, label: str) -> None:
        """Let the card type it, and send that."""
        card = self.region.locator("details.card")
        if await card.get_attribute("open") is None:
            await card.locator("summary").click()
        await self.taps(label)
        await self.field.press("Enter")

    async def sees(self, *words: str) -> None:
        for each in words:
            await expect(self.log).to_contain_text(each)

    @property
    def last(self) -> Locator:
        return self.log.get_by_role("article").last


class Desk:
    """One browser window. Whatever its console complains of is kept in ``complaints``."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self._note(line.text) if line.type == "error" else None)

    def _note(self, complaint: str) -> None:
        if "400 (Bad Request)" not in complaint:  # a refusal, which the page puts in words
            self.complaints.append(complaint)

    @classmethod
    async def opened(
        cls, browser: Browser, address: str, size: tuple[int, int] = WIDE, scheme: Scheme = "light"
    ) -> Self:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        desk = cls(context, await context.new_page())
        await desk.page.goto(address)
        await expect(desk.people.get_by_role("listitem").first).to_be_attached()
        return desk

    @property
    def people(self) -> Locator:
        return self.page.locator("#people")

    @property
    def mail(self) -> Locator:
        return self.page.locator("#mail")

    @property
    def clock(self) -> Locator:
        return self.page.locator("#clock")

    async def takes(self, name: str) -> Hand:
        """Take somebody's phone to hand, from the list of people."""
        await self.people.get_by_role("button", name=name).click()
        return Hand(self.page, name)

    async def goes_to(self, view: str) -> None:
        """On a narrow screen."""
        await self.page.get_by_role("navigation").get_by_role("button", name=view).click()

    async def copied(self) -> str:
        return str(await self.page.evaluate("navigator.clipboard.readText()"))

    async def shoot(self, name: str) -> None:
        """A picture for people to look at: test-output/<name>.png."""
        OUTPUT.mkdir(exist_ok=True)
        await self.page.screenshot(path=OUTPUT / f"{name}.png")
