"""What the real Bot API refuses, and with which words."""

import json
from typing import Any

import pytest

from hospital_bot.simulator import people
from hospital_bot.simulator.methods import answer
from hospital_bot.simulator.parameters import Upload
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.telegram import Telegram
from tests.clock import Clock
from tests.simulator.conftest import Call

TOO_OLD = "400 Bad Request: query is too old and response timeout expired or query ID is invalid"


def markup(**button: Any) -> str:
    return json.dumps({"inline_keyboard": [[button]]})


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "💊" * 2049}, "message is too long"),
        ({"text": "\ud800"}, "strings must be encoded in UTF-8"),
        ({"text": ["x"]}, 'parameter "text" must be a string'),
        ({"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ({"text": "x", "protect_content": "maybe"}, 'parameter "protect_content" must be a boolean'),
        ({"text": "x", "link_preview_options": "[]"}, 'parameter "link_preview_options" must be an object'),
        ({"text": "x", "entities": "{}"}, 'parameter "entities" must be an array'),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply markup JSON object"),
        ({"text": "x", "reply_markup": '{"a": 1}'}, "object expected as reply markup"),
        ({"text": "x", "reply_parameters": '{"message_id": 99}'}, "message to be replied not found"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "chat_id": "@hospital"}, "chat not found"),
        ({"text": "x", "chat_id": 5}, "chat not found"),
        ({"text": "x", "chat_id": "--5"}, "chat not found"),
        ({"text": "x", "reply_parameters": {"message_id": []}}, "message to be replied not found"),
        ({"text": "x", "reply_markup": '{"keyboard": [["\\ud800"]]}'}, "strings must be encoded in UTF-8"),
    ],
)
async def test_a_bad_message_is_refused(ann: Person, call: Call, values: Any, refusal: str) -> None:
    given = {"chat_id": ann.user.id, **values}
    assert await call("sendMessage", **given) == f"400 Bad Request: {refusal}"


@pytest.mark.parametrize("text", ["x" * 4096, "💊" * 2048, "<b>" + "x" * 4096 + "</b>"])
async def test_the_longest_text_is_taken(ann: Person, call: Call, text: str) -> None:
    sent = await call("sendMessage", chat_id=ann.user.id, text=text, parse_mode="HTML")
    assert len(sent["text"]) in {4096, 2048}


