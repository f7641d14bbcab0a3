"""The client of the Bot API, made so that its token stays out of every log."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    CallbackQuery,
    Chat,
    InaccessibleMessage,
    InputFile,
    Update,
    User,
)
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import Application, ExtBot
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter  # what RequestData is made of

from hospital_bot.telegram.backend import Backend
from hospital_bot.telegram.pace import Pace

log = structlog.get_logger()

Json = dict[str, Any]
Commands = Sequence[tuple[str, str]]
"""(command, description), in the order of the menu."""

STRANGER = "stranger"
"""The role whose menu every private chat has until somebody logs in there."""

TOKEN = re.compile(r"\d{5,}(?::|%3A)[A-Za-z0-9_-]{20,}")
ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"]
CONNECTIONS = 64
ANSWER_SECONDS = 5.0


class WrongToken(Exception):
    """Telegram does not know the token: nothing can work, and trying again does not help."""

    def __init__(self) -> None:
        super().__init__("HOSPITAL_BOT_TOKEN: Telegram does not know this token")


class HospitalBot(ExtBot[str]):
    """`ExtBot`, without the token in its repr and in the error of a wrong one.

    What every tap needs goes through `call` and `fetch`, as plain JSON: most of what a call costs in the library's
    own methods is making objects of what nobody looks at, such as a sent message with all its buttons.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}[{self._token.partition(':')[0]}]"

    async def initialize(self) -> None:
        """Open the connections. Raises WrongToken. What fails leaves nothing open."""
        try:
            await super().initialize()
        except InvalidToken:
            await self.shutdown()
            raise WrongToken from None
        except TelegramError:
            await self.shutdown()
            raise

    async def call(self, method: str, parameters: Json, priority: str | None = None) -> Any:
        """What the Bot API's method gives, at the pace of `priority`. Parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        pace = cast("Pace", self.rate_limiter)
        return await pace.process_request(self._send, (method, given), {}, method, given, priority)

    async def _send(self, method: str, given: Json) -> Any:
        """As the library sends it, which looks through every value for files and objects of its own."""
        if any(isinstance(value, InputFile) for value in given.values()):
            return await Bot._do_post(self, method, given)  # noqa: SLF001 - the library's own way, below its objects
        return await self._request[1].post(f"{self._base_url}/{method}", _plain(given))

    async def fetch(
        self, offset: int | None, *, seconds: int, late: float = ANSWER_SECONDS, most: int = 100
    ) -> list[Json]:
        """Updates from `offset` on, raw. Telegram waits so many seconds for the first; its answer may come `late`.

        Raises TelegramError, also for an answer that is no list of updates with ids.
        """
        wanted = {"timeout": seconds, "limit": most, "allowed_updates": ALLOWED_UPDATES}
        if offset is not None:
            wanted["offset"] = offset
        patience = late + seconds
        url = f"{self._base_url}/getUpdates"
        updates: Any = await self._request[0].post(url, _plain(wanted), read_timeout=patience)
        if not (isinstance(updates, list) and all(is_update(raw) for raw in updates)):
            raise TelegramError("The answer is no list of updates")
        return updates

    def read(self, raw: Json) -> Update:
        """The update as an object. Raises what an odd field leads to.

        A tap comes with its whole message, and of that only the place is of use; of who tapped, who it is. The library
        would make objects of all the rest.
        """
        tap = raw.get("callback_query")
        if not tap:
            return Update.de_json(raw, self)
        sender, message = tap["from"], tap.get("message")
        user = User(sender["id"], sender["first_name"], sender["is_bot"])
        place = None
        if message:
            place = InaccessibleMessage(Chat(message["chat"]["id"], message["chat"]["type"]), message["message_id"])
        query = CallbackQuery(tap["id"], user, chat_instance="", message=place, data=tap.get("data"))
        return Update(raw["update_id"], callback_query=query)


def _plain(values: Json) -> RequestData:
    """Parameters that are JSON already."""
    return RequestData([RequestParameter(name, value, None) for name, value in values.items()])


def is_update(raw: Any) -> bool:
    """Whether it can be told apart from others, whatever else is in it."""
    return isinstance(raw, dict) and isinstance(raw.get("update_id"), int)


def build_bot(token: str, api_url: str, pace: Pace, request: BaseRequest | None = None) -> HospitalBot:
    """A bot that calls ``{api_url}/bot{token}/{method}``. ``request`` replaces the network, for polling too."""
    base = api_url.rstrip("/")
    return HospitalBot(
        token=token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=request or Backend(connections=CONNECTIONS, answer_seconds=ANSWER_SECONDS),
        get_updates_request=request or Backend(connections=1, answer_seconds=ANSWER_SECONDS),
        rate_limiter=pace,
    )


def build_application(bot: HospitalBot) -> Application[Any, Any, Any, Any, Any, Any]:
    """PTB's routing alone: updates are fetched, ordered and confirmed by our own wires."""
    return Application.builder().bot(bot).updater(None).job_queue(None).build()


async def set_commands(bot: ExtBot[str], roles: Mapping[str, Commands], description: str = "") -> None:
    """Give every private chat the menu of a stranger; a chat gets its role's when somebody logs in.

    `description` is what an empty chat shows before the first message. What Telegram will never take is left.
    """
    menu = [BotCommand(command, what) for command, what in roles[STRANGER]]
    try:
        await bot.set_my_commands(menu, scope=BotCommandScopeAllPrivateChats())
        if description:
            await bot.set_my_description(description)
    except BadRequest as refusal:
        log.warning("menu_failed", error=type(refusal).__name__)


def redact(text: str) -> str:
    """The text without bot tokens, as they stand in addresses and in the library's errors."""
    return TOKEN.sub("<token>", text)


def quiet_libraries() -> None:
    """No line for each request, which names the token's address; none with a whole update or answer in it."""
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("telegram.ext.ExtBot", "telegram.request.BaseRequest"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # they write out what they could not read
