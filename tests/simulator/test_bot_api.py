"""The methods as python-telegram-bot calls them, in the same process and over HTTP."""

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest, Forbidden, InvalidToken

from hospital_bot.simulator.people import Person
from hospital_bot.simulator.telegram import Telegram
from tests.simulator.conftest import Call

PNG = b"\x89PNG\r\n\x1a\n and the rest"
YES = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes")]])


async def test_the_bot_knows_itself(either_bot: Bot) -> None:
    me = await either_bot.get_me()
    assert (me.username, me.is_bot, me.can_read_all_group_messages) == ("hospital_bot", True, False)


async def test_a_message_reaches_the_screen(either_bot: Bot, ann: Person) -> None:
    sent = await either_bot.send_message(
        ann.user.id,
        "Dear <b>Ann</b> & co.",
        parse_mode="HTML",
        reply_markup=YES,
        protect_content=True,
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    shown = ann.sees()[-1]
    assert (shown["text"], shown["has_protected_content"]) == ("Dear Ann & co.", True)
    assert shown["reply_markup"]["inline_keyboard"] == [[{"text": "Yes", "callback_data": "yes"}]]
    assert (sent.message_id, sent.text_html) == (shown["message_id"], "Dear <b>Ann</b> &amp; co.")


async def test_an_edit_without_markup_takes_the_buttons_away(either_bot: Bot, ann: Person) -> None:
    sent = await either_bot.send_message(ann.user.id, "Sure?", reply_markup=YES)
    await either_bot.edit_message_text("Done", ann.user.id, sent.message_id)
    shown = ann.sees()[-1]
    assert shown["text"] == "Done"
    assert "edit_date" in shown
    assert "reply_markup" not in shown


async def test_the_markup_alone_can_be_edited(either_bot: Bot, ann: Person) -> None:
    sent = await either_bot.send_message(ann.user.id, "Sure?", reply_markup=YES)
    await either_bot.edit_message_reply_markup(ann.user.id, sent.message_id)
    assert "reply_markup" not in ann.sees()[-1]


async def test_a_document_goes_out_and_its_bytes_come_back(either_bot: Bot, ann: Person) -> None:
    sent = await either_bot.send_document(
        ann.user.id, b"BEGIN:VCALENDAR", filename="визит.ics", caption="<i>Your visit</i>", parse_mode="HTML"
    )
    assert sent.document is not None
    assert (sent.document.file_name, sent.caption) == ("визит.ics", "Your visit")
    file = await either_bot.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"BEGIN:VCALENDAR"


async def test_a_sent_file_can_be_sent_again_by_its_id(either_bot: Bot, ann: Person) -> None:
    first = await either_bot.send_photo(ann.user.id, PNG, caption="Scan me")
    again = await either_bot.send_photo(ann.user.id, first.photo[0].file_id)
    assert again.photo[0].file_id == first.photo[0].file_id


async def test_a_caption_can_be_edited(either_bot: Bot, ann: Person) -> None:
    sent = await either_bot.send_photo(ann.user.id, PNG, caption="Scan me")
    await either_bot.edit_message_caption(ann.user.id, sent.message_id, caption="Expired")
    assert ann.sees()[-1]["caption"] == "Expired"
    assert "photo" in ann.sees()[-1]


async def test_messages_are_deleted_one_by_one_and_in_bulk(either_bot: Bot, ann: Person) -> None:
    ids = [(await either_bot.send_message(ann.user.id, text)).message_id for text in "abc"]
    await either_bot.delete_message(ann.user.id, ids[0])
    await either_bot.delete_messages(ann.user.id, [*ids[1:], 999])
    assert [message["text"] for message in ann.sees()] == ["/start"]


async def test_a_reply_keyboard_comes_and_goes(either_bot: Bot, telegram: Telegram, ann: Person) -> None:
    keyboard = ReplyKeyboardMarkup([[KeyboardButton("My number", request_contact=True)], ["Skip"]])
    await either_bot.send_message(ann.user.id, "Your number?", reply_markup=keyboard)
    assert telegram.chats[ann.user.id].keyboard is not None
    await either_bot.send_message(ann.user.id, "Thanks", reply_markup=ReplyKeyboardRemove())
    assert telegram.chats[ann.user.id].keyboard is None


async def test_link_and_copy_buttons_are_taken(either_bot: Bot, ann: Person) -> None:
    buttons = [
        InlineKeyboardButton("Map", url="https://maps.example/1"),
        InlineKeyboardButton("Copy", copy_text=CopyTextButton("123456")),
    ]
    await either_bot.send_message(ann.user.id, "Here", reply_markup=InlineKeyboardMarkup([buttons]))
    assert [button["text"] for button in ann.sees()[-1]["reply_markup"]["inline_keyboard"][0]] == ["Map", "Copy"]


async def test_a_reply_shows_what_it_answers(either_bot: Bot, ann: Person) -> None:
    question = ann.sees()[0]["message_id"]
    sent = await either_bot.send_message(ann.user.id, "Hello", reply_parameters=ReplyParameters(question))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/start"


async def test_a_tap_is_answered_with_an_alert(either_bot: Bot, telegram: Telegram, ann: Person) -> None:
    sent = await either_bot.send_message(ann.user.id, "Sure?", reply_markup=YES)
    ann.taps(sent.message_id, label="Yes")
    update = Update.de_json(telegram.inbox.take()[0].json(), either_bot)
    assert update.callback_query is not None
    await update.callback_query.answer("Too late", show_alert=True)
    assert [tap.answers for tap in telegram.taps.values()] == [[{"text": "Too late", "show_alert": True}]]


async def test_commands_are_kept_by_scope_and_language(either_bot: Bot) -> None:
    await either_bot.set_my_commands([BotCommand("book", "Book a visit")])
    await either_bot.set_my_commands([("buchen", "Termin")], BotCommandScopeChat(5), "de")
    assert await either_bot.get_my_commands() == (BotCommand("book", "Book a visit"),)
    assert await either_bot.get_my_commands(BotCommandScopeChat(5), "de") == (BotCommand("buchen", "Termin"),)
    await either_bot.delete_my_commands()
    assert await either_bot.get_my_commands() == ()


async def test_descriptions_are_kept(either_bot: Bot, telegram: Telegram) -> None:
    await either_bot.set_my_description("Books visits")
    await either_bot.set_my_short_description("Visits", language_code="de")
    assert telegram.profile == {"description ": "Books visits", "short_description de": "Visits"}


async def test_updates_arrive_by_polling(either_bot: Bot, ann: Person) -> None:
    ann.says("Hello /book", reply_to=ann.sees()[0]["message_id"])
    update = (await either_bot.get_updates(timeout=1))[0]
    assert update.message is not None
    assert update.message.text == "Hello /book"
    assert update.message.parse_entities() == {update.message.entities[0]: "/book"}


async def test_a_stranger_to_the_simulator_is_not_found(either_bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await either_bot.send_message(424242, "Hello")


async def test_a_blocked_bot_is_told_so(either_bot: Bot, ann: Person) -> None:
    ann.blocks()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await either_bot.send_message(ann.user.id, "Hello")


async def test_a_wrong_token_is_refused(telegram: Telegram, either_bot: Bot) -> None:
    telegram.token = "7000000001:changed"
    with pytest.raises(InvalidToken, match="Unauthorized"):
        await either_bot.get_me()


@pytest.mark.parametrize("path", ["/documents/none.pdf", "/../secrets"])
async def test_an_unknown_file_is_not_found(either_bot: Bot, telegram: Telegram, path: str) -> None:
    with pytest.raises(InvalidToken, match="Not Found"):
        await either_bot.request.retrieve(f"{either_bot.base_file_url}{path}")


async def test_an_unknown_method_is_not_found(call: Call) -> None:
    assert await call("sendGift") == "404 Not Found: method not found"


async def test_method_names_ignore_case(call: Call) -> None:
    assert (await call("GETME"))["username"] == "hospital_bot"


async def test_typing_is_shown_to_listeners(either_bot: Bot, telegram: Telegram, ann: Person) -> None:
    changes: list[str] = []
    stop = telegram.subscribe(lambda change: changes.append(change.kind))
    await either_bot.send_chat_action(ann.user.id, "typing")
    sent = await either_bot.send_message(ann.user.id, "a")
    await either_bot.edit_message_text("b", ann.user.id, sent.message_id)
    await either_bot.delete_message(ann.user.id, sent.message_id)
    stop()
    await either_bot.send_message(ann.user.id, "unheard")
    assert changes == ["typing", "sent", "edited", "deleted"]
