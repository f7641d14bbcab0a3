"""What the bot says of itself: its name, its commands, its descriptions."""

import re
from typing import Any

from hospital_bot.simulator.parameters import Parameters
from hospital_bot.simulator.records import Change, User
from hospital_bot.simulator.refusals import Json, bad_request
from hospital_bot.simulator.telegram import Telegram

COMMAND_NAME = re.compile(r"[a-z0-9_]{1,32}")
COMMAND_DESCRIPTION_LENGTH = 256
MOST_COMMANDS = 100
DESCRIPTION_LENGTHS = {"description": 512, "short_description": 120}
SCOPES = {
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
    "chat",
    "chat_administrators",
    "chat_member",
}


async def get_me(telegram: Telegram, _parameters: Parameters) -> Json:
    return telegram.bot.json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": telegram.sees_all_group_messages,
        "supports_inline_queries": False,
    }


async def set_my_commands(telegram: Telegram, parameters: Parameters) -> bool:
    commands = parameters.sequence("commands")
    if commands is None:
        raise bad_request("commands are not specified")
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    telegram.commands[_shelf(parameters)] = [_command(each) for each in commands]
    telegram.tell(Change("profile", telegram.bot.id))
    return True


async def get_my_commands(telegram: Telegram, parameters: Parameters) -> list[Json]:
    return telegram.commands.get(_shelf(parameters), [])


async def delete_my_commands(telegram: Telegram, parameters: Parameters) -> bool:
    telegram.commands.pop(_shelf(parameters), None)
    telegram.tell(Change("profile", telegram.bot.id))
    return True


async def set_my_description(telegram: Telegram, parameters: Parameters) -> bool:
    return _describe(telegram, parameters, "description")


async def set_my_short_description(telegram: Telegram, parameters: Parameters) -> bool:
    return _describe(telegram, parameters, "short_description")


def _describe(telegram: Telegram, parameters: Parameters, name: str) -> bool:
    text = parameters.text(name) or ""
    if len(text) > DESCRIPTION_LENGTHS[name]:
        raise bad_request(f"{name.upper()}_TOO_LONG")
    telegram.profile[f"{name} {parameters.text('language_code') or ''}"] = text
    telegram.tell(Change("profile", telegram.bot.id))
    return True


def _command(command: Any) -> Json:
    name = str(command.get("command", "")).removeprefix("/") if isinstance(command, dict) else ""
    if not COMMAND_NAME.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    description = command.get("description")
    if not isinstance(description, str) or not 1 <= len(description) <= COMMAND_DESCRIPTION_LENGTH:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


def _shelf(parameters: Parameters) -> str:
    """Commands are kept apart by scope and language."""
    scope = parameters.mapping("scope") or {"type": "default"}
    if scope.get("type") not in SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    return _shelf_of(scope["type"], scope.get("chat_id"), scope.get("user_id"), parameters.text("language_code"))


def _shelf_of(*parts: object) -> str:
    return " ".join(str(part or "-") for part in parts)


def commands_for(telegram: Telegram, user: User) -> list[Json]:
    """The menu in this person's private chat: the narrowest scope that has one, in their language before any."""
    for scope, chat_id in (("chat", user.id), ("all_private_chats", None), ("default", None)):
        for language in (user.language_code, None):
            commands = telegram.commands.get(_shelf_of(scope, chat_id, None, language))
            if commands:
                return commands
    return []


def description_for(telegram: Telegram, user: User) -> str:
    """What the empty chat says the bot can do."""
    described = (telegram.profile.get(f"description {language}") for language in (user.language_code, ""))
    return next((text for text in described if text), "")


METHODS: dict[str, Any] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyDescription": set_my_description,
    "setMyShortDescription": set_my_short_description,
}
