"""What a request says: typed values out of a form, a query string or a JSON body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hospital_bot.simulator.refusals import ApiError, bad_request

FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class Upload:
    name: str
    content: bytes
    mime_type: str = "application/octet-stream"


class Parameters:
    """One request's parameters. A value of the wrong type is refused with 400; an unknown one is ignored."""

    def __init__(self, values: Mapping[str, object], uploads: Mapping[str, Upload] | None = None) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}
        self._uploads = uploads or {}

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        if isinstance(value, dict | list):
            raise _mistyped(name, "a string")
        return None if value is None else _encodable(str(value))

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        try:
            return None if value is None or value == "" else int(value)
        except ValueError:
            raise _mistyped(name, "an integer") from None

    def flag(self, name: str) -> bool:
        value = self.text(name)
        if value is None or value == "":
            return False
        if value.lower() not in FLAGS:
            raise _mistyped(name, "a boolean")
        return FLAGS[value.lower()]

    def mapping(self, name: str) -> dict[str, Any] | None:
        value = self._parsed(name)
        if value is not None and not isinstance(value, dict):
            raise _mistyped(name, "an object")
        return value

    def sequence(self, name: str) -> list[Any] | None:
        value = self._parsed(name)
        if value is not None and not isinstance(value, list):
            raise _mistyped(name, "an array")
        return value

    def file(self, name: str) -> Upload | str | None:
        """The uploaded part itself, or what the parameter says instead (a file_id), or nothing."""
        if name in self._uploads:
            return self._uploads[name]
        said = self.text(name)
        if said and said.startswith("attach://"):
            return self._uploads.get(said.removeprefix("attach://"))
        return said or None

    def _parsed(self, name: str) -> object:
        value = self._values.get(name)
        try:
            parsed = json.loads(value or "null") if isinstance(value, str) else value
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None
        _encodable(json.dumps(parsed, ensure_ascii=False))
        return parsed


def _encodable(text: str) -> str:
    """JSON can spell half of a character; UTF-8 can't."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise bad_request("strings must be encoded in UTF-8")
    return text


def _mistyped(name: str, wanted: str) -> ApiError:
    return bad_request(f'parameter "{name}" must be {wanted}')
