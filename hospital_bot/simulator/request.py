"""python-telegram-bot's way to the simulator without a network: `Bot(token, request=SimulatorRequest(telegram))`."""

import json
from urllib.parse import unquote, urlsplit

from telegram import error
from telegram._utils.types import ODVInput
from telegram.request import BaseRequest, RequestData

from hospital_bot.simulator import methods
from hospital_bot.simulator.parameters import Upload
from hospital_bot.simulator.refusals import ApiError, Hung
from hospital_bot.simulator.telegram import Telegram


class SimulatorRequest(BaseRequest):
    """Hands each request to the simulator in the form that the wire would have given it."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    @property
    def read_timeout(self) -> float:
        return 5.0

    async def initialize(self) -> None:
        """There is no connection to open."""

    async def shutdown(self) -> None:
        """There is no connection to close."""

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002 - the simulator takes GET and POST alike
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        path = unquote(urlsplit(url).path).lstrip("/")
        if path.startswith("file/bot"):
            return self._file(path.removeprefix("file/bot"))
        token, _, name = path.removeprefix("bot").partition("/")
        values = request_data.json_parameters if request_data else {}
        try:
            answer = await methods.answer(self._telegram, token, name, values, _uploads(request_data))
        except Hung as hung:
            raise error.TimedOut from hung
        return answer.status, json.dumps(answer.body).encode()

    def _file(self, path: str) -> tuple[int, bytes]:
        token, _, file_path = path.partition("/")
        try:
            return 200, methods.file_content(self._telegram, token, file_path).content
        except ApiError as refusal:
            return refusal.code, json.dumps(refusal.json()).encode()


def _uploads(request_data: RequestData | None) -> dict[str, Upload]:
    parts = request_data.multipart_data if request_data else {}
    return {name: _upload(part) for name, part in parts.items()}


def _upload(part: tuple[str, object, str]) -> Upload:
    name, content, mime_type = part
    return Upload(name, content if isinstance(content, bytes) else content.read(), mime_type)  # type: ignore[attr-defined]
