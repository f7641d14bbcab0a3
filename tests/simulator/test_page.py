"""The chat page's door: files, headers, events, the clock."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from hospital_bot.simulator import people, server
from hospital_bot.simulator.backstage import Backstage, next_morning
from hospital_bot.simulator.events import Events
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.refusals import Json
from hospital_bot.simulator.telegram import Telegram
from tests.clock import Clock
from tests.simulator.conftest import Call

BERLIN = ZoneInfo("Europe/Berlin")


class Turnable:
    def __init__(self, clock: Clock) -> None:
        self.now = clock
        self.turn = lambda forward: clock.turn(seconds=forward.total_seconds())


@pytest.fixture
def backstage(clock: Clock) -> Backstage:
    return Backstage("St. Brigid's", BERLIN, clock=Turnable(clock))


@pytest.fixture
async def http(telegram: Telegram, mailbox: Mailbox, backstage: Backstage) -> AsyncIterator[httpx.AsyncClient]:
    app = httpx.ASGITransport(server.create_app(telegram, mailbox, backstage))
    async with httpx.AsyncClient(transport=app, base_url="http://127.0.0.1") as http:
        yield http


@pytest.fixture
def events(telegram: Telegram, mailbox: Mailbox, backstage: Backstage) -> Events:
    return Events(telegram, mailbox, backstage)


async def heard(stream: AsyncIterator[str]) -> Json:
    event: Json = json.loads((await anext(stream)).rpartition("data: ")[2])
    return event


async def test_the_page_and_its_files_are_served(http: httpx.AsyncClient) -> None:
    assert "<title>" in (await http.get("/")).text
    assert "javascript" in (await http.get("/page/main.js")).headers["content-type"]
    assert (await http.get("/page/../server.py")).status_code == 404
    assert (await http.get("/page/%2e%2e/server.py")).status_code == 404


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/sim/people", "/nowhere"])
async def test_every_answer_forbids_foreign_and_inline_code(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 200), ("none", 200), (None, 200), ("same-site", 403), ("cross-site", 403)]
)
async def test_another_sites_page_can_do_nothing_here(http: httpx.AsyncClient, site: str | None, status: int) -> None:
    headers = {"Sec-Fetch-Site": site} if site else {}
    assert (await http.post("/sim/people", json={"name": "Eve"}, headers=headers)).status_code == status


async def test_a_link_from_elsewhere_opens_the_page(http: httpx.AsyncClient) -> None:
    assert (await http.get("/", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 200


@pytest.mark.parametrize(
    ("forward", "then"), [("1h", "2026-11-23T11:00+00:00"), ("next_morning", "2026-11-24T06:00+00:00")]
)
async def test_the_clock_is_turned_for_everybody(
    http: httpx.AsyncClient, telegram: Telegram, forward: str, then: str
) -> None:
    told = (await http.post("/sim/clock", json={"forward": forward})).json()
    assert telegram.clock() == datetime.fromisoformat(then)
    assert told == {"now": telegram.now(), "zone": "Europe/Berlin", "can_turn": True}


@pytest.mark.parametrize("forward", ["-1h", None, 5, "next_visit"])
async def test_the_clock_is_not_turned_to_nowhere(http: httpx.AsyncClient, clock: Clock, forward: object) -> None:
    before = clock()
    assert (await http.post("/sim/clock", json={"forward": forward})).status_code == 400
    assert clock() == before


async def test_a_clock_that_was_not_lent_can_not_be_turned(telegram: Telegram, mailbox: Mailbox, clock: Clock) -> None:
    before = clock()
    app = httpx.ASGITransport(server.create_app(telegram, mailbox))
    async with httpx.AsyncClient(transport=app, base_url="http://127.0.0.1") as http:
        refused = await http.post("/sim/clock", json={"forward": "1h"})
    assert (refused.status_code, clock()) == (404, before)


async def test_the_next_visit_is_approached_then_reached(
    http: httpx.AsyncClient, backstage: Backstage, clock: Clock
) -> None:
    visit = clock() + timedelta(days=3)
    backstage.next_visit = lambda: visit
    await http.post("/sim/clock", json={"forward": "next_visit"})
    assert clock() == visit - timedelta(minutes=10)
    await http.post("/sim/clock", json={"forward": "next_visit"})
    assert clock() == visit
    assert (await http.post("/sim/clock", json={"forward": "next_visit"})).json() == {
        "error": "No visit is booked yet."
    }


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2026-11-23T05:59", "2026-11-23T06:00"),
        ("2026-11-23T06:00", "2026-11-24T06:00"),
        ("2026-10-24T20:00", "2026-10-25T06:00"),  # the night when the clocks go back
        ("2026-03-28T20:00", "2026-03-29T05:00"),  # and forward
    ],
)
def test_the_next_morning_is_the_hospitals(now: str, morning: str) -> None:
    found = next_morning(datetime.fromisoformat(now).replace(tzinfo=UTC), BERLIN, Backstage().morning)
    assert found == datetime.fromisoformat(morning).replace(tzinfo=UTC)


async def test_the_stream_begins_with_the_whole_world(events: Events, ann: Person, mailbox: Mailbox) -> None:
    mailbox.receive("bot@x.org", ["ann@x.org"], b"Subject: Hi\r\n\r\n123456")
    world = await heard(events.stream())
    assert [message["text"] for message in world["phones"][0]["messages"]] == ["/start"]
    assert world["letters"][0]["code"] == "123456"
    assert (world["hospital"], world["clock"]["zone"]) == ("St. Brigid's", "Europe/Berlin")


async def test_every_change_follows(
    events: Events, telegram: Telegram, mailbox: Mailbox, ann: Person, call: Call
) -> None:
    stream = events.stream()
    await heard(stream)
    sent = await call("sendMessage", chat_id=ann.user.id, text="Sure?", reply_markup={"keyboard": [["Yes"]]})
    await call("deleteMessage", chat_id=ann.user.id, message_id=sent["message_id"])
    await call("setMyCommands", commands=[{"command": "book", "description": "Book"}])
    ann.blocks()
    people.join(telegram, "Ben")
    mailbox.clear()

    message, deleted, profile, blocked, joined, mail = [await heard(stream) for _ in range(6)]
    assert (message["kind"], message["message"]["text"]) == ("sent", "Sure?")
    assert message["phone"]["keyboard"] == {"keyboard": [[{"text": "Yes"}]]}
    assert (deleted["kind"], deleted["message_id"]) == ("deleted", sent["message_id"])
    assert profile["phone"]["commands"] == [{"command": "book", "description": "Book"}]
    assert (blocked["kind"], blocked["phone"]["is_blocked"]) == ("changed", True)
    assert joined["phone"]["name"] == "Ben"
    assert mail == {"kind": "mail", "letters": []}


async def test_a_tap_is_told_with_its_first_answer(events: Events, ann: Person, call: Call) -> None:
    stream = events.stream()
    await heard(stream)
    done = ann.forges("x", 1)
    await call("answerCallbackQuery", callback_query_id=done.tap_id, text="Booked")
    await call("answerCallbackQuery", callback_query_id=done.tap_id, text="Again")
    first, second = await heard(stream), await heard(stream)
    assert first["answer"] == second["answer"] == {"text": "Booked", "show_alert": False}


async def test_what_happens_in_groups_is_not_the_pages(
    events: Events, telegram: Telegram, ann: Person, call: Call
) -> None:
    group = people.found_group(telegram, "Family", [ann.user.id])
    stream = events.stream()
    await heard(stream)
    await call("sendMessage", chat_id=group.id, text="not here")
    await call("sendMessage", chat_id=ann.user.id, text="here")
    assert (await heard(stream))["message"]["text"] == "here"


async def test_the_streams_end_with_the_server(events: Events) -> None:
    stream = events.stream()
    await heard(stream)
    events.close()
    assert [line async for line in stream] == []


async def test_the_narrowest_command_menu_is_shown(events: Events, ann: Person, call: Call) -> None:
    for name, scope, language in (
        ("default", {"type": "default"}, None),
        ("english", {"type": "all_private_chats"}, "en"),
        ("anns", {"type": "chat", "chat_id": ann.user.id}, None),
    ):
        await call(
            "setMyCommands", commands=[{"command": name, "description": "x"}], scope=scope, language_code=language
        )
        assert [each["command"] for each in events.phone(ann.user)["commands"]] == [name]
