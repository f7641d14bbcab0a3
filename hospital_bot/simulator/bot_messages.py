"""What the bot does in chats: send, edit, delete, type."""

import re
from typing import Any

from hospital_bot.simulator import keyboards
from hospital_bot.simulator.markup import parse_html, utf16_length
from hospital_bot.simulator.parameters import Parameters, Upload
from hospital_bot.simulator.records import Change, Chat, Message, StoredFile
from hospital_bot.simulator.refusals import ApiError, Json, bad_request, forbidden
from hospital_bot.simulator.telegram import Telegram

TEXT_LENGTH = 4096
CAPTION_LENGTH = 1024
DOCUMENT_BYTES = 50 * 1024 * 1024
PHOTO_BYTES = 10 * 1024 * 1024
DELETABLE_SECONDS = 48 * 3600
MOST_DELETED = 100
CHAT_ID = re.compile(r"-?[0-9]{1,19}")
PICTURE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


async def send_message(telegram: Telegram, parameters: Parameters) -> Json:
    chat = _writable_chat(telegram, parameters)
    return _send(telegram, chat, parameters, _text(parameters))


async def send_document(telegram: Telegram, parameters: Parameters) -> Json:
    chat = _writable_chat(telegram, parameters)
    stored = _file(telegram, parameters, "document", DOCUMENT_BYTES)
    described = stored.json() | {"file_name": stored.name, "mime_type": stored.mime_type}
    return _send(telegram, chat, parameters, {"document": described} | _caption(parameters))


async def send_photo(telegram: Telegram, parameters: Parameters) -> Json:
    """The picture's size is not measured; every photo is said to be 640 by 640."""
    chat = _writable_chat(telegram, parameters)
    stored = _file(telegram, parameters, "photo", PHOTO_BYTES)
    if not stored.content.startswith(PICTURE_STARTS):
        raise bad_request("IMAGE_PROCESS_FAILED")
    sizes = [stored.json() | {"width": 640, "height": 640}]
    return _send(telegram, chat, parameters, {"photo": sizes} | _caption(parameters))


async def edit_message_text(telegram: Telegram, parameters: Parameters) -> Json:
    message = _own_message(telegram, parameters)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    return _edit(telegram, message, _text(parameters, too_long="MESSAGE_TOO_LONG"), parameters)


async def edit_message_caption(telegram: Telegram, parameters: Parameters) -> Json:
    message = _own_message(telegram, parameters)
    if "text" in message.content:
        raise bad_request("there is no caption in the message to edit")
    kept = {name: message.content[name] for name in ("document", "photo") if name in message.content}
    return _edit(telegram, message, kept | _caption(parameters), parameters)


async def edit_message_reply_markup(telegram: Telegram, parameters: Parameters) -> Json:
    message = _own_message(telegram, parameters)
    return _edit(telegram, message, message.content, parameters)


async def delete_message(telegram: Telegram, parameters: Parameters) -> bool:
    chat = _chat(telegram, parameters)
    message = chat.messages.get(_message_id(parameters))
    if message is None:
        raise bad_request("message to delete not found")
    if not _is_deletable(telegram, chat, message):
        raise bad_request("message can't be deleted for everyone")
    telegram.delete(chat, message.id)
    return True


async def delete_messages(telegram: Telegram, parameters: Parameters) -> bool:
    """Those that can't be found or deleted are passed over."""
    chat = _chat(telegram, parameters)
    message_ids = parameters.sequence("message_ids")
    if not message_ids:
        raise bad_request("message identifiers are not specified")
    if len(message_ids) > MOST_DELETED:
        raise bad_request("too many message identifiers specified")
    for message_id in message_ids:
        message = chat.messages.get(message_id) if isinstance(message_id, int) else None
        if message and _is_deletable(telegram, chat, message):
            telegram.delete(chat, message.id)
    return True


async def send_chat_action(telegram: Telegram, parameters: Parameters) -> bool:
    chat = _writable_chat(telegram, parameters)
    if parameters.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    telegram.tell(Change("typing", chat.id))
    return True


def _send(telegram: Telegram, chat: Chat, parameters: Parameters, content: Json) -> Json:
    inline, keyboard = keyboards.checked(parameters.mapping("reply_markup"))
    reply_to = _reply_to(chat, parameters)
    parameters.flag("disable_notification")
    is_protected = parameters.flag("protect_content")
    _show_keyboard(chat, keyboard)
    message = telegram.post(
        chat,
        telegram.bot,
        content,
        inline=inline,
        keyboard=keyboard,
        reply_to=reply_to,
        is_protected=is_protected,
    )
    return telegram.message_json(message)


