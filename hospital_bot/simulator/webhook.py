"""Updates pushed to the bot's webhook.

Each queue (a chat's messages, a person's taps) is a line of its own: the next update is posted only after a 2xx for
the one before, which is tried again until then. Lines move side by side.
"""

import asyncio

import httpx

from hospital_bot.simulator.delivery import Inbox
from hospital_bot.simulator.records import Update, Webhook

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name, not its value
SHORTEST_WAIT = 0.05
LONGEST_WAIT = 2.0
ANSWER_SECONDS = 60.0


class Courier:
    """Posts what the inbox holds to a webhook while one is set."""

    def __init__(self, inbox: Inbox) -> None:
        self.webhook: Webhook | None = None
        self._inbox = inbox
        self._client: httpx.AsyncClient | None = None
        self._lines: dict[str, asyncio.Task[None]] = {}

    async def start(self, webhook: Webhook) -> None:
        await self.stop()
        self.webhook = webhook
        limits = httpx.Limits(max_connections=webhook.max_connections)
        self._client = httpx.AsyncClient(limits=limits, timeout=ANSWER_SECONDS, trust_env=False)
        self._inbox.on_added = self._notice
        for update in self._inbox.pending():
            self._notice(update)

    async def stop(self) -> None:
        self._inbox.on_added = None
        self.webhook = None
        lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        if self._client:
            await self._client.aclose()
            self._client = None

    def _notice(self, update: Update) -> None:
        if update.queue not in self._lines and self.webhook and self._client:
            work = self._serve_line(update.queue, self.webhook, self._client)
            self._lines[update.queue] = asyncio.create_task(work)

    async def _serve_line(self, queue: str, webhook: Webhook, client: httpx.AsyncClient) -> None:
        wait = SHORTEST_WAIT
        while update := self._inbox.first_of(queue):
            webhook.last_error = error = await _posted(client, webhook, update)
            if error is None:
                self._inbox.confirm(update.id)
                wait = SHORTEST_WAIT
                continue
            webhook.last_error_at = int(update.at)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        del self._lines[queue]


async def _posted(client: httpx.AsyncClient, webhook: Webhook, update: Update) -> str | None:
    """None when the bot took the update; else what went wrong."""
    headers = {SECRET_HEADER: webhook.secret_token} if webhook.secret_token else {}
    try:
        response = await client.post(webhook.url, json=update.json(), headers=headers)
    except httpx.HTTPError as error:
        return f"Connection failed: {type(error).__name__}"
    if response.is_success:
        return None
    return f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"