@pytest.mark.parametrize(
    ("reply_markup", "refusal"),
    [
        (markup(text="x", callback_data="é" * 33), "BUTTON_DATA_INVALID"),
        (markup(text="x", callback_data=""), "BUTTON_DATA_INVALID"),
        (
            markup(text="x"),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            markup(text="", callback_data="x"),
            'can\'t parse inline keyboard button: Field "text" must be a non-empty string',
        ),
        (
            markup(text="x", url="javascript:alert(1)"),
            "inline keyboard button URL 'javascript:alert(1)' is invalid: Wrong HTTP URL",
        ),
        (markup(text="x", url=5), "inline keyboard button URL '5' is invalid: Wrong HTTP URL"),
        (markup(text="x", copy_text={"text": ""}), "BUTTON_COPY_TEXT_INVALID"),
        (markup(text="x", copy_text="x"), "BUTTON_COPY_TEXT_INVALID"),
        ('{"inline_keyboard": {}}', 'field "keyboard" of the ReplyMarkup must be an Array of Arrays'),
        (
            json.dumps({"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 101]}),
            "REPLY_MARKUP_TOO_LONG",
        ),
        ('{"keyboard": [[{}]]}', 'can\'t parse keyboard button: Field "text" must be a non-empty string'),
    ],
)
async def test_a_bad_keyboard_is_refused(ann: Person, call: Call, reply_markup: str, refusal: str) -> None:
    refused = await call("sendMessage", chat_id=ann.user.id, text="x", reply_markup=reply_markup)
    assert refused == f"400 Bad Request: {refusal}"


async def test_64_bytes_of_button_data_are_taken(ann: Person, call: Call) -> None:
    sent = await call(
        "sendMessage", chat_id=ann.user.id, text="x", reply_markup=markup(text="x", callback_data="é" * 32)
    )
    assert sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "é" * 32


async def test_an_empty_inline_keyboard_is_none(ann: Person, call: Call) -> None:
    sent = await call("sendMessage", chat_id=ann.user.id, text="x", reply_markup='{"inline_keyboard": [[]]}')
    assert "reply_markup" not in sent


async def test_a_lost_reply_target_may_be_waived(ann: Person, call: Call) -> None:
    waived = {"message_id": 99, "allow_sending_without_reply": True}
    sent = await call("sendMessage", chat_id=ann.user.id, text="x", reply_parameters=waived)
    assert "reply_to_message" not in sent


async def test_a_person_who_never_wrote_can_not_be_written_to(telegram: Telegram, call: Call) -> None:
    bob = people.join(telegram, "Bob")
    refused = await call("sendMessage", chat_id=bob.user.id, text="x")
    assert refused == "403 Forbidden: bot can't initiate conversation with a user"


async def test_the_same_content_again_is_not_an_edit(ann: Person, call: Call) -> None:
    buttons = markup(text="x", callback_data="x")
    sent = await call("sendMessage", chat_id=ann.user.id, text="x", reply_markup=buttons)
    same = {"chat_id": ann.user.id, "message_id": sent["message_id"], "reply_markup": buttons}
    refusal = (
        "400 Bad Request: message is not modified: specified new message content and reply markup are exactly "
        "the same as a current content and reply markup of the message"
    )
    assert await call("editMessageText", text="x", **same) == refusal
    assert await call("editMessageReplyMarkup", **same) == refusal
    assert (await call("editMessageText", **same | {"text": "x", "reply_markup": ""}))["text"] == "x"


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"message_id": ""}, "message identifier is not specified"),
        ({"message_id": "x"}, 'parameter "message_id" must be an integer'),
        ({"message_id": 99}, "message to edit not found"),
        ({"message_id": 1}, "message can't be edited"),  # Ann's own
        ({"text": "x" * 4097}, "MESSAGE_TOO_LONG"),
        ({"reply_markup": '{"keyboard": [["x"]]}'}, "inline keyboard expected"),
    ],
)
async def test_a_bad_edit_is_refused(ann: Person, call: Call, values: Any, refusal: str) -> None:
    sent = await call("sendMessage", chat_id=ann.user.id, text="x")
    given = {"chat_id": ann.user.id, "message_id": sent["message_id"], "text": "y", **values}
    assert await call("editMessageText", **given) == f"400 Bad Request: {refusal}"


async def test_a_message_with_a_reply_keyboard_can_not_be_edited(ann: Person, call: Call) -> None:
    sent = await call("sendMessage", chat_id=ann.user.id, text="x", reply_markup='{"remove_keyboard": true}')
    refused = await call("editMessageText", chat_id=ann.user.id, message_id=sent["message_id"], text="y")
    assert refused == "400 Bad Request: message can't be edited"


async def test_text_and_caption_are_edited_by_their_own_methods(telegram: Telegram, ann: Person, call: Call) -> None:
    text = await call("sendMessage", chat_id=ann.user.id, text="x", reply_markup='{"force_reply": true}')
    text = await call("sendMessage", chat_id=ann.user.id, text="x")
    stored = telegram.store("noname", "text/plain", b"x")
    file = await call("sendDocument", chat_id=ann.user.id, document=stored.id)
    refused = [
        await call("editMessageCaption", chat_id=ann.user.id, message_id=text["message_id"], caption="y"),
        await call("editMessageText", chat_id=ann.user.id, message_id=file["message_id"], text="y"),
    ]
    assert refused == [
        "400 Bad Request: there is no caption in the message to edit",
        "400 Bad Request: there is no text in the message to edit",
    ]


async def test_a_message_is_deletable_for_48_hours(ann: Person, call: Call, clock: Clock) -> None:
    old, older = ann.sees()[0]["message_id"], await call("sendMessage", chat_id=ann.user.id, text="x")
    clock.turn(hours=48)
    assert await call("deleteMessage", chat_id=ann.user.id, message_id=old) is True
    clock.turn(seconds=1)
    refused = await call("deleteMessage", chat_id=ann.user.id, message_id=older["message_id"])
    assert refused == "400 Bad Request: message can't be deleted for everyone"
    await call("deleteMessages", chat_id=ann.user.id, message_ids=[older["message_id"]])
    assert len(ann.sees()) == 1


