"""Keyboards: what a bot may hang under a message, checked as Telegram checks it."""

from typing import Any
from urllib.parse import urlsplit

from hospital_bot.simulator.refusals import Json, bad_request

DATA_BYTES = 64
MOST_BUTTONS = 100
COPY_TEXT_LENGTH = 256
URL_SCHEMES = {"http", "https", "tg"}


def checked(markup: Json | None) -> tuple[Json | None, Json | None]:
    """The inline keyboard and the other reply markup of a request; at most one is there."""
    if not markup:
        return None, None
    if "inline_keyboard" in markup:
        rows = [[_inline_button(button) for button in row] for row in _rows(markup["inline_keyboard"])]
        rows = [row for row in rows if row]
        return ({"inline_keyboard": rows} if rows else None), None
    if "keyboard" in markup:
        rows = [[_key(button) for button in row] for row in _rows(markup["keyboard"])]
        return None, markup | {"keyboard": rows}
    if markup.get("remove_keyboard") or markup.get("force_reply"):
        return None, markup
    raise bad_request("object expected as reply markup")


def inline_only(markup: Json | None) -> Json | None:
    """What an edit may carry."""
    inline, other = checked(markup)
    if other:
        raise bad_request("inline keyboard expected")
    return inline


def buttons_of(inline: Json | None) -> list[Json]:
    return [button for row in (inline or {}).get("inline_keyboard", []) for button in row]


def _rows(value: Any) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise bad_request('field "keyboard" of the ReplyMarkup must be an Array of Arrays')
    if sum(len(row) for row in value) > MOST_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return value


def _inline_button(button: Any) -> Json:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"].strip():
        raise _bad_button('Field "text" must be a non-empty string')
    if "callback_data" in button:
        _check_data(button["callback_data"])
    elif "url" in button:
        _check_url(button["url"])
    elif "copy_text" in button:
        _check_copy_text(button["copy_text"])
    else:
        raise _bad_button("Text buttons are unallowed in the inline keyboard")
    return button


def _check_data(data: Any) -> None:
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")


def _check_url(url: Any) -> None:
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in URL_SCHEMES or not parts.netloc:
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _check_copy_text(copy_text: Any) -> None:
    text = copy_text.get("text") if isinstance(copy_text, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= COPY_TEXT_LENGTH:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _key(button: Any) -> Json:
    """A key of a reply keyboard may be written as its bare text."""
    key = {"text": button} if isinstance(button, str) else button
    if not isinstance(key, dict) or not isinstance(key.get("text"), str) or not key["text"].strip():
        raise bad_request('can\'t parse keyboard button: Field "text" must be a non-empty string')
    return key


def _bad_button(why: str) -> Exception:
    return bad_request(f"can't parse inline keyboard button: {why}")