def _show_keyboard(chat: Chat, keyboard: Json | None) -> None:
    if keyboard and "keyboard" in keyboard:
        chat.keyboard = keyboard
    elif keyboard and "remove_keyboard" in keyboard:
        chat.keyboard = None


def _edit(telegram: Telegram, message: Message, content: Json, parameters: Parameters) -> Json:
    """An edit without reply markup takes the buttons away."""
    inline = keyboards.inline_only(parameters.mapping("reply_markup"))
    if (content, inline) == (message.content, message.inline):
        raise bad_request(NOT_MODIFIED)
    telegram.edit(message, content, inline)
    return telegram.message_json(message)


def _reply_to(chat: Chat, parameters: Parameters) -> int | None:
    reply = parameters.mapping("reply_parameters") or {}
    message_id = reply.get("message_id")
    if message_id is None:
        return None
    if isinstance(message_id, int) and message_id in chat.messages:
        return message_id
    if reply.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _text(parameters: Parameters, *, too_long: str = "message is too long") -> Json:
    text, entities = _formatted(parameters, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    if utf16_length(text) > TEXT_LENGTH:
        raise bad_request(too_long)
    preview = parameters.mapping("link_preview_options")
    return (
        {"text": text}
        | ({"entities": entities} if entities else {})
        | ({"link_preview_options": preview} if preview else {})
    )


def _caption(parameters: Parameters) -> Json:
    text, entities = _formatted(parameters, "caption", "caption_entities")
    if utf16_length(text) > CAPTION_LENGTH:
        raise bad_request("message caption is too long")
    return ({"caption": text} if text else {}) | ({"caption_entities": entities} if entities else {})


def _formatted(parameters: Parameters, name: str, entities_name: str) -> tuple[str, list[Json]]:
    """The parse modes besides HTML are not simulated, and refused like unknown ones."""
    source = parameters.text(name) or ""
    mode = (parameters.text("parse_mode") or "").lower()
    if mode == "html":
        return parse_html(source)
    if mode:
        raise bad_request("unsupported parse_mode")
    return source.strip(), parameters.sequence(entities_name) or []


def _file(telegram: Telegram, parameters: Parameters, name: str, most_bytes: int) -> StoredFile:
    given = parameters.file(name)
    if given is None:
        raise bad_request(f"there is no {name} in the request")
    if isinstance(given, str):
        return _known_file(telegram, given)
    if not given.content:
        raise bad_request("file must be non-empty")
    if len(given.content) > most_bytes:
        raise ApiError(413, "Request Entity Too Large")
    return _stored(telegram, given, folder=f"{name}s")


def _stored(telegram: Telegram, upload: Upload, *, folder: str) -> StoredFile:
    return telegram.store(upload.name, upload.mime_type, upload.content, folder=folder)


def _known_file(telegram: Telegram, file_id: str) -> StoredFile:
    if file_id not in telegram.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return telegram.files[file_id]


def _chat(telegram: Telegram, parameters: Parameters) -> Chat:
    said = parameters.text("chat_id")
    if not said:
        raise bad_request("chat_id is empty")
    chat = telegram.chats.get(int(said)) if CHAT_ID.fullmatch(said) else None
    if chat is None:
        raise bad_request("chat not found")
    return chat


def _writable_chat(telegram: Telegram, parameters: Parameters) -> Chat:
    chat = _chat(telegram, parameters)
    if chat.is_blocked:
        raise forbidden("bot was blocked by the user")
    if not chat.is_started:
        raise forbidden("bot can't initiate conversation with a user")
    return chat


def _message_id(parameters: Parameters) -> int:
    message_id = parameters.integer("message_id")
    if not message_id:
        raise bad_request("message identifier is not specified")
    return message_id


def _own_message(telegram: Telegram, parameters: Parameters) -> Message:
    """A message that the bot may edit: its own, and without a reply keyboard."""
    chat = _writable_chat(telegram, parameters)
    message = chat.messages.get(_message_id(parameters))
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender_id != telegram.bot.id or message.keyboard:
        raise bad_request("message can't be edited")
    return message


def _is_deletable(telegram: Telegram, chat: Chat, message: Message) -> bool:
    is_ours = message.sender_id == telegram.bot.id or chat.kind == "private"
    return is_ours and telegram.now() - message.date <= DELETABLE_SECONDS


METHODS: dict[str, Any] = {
    "sendMessage": send_message,
    "sendDocument": send_document,
    "sendPhoto": send_photo,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "sendChatAction": send_chat_action,
}
