"""How the bot hears of people: polling, the webhook, answering taps, fetching files."""

import re
from typing import Any
from urllib.parse import urlsplit

from hospital_bot.simulator.delivery import MOST_UPDATES
from hospital_bot.simulator.markup import utf16_length
from hospital_bot.simulator.parameters import Parameters
from hospital_bot.simulator.records import Webhook
from hospital_bot.simulator.refusals import ApiError, Json, bad_request
from hospital_bot.simulator.telegram import Telegram

TAP_SECONDS = 150
TOAST_LENGTH = 200
LONGEST_POLL = 50
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


async def get_updates(telegram: Telegram, parameters: Parameters) -> list[Json]:
    if telegram.courier.webhook:
        reason = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        raise ApiError(409, f"Conflict: {reason}")
    _choose_kinds(telegram, parameters)
    limit = parameters.integer("limit") or MOST_UPDATES
    updates = await telegram.inbox.poll(
        offset=parameters.integer("offset") or 0,
        limit=min(max(limit, 1), MOST_UPDATES),
        seconds=min(parameters.integer("timeout") or 0, LONGEST_POLL),
    )
    return [update.json() for update in updates]


async def set_webhook(telegram: Telegram, parameters: Parameters) -> bool:
    """Unlike the real one, plain HTTP is taken, and only an address on this machine."""
    url = parameters.text("url") or ""
    if not url:
        return await delete_webhook(telegram, parameters)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or parts.hostname not in LOCAL_HOSTS:
        raise bad_request("bad webhook: the simulator posts to this machine only")
    secret = parameters.text("secret_token")
    if secret and not SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _choose_kinds(telegram, parameters)
    _drop_if_asked(telegram, parameters)
    telegram.inbox.end_poll("terminated by setWebhook request")
    connections = parameters.integer("max_connections") or 40
    await telegram.courier.start(Webhook(url, secret, min(max(connections, 1), 100)))
    return True


async def delete_webhook(telegram: Telegram, parameters: Parameters) -> bool:
    _drop_if_asked(telegram, parameters)
    await telegram.courier.stop()
    return True


async def get_webhook_info(telegram: Telegram, _parameters: Parameters) -> Json:
    webhook = telegram.courier.webhook or Webhook("")
    failure = {"last_error_date": webhook.last_error_at, "last_error_message": webhook.last_error}
    return {
        "url": webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(telegram.inbox.pending()),
        "max_connections": webhook.max_connections,
        **({"allowed_updates": telegram.inbox.allowed} if telegram.inbox.allowed else {}),
        **(failure if webhook.last_error else {}),
    }


async def answer_callback_query(telegram: Telegram, parameters: Parameters) -> bool:
    """Only the first answer shows; a later one is taken and has no effect."""
    tap = telegram.taps.get(parameters.text("callback_query_id") or "")
    if tap is None or telegram.now() - tap.at > TAP_SECONDS:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = parameters.text("text") or ""
    if utf16_length(text) > TOAST_LENGTH:
        raise bad_request("MESSAGE_TOO_LONG")
    parameters.integer("cache_time")
    telegram.answer_tap(tap, {"text": text, "show_alert": parameters.flag("show_alert")})
    return True


async def get_file(telegram: Telegram, parameters: Parameters) -> Json:
    stored = telegram.files.get(parameters.text("file_id") or "")
    if stored is None:
        raise bad_request("invalid file_id")
    return stored.json() | {"file_path": stored.path}


def _choose_kinds(telegram: Telegram, parameters: Parameters) -> None:
    """Not saying which updates are wanted keeps the last choice; an empty list is the default one."""
    kinds = parameters.sequence("allowed_updates")
    if kinds is not None:
        telegram.inbox.allowed = [str(kind) for kind in kinds]


def _drop_if_asked(telegram: Telegram, parameters: Parameters) -> None:
    if parameters.flag("drop_pending_updates"):
        telegram.inbox.take()


METHODS: dict[str, Any] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "answerCallbackQuery": answer_callback_query,
    "getFile": get_file,
}
