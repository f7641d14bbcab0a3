"""How the simulated Telegram says no: to the bot (`ApiError`), and to a person (`Impossible`).

The codes and descriptions are the ones the real Bot API answers with.
"""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An answer with ``ok: false``; ``code`` is also the HTTP status."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def json(self) -> Json:
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


class Hung(Exception):
    """The request gets no answer within ``seconds``; it may or may not have been carried out."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer for {seconds} s")
        self.seconds = seconds


class Impossible(Exception):
    """A Telegram app would not let a person do this."""


def bad_request(what: str) -> ApiError:
    return ApiError(400, f"Bad Request: {what}")


def forbidden(what: str) -> ApiError:
    return ApiError(403, f"Forbidden: {what}")


def too_many_requests(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})