@pytest.mark.parametrize(
    ("method", "values", "refusal"),
    [
        ("deleteMessage", {"message_id": 99}, "message to delete not found"),
        ("deleteMessages", {}, "message identifiers are not specified"),
        ("deleteMessages", {"message_ids": [*range(101)]}, "too many message identifiers specified"),
        ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
        ("sendDocument", {}, "there is no document in the request"),
        ("sendDocument", {"document": "attach://nothing"}, "there is no document in the request"),
        ("sendDocument", {"document": "AgAD"}, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", {}, "there is no photo in the request"),
        ("getFile", {"file_id": "AgAD"}, "invalid file_id"),
        ("setMyCommands", {}, "commands are not specified"),
        ("setMyCommands", {"commands": [{}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ("setMyCommands", {"commands": ["x"]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{"command": "Buy!", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{"command": "buy"}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ("getMyCommands", {"scope": {"type": "x"}}, "can't parse BotCommandScope: unsupported type specified"),
        ("setMyDescription", {"description": "x" * 513}, "DESCRIPTION_TOO_LONG"),
        ("setMyShortDescription", {"short_description": "x" * 121}, "SHORT_DESCRIPTION_TOO_LONG"),
        ("setWebhook", {"url": "https://example.org/"}, "bad webhook: the simulator posts to this machine only"),
        (
            "setWebhook",
            {"url": "http://127.0.0.1:1/", "secret_token": "ä"},
            "secret token contains unallowed characters",
        ),
    ],
)
async def test_a_bad_request_is_refused(ann: Person, call: Call, method: str, values: Any, refusal: str) -> None:
    assert await call(method, chat_id=ann.user.id, **values) == f"400 Bad Request: {refusal}"


@pytest.mark.parametrize(
    ("method", "content", "refusal"),
    [
        ("sendDocument", b"", "Bad Request: file must be non-empty"),
        ("sendPhoto", b"GIF89a", "Bad Request: IMAGE_PROCESS_FAILED"),
        ("sendPhoto", b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), "Request Entity Too Large"),
    ],
)
async def test_a_bad_upload_is_refused(
    telegram: Telegram, ann: Person, method: str, content: bytes, refusal: str
) -> None:
    uploads = {method.removeprefix("send").lower(): Upload("x", content)}
    refused = await answer(telegram, telegram.token, method, {"chat_id": ann.user.id}, uploads)
    assert refused.body["description"] == refusal


async def test_a_caption_ends_at_1024_characters(telegram: Telegram, ann: Person, call: Call) -> None:
    given = {"chat_id": ann.user.id, "document": telegram.store("x.pdf", "application/pdf", b"x").id}
    assert (await call("sendDocument", caption="x" * 1024, **given))["caption"] == "x" * 1024
    refused = await call("sendDocument", caption="x" * 1025, **given)
    assert refused == "400 Bad Request: message caption is too long"


async def test_a_tap_can_be_answered_for_150_seconds(telegram: Telegram, ann: Person, call: Call, clock: Clock) -> None:
    tap_id = ann.forges("x", 1).tap_id
    clock.turn(seconds=150)
    assert await call("answerCallbackQuery", callback_query_id=tap_id) is True
    clock.turn(seconds=1)
    assert await call("answerCallbackQuery", callback_query_id=tap_id) == TOO_OLD


async def test_an_unknown_tap_can_not_be_answered(call: Call) -> None:
    assert await call("answerCallbackQuery", callback_query_id="5") == TOO_OLD


async def test_a_toast_has_at_most_200_characters(ann: Person, call: Call) -> None:
    tap_id = ann.forges("x", 1).tap_id
    refused = await call("answerCallbackQuery", callback_query_id=tap_id, text="x" * 201)
    assert refused == "400 Bad Request: MESSAGE_TOO_LONG"


async def test_in_a_group_the_bot_deletes_only_its_own(telegram: Telegram, ann: Person, call: Call) -> None:
    group = people.found_group(telegram, "Family", [ann.user.id])
    said = ann.says("hello", chat_id=group.id).message_id
    sent = await call("sendMessage", chat_id=group.id, text="x")
    refused = await call("deleteMessage", chat_id=group.id, message_id=said)
    assert refused == "400 Bad Request: message can't be deleted for everyone"
    assert await call("deleteMessage", chat_id=group.id, message_id=sent["message_id"]) is True


@pytest.mark.parametrize(("token", "status"), [("nonsense", 404), ("1:", 404), ("7000000001:guess", 401)])
async def test_tokens_are_refused_by_form_and_by_value(telegram: Telegram, token: str, status: int) -> None:
    assert (await answer(telegram, token, "getMe", {})).status == status
