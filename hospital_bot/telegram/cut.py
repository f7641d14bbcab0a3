"""Telegram refuses what is too long; a text is cut rather than lost."""

from __future__ import annotations

import re
from html import unescape

from handlers.screen import MAX_TEXT, units

MAX_CAPTION = 1024
"""Characters under a file. Source: Bot API, sendDocument."""

MAX_TOAST = 200
"""Characters over the chat. Source: Bot API, answerCallbackQuery."""

ELLIPSIS = "…"
PIECE = re.compile(r"<(?P<slash>/?)(?P<tag>[a-z][a-z-]*)[^>]*>|&#?\w+;|.", re.DOTALL | re.IGNORECASE)


def fit(html: str, most: int = MAX_TEXT) -> str:
    """The text, or as many whole lines of it as fit with an ellipsis; tags left open are closed.

    A line longer than all before it is cut within. Only what the person sees counts, in UTF-16 units as Telegram
    counts it.
    """
    if units(unescape(re.sub(r"<[^>]*>", "", html))) <= most:
        return html
    end = _end(html, most - units("\n" + ELLIPSIS))
    line = html.rfind("\n", 0, end)
    kept = html[: line if line > end // 2 else end]
    return kept + "".join(f"</{tag}>" for tag in reversed(_open_tags(kept))) + "\n" + ELLIPSIS


def plain(text: str, most: int) -> str:
    """The same for a text without markup."""
    return text if units(text) <= most else text[: most // 2 - 1] + ELLIPSIS


def _end(html: str, most: int) -> int:
    """Where the visible text becomes longer than ``most``; never inside a tag, an entity or a character."""
    end = seen = 0
    for piece in PIECE.finditer(html):
        seen += 0 if piece["tag"] else units(unescape(piece[0]))
        if seen <= most:
            end = piece.end()
    return end


def _open_tags(html: str) -> list[str]:
    tags: list[str] = []
    for piece in PIECE.finditer(html):
        if piece["tag"] and piece["slash"]:
            tags.pop()
        elif piece["tag"]:
            tags.append(piece["tag"])
    return tags
