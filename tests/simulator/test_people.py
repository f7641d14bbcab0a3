"""What people can do, and what the bot hears of it."""

from typing import Any

import pytest

from hospital_bot.simulator import people
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.refusals import Impossible, Json
from hospital_bot.simulator.telegram import Telegram
from tests.simulator.conftest import Call

YES = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}, {"text": "Map", "url": "https://x.org"}]]}


def heard(telegram: Telegram) -> list[Json]:
    """The updates the bot has not seen, without their ids."""
    return [{update.kind: update.body} for update in telegram.inbox.take()]


async def ask(call: Call, person: Person, **values: Any) -> int:
    sent = await call("sendMessage", chat_id=person.user.id, text="Sure?", **values)
    return int(sent["message_id"])


def test_a_typed_text_carries_its_sender_and_commands(telegram: Telegram, ann: Person) -> None:
    ann.says(" /book now ")
    message = heard(telegram)[0]["message"]
    assert (message["text"], message["from"]["username"]) == ("/book now", "ann")
    assert message["chat"] == {"id": ann.user.id, "type": "private", "first_name": "Ann", "username": "ann"}
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 5}]


def test_a_link_starts_the_bot_with_its_payload(telegram: Telegram, ann: Person) -> None:
    ann.starts("visit-7")
    ann.starts()
    assert [update["message"]["text"] for update in heard(telegram)] == ["/start visit-7", "/start"]


def test_a_long_text_arrives_in_pieces(telegram: Telegram, ann: Person) -> None:
    ann.says("x" * 5000)
    assert [len(update["message"]["text"]) for update in heard(telegram)] == [4096, 904]


async def test_a_tap_names_the_button_and_the_message(telegram: Telegram, ann: Person, call: Call) -> None:
    message_id = await ask(call, ann, reply_markup=YES)
    ann.taps(message_id, data="yes")
    query = heard(telegram)[0]["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("yes", message_id)


async def test_a_message_that_is_gone_is_inaccessible(telegram: Telegram, ann: Person, call: Call) -> None:
    message_id = await ask(call, ann, reply_markup=YES)
    ann.forges("yes", message_id, is_inaccessible=True)
    ann.forges("yes", 4711)
    assert [update["callback_query"]["message"]["date"] for update in heard(telegram)] == [0, 0]


async def test_pressing_a_key_sends_its_label_or_the_contact(telegram: Telegram, ann: Person, call: Call) -> None:
    keys = [["Skip", {"text": "My number", "request_contact": True}]]
    await ask(call, ann, reply_markup={"keyboard": keys, "one_time_keyboard": True})
    ann.presses("My number")
    await ask(call, ann, reply_markup={"keyboard": keys})
    ann.presses("Skip")
    contact, text = (update["message"] for update in heard(telegram))
    assert (contact["contact"]["user_id"], text["text"]) == (ann.user.id, "Skip")


async def test_a_one_time_keyboard_is_gone_after_a_key(ann: Person, call: Call) -> None:
    await ask(call, ann, reply_markup={"keyboard": [["Skip"]], "one_time_keyboard": True})
    ann.presses("Skip")
    with pytest.raises(Impossible, match="no key 'Skip'"):
        ann.presses("Skip")


def test_somebody_elses_contact_can_be_shared(telegram: Telegram, ann: Person) -> None:
    ann.shares_contact(phone="+4915112345", name="Bob")
    ann.shares_contact(user_id=5)
    first, second = (update["message"]["contact"] for update in heard(telegram))
    assert first == {"phone_number": "4915112345", "first_name": "Bob"}
    assert second["user_id"] == 5


@pytest.mark.parametrize("kind", ["sticker", "photo", "voice", "document", "location"])
def test_anything_can_be_sent(telegram: Telegram, ann: Person, kind: people.MediaKind) -> None:
    ann.sends(kind, caption="Look")
    assert kind in heard(telegram)[0]["message"]


def test_a_photo_may_have_a_caption(telegram: Telegram, ann: Person) -> None:
    ann.sends("photo", caption="Look")
    assert heard(telegram)[0]["message"]["caption"] == "Look"


def test_an_edited_message_is_told_as_such(telegram: Telegram, ann: Person) -> None:
    said = ann.says("/bok").message_id or 0
    ann.edits(said, "/book")
    ann.edits(said, "plain")
    assert [[*update] for update in heard(telegram)] == [["message"], ["edited_message"], ["edited_message"]]


def test_bots_are_not_told_of_a_deleted_message(telegram: Telegram, ann: Person) -> None:
    ann.deletes(ann.sees()[0]["message_id"])
    assert (ann.sees(), heard(telegram)) == ([], [])


def test_blocking_and_unblocking_change_the_membership(telegram: Telegram, ann: Person) -> None:
    ann.blocks()
    ann.unblocks()
    changes = [update["my_chat_member"]["new_chat_member"] for update in heard(telegram)]
    assert [change["status"] for change in changes] == ["kicked", "member"]
    assert changes[0]["until_date"] == 0


def test_a_blocked_bot_hears_nothing(ann: Person) -> None:
    ann.blocks()
    with pytest.raises(Impossible, match="blocked"):
        ann.says("hello?")
    with pytest.raises(Impossible, match="blocked"):
        ann.forges("x", 1)


async def test_in_a_group_the_bot_hears_what_concerns_it(telegram: Telegram, ann: Person, call: Call) -> None:
    group = people.found_group(telegram, "Family", [ann.user.id])
    asked = (await call("sendMessage", chat_id=group.id, text="Yes?"))["message_id"]
    ann.says("hello all", chat_id=group.id)
    ann.says("/start", chat_id=group.id)
    ann.says("hello @hospital_bot", chat_id=group.id)
    ann.says("sure", chat_id=group.id, reply_to=asked)
    added, *messages = heard(telegram)
    assert added["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert [update["message"]["text"] for update in messages] == ["/start", "hello @hospital_bot", "sure"]
    assert messages[0]["message"]["chat"] == {"id": group.id, "type": "group", "title": "Family"}


def test_without_privacy_mode_the_bot_hears_all(telegram: Telegram, ann: Person) -> None:
    group = people.found_group(telegram, "Family", [ann.user.id])
    telegram.sees_all_group_messages = True
    ann.says("hello all", chat_id=group.id)
    assert "message" in heard(telegram)[1]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (lambda ann: ann.says("  "), "empty text"),
        (lambda ann: ann.taps(1, label="Yes"), "no button 'Yes'"),
        (lambda ann: ann.taps(4711, data="yes"), "no button 'yes'"),
        (lambda ann: ann.presses("Skip"), "no key 'Skip'"),
        (lambda ann: ann.edits(4711, "x"), "is not Ann's"),
        (lambda ann: ann.says("x", chat_id=5), "no chat has the id 5"),
        (lambda ann: ann.telegram.user(5), "nobody has the id 5"),
    ],
)
def test_what_no_app_offers_is_impossible(ann: Person, what: Any, why: str) -> None:
    with pytest.raises(Impossible, match=why):
        what(ann)


async def test_link_buttons_and_others_messages_are_out_of_reach(telegram: Telegram, ann: Person, call: Call) -> None:
    message_id, bob = await ask(call, ann, reply_markup=YES), people.join(telegram, "Bob")
    with pytest.raises(Impossible, match="no button 'Map'"):
        ann.taps(message_id, label="Map")
    with pytest.raises(Impossible, match="is not Ann's"):
        ann.deletes(message_id)
    with pytest.raises(Impossible, match="Bob is not in chat"):
        bob.says("hello", chat_id=ann.user.id)
