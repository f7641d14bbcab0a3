"""The Bot API: one function for each method, and the door they stand behind.

`answer` is that door for every client, over HTTP or in the same process.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hospital_bot.simulator import bot_messages, bot_profile, bot_updates
from hospital_bot.simulator.parameters import Parameters, Upload
from hospital_bot.simulator.records import StoredFile
from hospital_bot.simulator.refusals import ApiError, Json
from hospital_bot.simulator.telegram import Telegram

Method = Callable[[Telegram, Parameters], Awaitable[Any]]

METHODS: dict[str, Method] = {
    name.lower(): method for area in (bot_messages, bot_profile, bot_updates) for name, method in area.METHODS.items()
}


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json


async def answer(
    telegram: Telegram,
    token: str,
    method: str,
    values: Mapping[str, object],
    uploads: Mapping[str, Upload] | None = None,
) -> Answer:
    """Carry out one request. Raises Hung when trouble was ordered that leaves it unanswered."""
    try:
        result = await _result(telegram, token, method.lower(), Parameters(values, uploads))
    except ApiError as error:
        return Answer(error.code, error.json())
    return Answer(200, {"ok": True, "result": result})


async def _result(telegram: Telegram, token: str, method: str, parameters: Parameters) -> Any:
    check_token(telegram, token)
    if method not in METHODS:
        raise ApiError(404, "Not Found: method not found")
    chat_id = _limited_chat(parameters)
    fault = telegram.limits.fault_for(method, chat_id, telegram.now())
    if fault and not fault.is_carried_out:
        raise fault.error()
    telegram.limits.count(method, chat_id, telegram.now())
    result = await METHODS[method](telegram, parameters)
    if fault:
        raise fault.error()
    return result


def check_token(telegram: Telegram, token: str) -> None:
    """A token of the wrong form names no method at all (404); a well-formed stranger is refused (401)."""
    number, colon, secret = token.partition(":")
    if not (number.isdigit() and colon and secret):
        raise ApiError(404, "Not Found")
    if token != telegram.token:
        raise ApiError(401, "Unauthorized")


def file_content(telegram: Telegram, token: str, path: str) -> StoredFile:
    """What `GET /file/bot…` downloads."""
    check_token(telegram, token)
    stored = next((each for each in telegram.files.values() if each.path == path), None)
    if stored is None:
        raise ApiError(404, "Not Found")
    return stored


def _limited_chat(parameters: Parameters) -> int | None:
    try:
        return parameters.integer("chat_id")
    except ApiError:
        return None
