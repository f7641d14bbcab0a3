"""Formatted text as Telegram reads it: HTML in, plain text and entities out.

Offsets and lengths are in UTF-16 code units; rules: core.telegram.org/bots/api#html-style.
"""

import re
from html import unescape
from html.parser import HTMLParser

from hospital_bot.simulator.refusals import ApiError, Json, bad_request

PLAIN_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
}
NAMED_CHARACTERS = {"lt", "gt", "amp", "quot"}
MARKED_SECTION = 'Unsupported start tag "![" at byte offset {}'
COMMAND = re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?!\w)")


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[Json]]:
    """The visible text and its entities, without white space at either end.

    Raises ApiError (400) where Telegram does: an unknown, unclosed or crossed tag, or a bare ``<``.
    """
    reader = _Reader(source)
    reader.read()
    return _trimmed(reader.text, reader.entities)


def commands_in(text: str) -> list[Json]:
    """The bot_command entities that a person's app marks in typed text."""
    return [
        {"type": "bot_command", "offset": utf16_length(text[: found.start()]), "length": len(found.group())}
        for found in COMMAND.finditer(text)
    ]


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    cut = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    end = utf16_length(text)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - cut, 0)
        stop = min(entity["offset"] + entity["length"] - cut, end)
        if stop > start:
            kept.append(entity | {"offset": start, "length": stop - start})
    return text, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def _entity(tag: str, attributes: dict[str, str | None]) -> Json | None:
    """What a start tag begins; an empty entity means nothing to mark, None an unknown tag."""
    if tag in PLAIN_TAGS:
        language = (attributes.get("class") or "").removeprefix("language-")
        return {"type": PLAIN_TAGS[tag]} | ({"language": language} if tag == "code" and language else {})
    if tag == "a":
        return {"type": "text_link", "url": attributes["href"]} if attributes.get("href") else {}
    if tag == "span" and attributes.get("class") == "tg-spoiler":
        return {"type": "spoiler"}
    if tag == "tg-emoji":
        return {"type": "custom_emoji", "custom_emoji_id": attributes.get("emoji-id") or ""}
    if tag == "blockquote":
        return {"type": "expandable_blockquote" if "expandable" in attributes else "blockquote"}
    return None


class _Reader(HTMLParser):
    """Reads one text. The standard parser is forgiving; every place where it forgives refuses here."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        self.entities: list[Json] = []
        self._source = source
        self._open: list[tuple[str, int, Json]] = []

    def read(self) -> None:
        try:
            self.feed(self._source)
        except AssertionError:  # how the standard parser gives up a marked section, past its beginning
            raise self._refusal(MARKED_SECTION, self._source.index("<![")) from None
        if self.rawdata.startswith("<"):
            raise self._refusal("Unclosed start tag at byte offset {}")
        self.close()
        if self._open:
            raise self._refusal(f'Can\'t find end tag corresponding to start tag "{self._open[-1][0]}"')

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        entity = _entity(tag, dict(attrs))
        if entity is None:
            raise self._unsupported(tag)
        self._open.append((tag, utf16_length(self.text), entity))

    def handle_endtag(self, tag: str) -> None:
        if not self._open:
            raise self._refusal("Unexpected end tag at byte offset {}")
        opened, offset, entity = self._open.pop()
        if opened != tag:
            what = f'expected "</{opened}>", found "</{tag}>"'
            raise self._refusal(f"Unmatched end tag at byte offset {{}}, {what}")
        if entity:
            self._mark(entity | {"offset": offset, "length": utf16_length(self.text) - offset})

    def _mark(self, entity: Json) -> None:
        """``<pre><code class="language-x">`` is one entity, a pre with a language."""
        inner = self.entities[-1] if self.entities else {}
        if entity["type"] == "pre" and inner.get("type") == "code" and _same_span(inner, entity):
            self.entities.pop()
            entity |= {"language": inner["language"]} if "language" in inner else {}
        self.entities.append(entity)

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise self._unsupported("")
        self.text += data

    def handle_entityref(self, name: str) -> None:
        written = f"&{name};"
        self.text += unescape(written) if name in NAMED_CHARACTERS else self._as_written(name)

    def _as_written(self, name: str) -> str:
        rest = self._source[self._position() + 1 + len(name) :]
        return f"&{name};" if rest.startswith(";") else f"&{name}"

    def handle_charref(self, name: str) -> None:
        self.text += unescape(f"&#{name};")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        raise self._unsupported(f"{tag}/")

    def handle_comment(self, data: str) -> None:  # noqa: ARG002
        raise self._unsupported("!--")

    def handle_decl(self, decl: str) -> None:
        raise self._unsupported(f"!{decl}")

    def handle_pi(self, data: str) -> None:
        raise self._unsupported(f"?{data}")

    def unknown_decl(self, data: str) -> None:  # noqa: ARG002
        raise self._refusal(MARKED_SECTION)

    def _unsupported(self, tag: str) -> ApiError:
        return self._refusal(f'Unsupported start tag "{tag}" at byte offset {{}}')

    def _position(self) -> int:
        line, column = self.getpos()
        return sum(len(each) + 1 for each in self._source.split("\n")[: line - 1]) + column

    def _refusal(self, what: str, at: int | None = None) -> ApiError:
        offset = len(self._source[: self._position() if at is None else at].encode())
        return bad_request(f"can't parse entities: {what.replace('{}', str(offset))}")


def _same_span(one: Json, other: Json) -> bool:
    return (one["offset"], one["length"]) == (other["offset"], other["length"])
