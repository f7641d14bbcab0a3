"""The people's side over HTTP, and the server's door."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from hospital_bot.simulator import server
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.telegram import Telegram
from tests.simulator.conftest import Call

YES = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}


@pytest.fixture
async def http(telegram: Telegram, mailbox: Mailbox) -> AsyncIterator[httpx.AsyncClient]:
    app = httpx.ASGITransport(server.create_app(telegram, mailbox))
    async with httpx.AsyncClient(transport=app, base_url="http://127.0.0.1") as http:
        yield http


async def test_somebody_joins_and_is_listed(http: httpx.AsyncClient) -> None:
    bob = (await http.post("/sim/people", json={"name": "Bob", "language": "de", "phone": "+491511"})).json()
    assert (bob["first_name"], bob["language_code"], bob["phone_number"]) == ("Bob", "de", "+491511")
    assert (await http.get("/sim/people")).json() == [bob]


async def test_an_action_reaches_the_bot_and_its_outcome_is_told(
    http: httpx.AsyncClient, telegram: Telegram, ann: Person, call: Call
) -> None:
    done = (await http.post(f"/sim/people/{ann.user.id}/says", json={"text": "hi"})).json()
    before = (await http.post("/sim/outcome", json=done)).json()
    await call("sendMessage", chat_id=ann.user.id, text="hello", reply_markup={"keyboard": [["x"]]})
    telegram.inbox.take()
    after = (await http.post("/sim/outcome", json=done)).json()
    assert before == {"is_dealt_with": False, "is_answered": False, "toast": None}
    assert after == {"is_dealt_with": True, "is_answered": True, "toast": None}


async def test_the_screen_shows_messages_and_keyboard(http: httpx.AsyncClient, ann: Person, call: Call) -> None:
    await call("sendMessage", chat_id=ann.user.id, text="hello", reply_markup={"keyboard": [["x"]]})
    screen = (await http.get(f"/sim/people/{ann.user.id}/messages")).json()
    chats = (await http.get(f"/sim/people/{ann.user.id}/chats")).json()
    assert [message["text"] for message in screen] == ["/start", "hello"]
    assert screen[1]["keyboard"] == chats[0]["keyboard"] == {"keyboard": [[{"text": "x"}]]}


async def test_a_tap_shows_what_answered_it(http: httpx.AsyncClient, ann: Person, call: Call) -> None:
    sent = await call("sendMessage", chat_id=ann.user.id, text="Sure?", reply_markup=YES)
    tapped = await http.post(f"/sim/people/{ann.user.id}/taps", json={"message_id": sent["message_id"], "label": "Yes"})
    tap_id = tapped.json()["tap_id"]
    await call("answerCallbackQuery", callback_query_id=tap_id, text="Booked")
    tap = (await http.get(f"/sim/taps/{tap_id}")).json()
    outcome = (await http.post("/sim/outcome", json=tapped.json())).json()
    assert tap["answers"] == [{"text": "Booked", "show_alert": False}]
    assert outcome["toast"] == tap["answers"][0]


async def test_a_group_is_founded(http: httpx.AsyncClient, ann: Person) -> None:
    group = (await http.post("/sim/groups", json={"title": "Family", "members": [ann.user.id]})).json()
    chats = (await http.get(f"/sim/people/{ann.user.id}/chats")).json()
    assert [chat["id"] for chat in chats] == [ann.user.id, group["id"]]


async def test_a_file_is_downloaded(http: httpx.AsyncClient, telegram: Telegram) -> None:
    stored = telegram.store("визит.ics", "text/calendar", b"BEGIN")
    got = await http.get(f"/sim/files/{stored.id}")
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%D0%B2")
    assert (got.content, got.headers["content-type"]) == (b"BEGIN", "text/calendar; charset=utf-8")


async def test_mail_is_read_and_thrown_away(http: httpx.AsyncClient, mailbox: Mailbox) -> None:
    mailbox.receive("bot@x.org", ["ann@x.org"], b"Subject: Hi\r\n\r\n123456")
    assert (await http.get("/sim/mailbox")).json()[0]["code"] == "123456"
    assert (await http.get("/sim/mailbox?to=bob@x.org")).json() == []
    await http.delete("/sim/mailbox")
    assert (await http.get("/sim/mailbox")).json() == []


async def test_trouble_is_ordered_and_called_off(http: httpx.AsyncClient, telegram: Telegram) -> None:
    me = f"/bot{telegram.token}/getMe"
    await http.post("/sim/faults", json={"retry_after": 3, "times": None})
    assert (await http.get(me)).json()["parameters"] == {"retry_after": 3}
    await http.delete("/sim/faults")
    assert (await http.get(me)).json()["ok"] is True


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/sim/people", {}, 400),
        ("POST", "/sim/people", [], 400),
        ("POST", "/sim/people/5/says", {"text": "x"}, 400),
        ("POST", "/sim/people/100000001/dances", {}, 400),
        ("POST", "/sim/people/100000001/says", {"text": 5}, 400),
        ("POST", "/sim/people/100000001/says", {"words": "x"}, 400),
        ("POST", "/sim/people/100000001/says", {"text": "\ud800"}, 400),
        ("POST", "/sim/outcome", {}, 400),
        ("POST", "/sim/faults", {"status": "bad"}, 400),
        ("GET", "/sim/people/100000001/messages?chat_id=x", None, 400),
        ("GET", "/sim/taps/5", None, 404),
        ("GET", "/sim/files/5", None, 404),
    ],
)
async def test_what_can_not_be_done_is_refused_with_a_reason(
    http: httpx.AsyncClient, ann: Person, method: str, path: str, body: object, status: int
) -> None:
    content = None if body is None else json.dumps(body)
    refused = await http.request(method, path, content=content)
    assert refused.status_code == status
    assert refused.json()["error"]


async def test_broken_json_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.post("/sim/people", content=b"{")).status_code == 400


async def test_parameters_come_as_query_form_or_json(http: httpx.AsyncClient, telegram: Telegram, ann: Person) -> None:
    url, given = f"/bot{telegram.token}/sendMessage", {"chat_id": str(ann.user.id), "text": "x"}
    answers = [
        await http.get(url, params=given),
        await http.post(url, data=given),
        await http.post(url, json=given),
        await http.post(url, json={"text": "x"}, params={"chat_id": ann.user.id}),
    ]
    assert [answer.json()["ok"] for answer in answers] == [True] * 4


@pytest.mark.parametrize("body", [b"{", b"[]"])
async def test_a_broken_json_request_is_refused(http: httpx.AsyncClient, telegram: Telegram, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    refused = await http.post(f"/bot{telegram.token}/getMe", content=body, headers=headers)
    assert refused.json()["description"] == "Bad Request: can't parse JSON encoded request"


async def test_another_host_name_is_not_served(http: httpx.AsyncClient) -> None:
    assert (await http.get("/sim/people", headers={"host": "evil.example"})).status_code == 400
