"""The people's side over HTTP: JSON under ``/sim``, for the chat page, scripts and `lines.HttpLine`.

    GET, POST /sim/people                     everybody; somebody new: name, username, language, phone
    GET  /sim/people/{id}/chats               chats with their reply keyboard
    GET  /sim/people/{id}/messages?chat_id=   what the screen shows
    POST /sim/people/{id}/{action}            `acts.ACTIONS`: says, taps, …; answers what it caused
    POST /sim/outcome                         how far the bot is with that
    POST /sim/groups                          title, members
    GET  /sim/taps/{id}                       a tap and what answered it
    GET  /sim/files/{id}                      a file's content
    GET, DELETE /sim/mailbox?to=              the mail
    POST, DELETE /sim/faults                  trouble on demand: the fields of `limits.Fault`

What can't be done answers 400 with ``{"error": …}``.
"""

from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError, validate_call
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hospital_bot.simulator import acts, people
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.people import Done, Person
from hospital_bot.simulator.refusals import Impossible, Json
from hospital_bot.simulator.telegram import Telegram

_checked = validate_call(config={"arbitrary_types_allowed": True})
join = _checked(people.join)
found_group = _checked(people.found_group)


class PeopleApi:
    def __init__(self, telegram: Telegram, mailbox: Mailbox) -> None:
        self._telegram = telegram
        self._mailbox = mailbox

    def routes(self) -> list[Route]:
        return [
            Route("/sim/people", self.everybody, methods=["GET"]),
            Route("/sim/people", self.join, methods=["POST"]),
            Route("/sim/people/{person_id:int}/chats", self.chats, methods=["GET"]),
            Route("/sim/people/{person_id:int}/messages", self.messages, methods=["GET"]),
            Route("/sim/people/{person_id:int}/{action}", self.act, methods=["POST"]),
            Route("/sim/outcome", self.outcome, methods=["POST"]),
            Route("/sim/groups", self.found_group, methods=["POST"]),
            Route("/sim/taps/{tap_id}", self.tap, methods=["GET"]),
            Route("/sim/files/{file_id}", self.file, methods=["GET"]),
            Route("/sim/mailbox", self.mail, methods=["GET"]),
            Route("/sim/mailbox", self.empty_mailbox, methods=["DELETE"]),
            Route("/sim/faults", self.cause_fault, methods=["POST"]),
            Route("/sim/faults", self.clear_faults, methods=["DELETE"]),
        ]

    async def everybody(self, _request: Request) -> Response:
        return JSONResponse([_shown(self._telegram, user.id) for user in self._telegram.people()])

    async def join(self, request: Request) -> Response:
        person = join(self._telegram, **await json_object(request))
        return JSONResponse(_shown(self._telegram, person.user.id))

    async def chats(self, request: Request) -> Response:
        person_id = request.path_params["person_id"]
        return JSONResponse(
            [
                {
                    **self._telegram.chat_json(chat),
                    "keyboard": chat.keyboard,
                    "is_started": chat.is_started,
                    "is_blocked": chat.is_blocked,
                }
                for chat in self._telegram.chats.values()
                if person_id in chat.members
            ]
        )

    async def messages(self, request: Request) -> Response:
        person = Person(self._telegram, self._telegram.user(request.path_params["person_id"]))
        return JSONResponse(person.sees(int(request.query_params.get("chat_id", person.user.id))))

    async def act(self, request: Request) -> Response:
        person_id, action = request.path_params["person_id"], request.path_params["action"]
        return JSONResponse(asdict(acts.perform(self._telegram, person_id, action, await json_object(request))))

    async def outcome(self, request: Request) -> Response:
        done = TypeAdapter(Done).validate_python(await json_object(request))
        return JSONResponse(asdict(acts.outcome(self._telegram, done)))

    async def found_group(self, request: Request) -> Response:
        group = found_group(self._telegram, **await json_object(request))
        return JSONResponse(self._telegram.chat_json(group))

    async def tap(self, request: Request) -> Response:
        tap = self._telegram.taps.get(request.path_params["tap_id"])
        return JSONResponse(asdict(tap)) if tap else _nothing("tap")

    async def file(self, request: Request) -> Response:
        stored = self._telegram.files.get(request.path_params["file_id"])
        if stored is None:
            return _nothing("file")
        # never shown as a page of the simulator's own, whatever somebody sent
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(stored.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(stored.content, media_type=stored.mime_type, headers=headers)

    async def mail(self, request: Request) -> Response:
        to = request.query_params.get("to")
        letters = self._mailbox.to(to) if to else self._mailbox.letters
        return JSONResponse([asdict(letter) for letter in letters])

    async def empty_mailbox(self, _request: Request) -> Response:
        self._mailbox.clear()
        return JSONResponse({})

    async def cause_fault(self, request: Request) -> Response:
        self._telegram.limits.force(TypeAdapter(Fault).validate_python(await json_object(request)))
        return JSONResponse({})

    async def clear_faults(self, _request: Request) -> Response:
        self._telegram.limits.clear()
        return JSONResponse({})


async def refuse(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


REFUSED: dict[Any, Any] = {Impossible: refuse, ValidationError: refuse, ValueError: refuse}


def _nothing(what: str) -> Response:
    return JSONResponse({"error": f"no such {what}"}, 404)


def _shown(telegram: Telegram, user_id: int) -> Json:
    user = telegram.user(user_id)
    return {**user.json(), "phone_number": user.phone_number}


async def json_object(request: Request) -> Json:
    """The body; an empty one is an empty object. Raises Impossible, ValueError."""
    body = await request.json() if await request.body() else {}
    if not isinstance(body, dict):
        raise Impossible("the body must be a JSON object")
    return body
