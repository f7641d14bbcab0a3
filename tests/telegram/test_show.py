"""What a Screen looks like in the chat, and what becomes of Telegram's refusals."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from handlers.screen import REMOVE_REPLY, SILENCE, Button, File, Reply, Screen
from handlers.turn import Arrival
from hospital_bot.simulator import people
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.telegram.bot import HospitalBot
from hospital_bot.telegram.refusals import Blocked, Rejected, RetryLater, Unshown
from hospital_bot.telegram.show import Show
from tests.clock import Clock
from tests.telegram.conftest import newest

MENUS = {"patient": [("book", "Book a visit")], "stranger": [("login", "Log in")]}
DELETE_YOURSELF = "Please delete your message."
CHOICE = Screen(
    "Which day?", rows=((Button("Mon", "day:1"), Button("Tue", "day:2")), (Button("Map", url="https://a.example"),))
)
LETTER = File("document", "visit.ics", b"BEGIN:VCALENDAR", caption="<b>Visit</b>")
PICTURE = File("photo", "code.png", b"\x89PNG\r\n\x1a\n", secret=True)


class Desk:
    """Ann's chat: what she does arrives, what the bot shows is looked at."""

    def __init__(self, telegram: Telegram, bot: HospitalBot, ann: Person) -> None:
        self.telegram = telegram
        self.bot = bot
        self.ann = ann
        self.show = Show(bot, MENUS, delete_yourself=DELETE_YOURSELF)

    def says(self, text: str = "hello", chat_id: int | None = None) -> Arrival:
        self.ann.says(text, chat_id=chat_id)
        return self._arrival()

    def taps(self, message_id: int | None = None, data: str = "day:1") -> Arrival:
        self.ann.forges(data, message_id or self.messages[-1]["message_id"])
        return self._arrival()

    def _arrival(self) -> Arrival:
        arrival = Arrival.of(newest(self.telegram, self.bot))
        assert arrival is not None
        return arrival

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.ann.sees()

    @property
    def texts(self) -> list[str]:
        return [message.get("text") or message.get("caption") or "" for message in self.messages]

    @property
    def toasts(self) -> list[dict[str, Any]]:
        return [answer for tap in self.telegram.taps.values() for answer in tap.answers]

    def fails(self, **how: Any) -> None:
        self.telegram.limits.force(Fault(**how))


@pytest.fixture
def desk(telegram: Telegram, bot: HospitalBot, ann: Person) -> Desk:
    return Desk(telegram, bot, ann)


async def test_typed_text_is_answered_by_a_new_message_with_its_buttons(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)

    assert desk.texts[-2:] == ["hello", "Which day?"]
    assert desk.messages[-1]["reply_markup"]["inline_keyboard"] == [
        [{"text": "Mon", "callback_data": "day:1"}, {"text": "Tue", "callback_data": "day:2"}],
        [{"text": "Map", "url": "https://a.example"}],
    ]


async def test_markup_is_shown_and_links_are_not_previewed(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("<b>Dr. Osei</b> https://a.example"))

    assert desk.messages[-1]["text"] == "Dr. Osei https://a.example"
    assert desk.messages[-1]["link_preview_options"] == {"is_disabled": True}


async def test_a_tap_changes_the_message_in_place_and_is_answered(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    await desk.show(desk.taps(), Screen("Which time?", toast="Monday"))

    assert desk.texts[-2:] == ["hello", "Which time?"]
    assert "reply_markup" not in desk.messages[-1]
    assert desk.toasts == [{"text": "Monday", "show_alert": False}]


async def test_a_tap_without_an_answer_is_closed_all_the_same(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    await desk.show(desk.taps(), SILENCE)

    assert (desk.texts[-1], desk.toasts) == ("Which day?", [{"text": "", "show_alert": False}])


async def test_an_alert_stays_until_it_is_closed_and_a_long_one_is_cut(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    await desk.show(desk.taps(), Screen(toast="Taken. " * 50, alert=True))

    assert desk.toasts[0]["show_alert"] is True
    assert desk.toasts[0]["text"].startswith("Taken. Taken.")


async def test_the_same_screen_again_changes_nothing(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    before = desk.messages

    await desk.show(desk.taps(), CHOICE)

    assert desk.messages == before


async def test_a_new_screen_after_a_tap_leaves_the_old_one_and_may_retire_its_buttons(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    await desk.show(desk.taps(), Screen("Booked.", new=True, retire=True))

    assert desk.texts[-2:] == ["Which day?", "Booked."]
    assert "reply_markup" not in desk.messages[-2]


async def test_a_new_screen_that_retires_nothing_leaves_the_buttons(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    await desk.show(desk.taps(), Screen("Booked.", new=True))

    assert "reply_markup" in desk.messages[-2]


async def test_retiring_what_has_no_buttons_is_no_trouble(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("Which day?"))
    await desk.show(desk.taps(), Screen("Booked.", new=True, retire=True, commands="patient"))

    assert (desk.texts[-1], len(desk.telegram.commands)) == ("Booked.", 1)


@pytest.mark.parametrize("message_id", [2, 999], ids=["not ours", "gone"])
async def test_a_message_that_can_not_be_edited_is_followed_by_a_new_one(desk: Desk, message_id: int) -> None:
    said = desk.says()
    assert said.message_id == 2

    await desk.show(desk.taps(message_id), Screen("Which time?"))

    assert desk.texts[-2:] == ["hello", "Which time?"]


async def test_a_tap_on_a_file_is_answered_by_a_new_message(desk: Desk) -> None:
    await desk.show(desk.says(), Screen(file=LETTER, rows=CHOICE.rows))
    await desk.show(desk.taps(), Screen("Which time?"))

    assert desk.texts[-2:] == ["Visit", "Which time?"]


async def test_a_tap_too_old_to_be_answered_still_changes_the_message(desk: Desk, clock: Clock) -> None:
    await desk.show(desk.says(), CHOICE)
    tap = desk.taps()
    clock.turn(seconds=151)

    await desk.show(tap, Screen("Which time?", toast="Monday"))

    assert desk.texts[-2:] == ["hello", "Which time?"]


async def test_a_toast_that_comes_too_late_becomes_a_message_when_it_is_the_only_answer(
    desk: Desk, clock: Clock
) -> None:
    await desk.show(desk.says(), CHOICE)
    tap = desk.taps()
    clock.turn(seconds=151)

    await desk.show(tap, Screen(toast="A < B"))

    assert desk.texts[-1] == "A < B"


async def test_a_secret_is_deleted_before_it_is_answered(desk: Desk) -> None:
    await desk.show(desk.says("my password"), Screen("Welcome.", forget=True))

    assert desk.texts == ["/start", "Welcome."]


async def test_a_tapped_message_that_held_a_secret_is_replaced_by_the_answer(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("The key", rows=((Button("Copy", copy="KEY"), Button("Done", "done")),)))
    assert desk.messages[-1]["reply_markup"]["inline_keyboard"][0][0] == {"text": "Copy", "copy_text": {"text": "KEY"}}

    await desk.show(desk.taps(data="done"), Screen("Welcome.", forget=True))

    assert desk.texts == ["/start", "hello", "Welcome."]


async def test_who_deleted_the_secret_already_is_not_asked_to(desk: Desk) -> None:
    secret = desk.says("my password")
    desk.ann.deletes(secret.message_id or 0)

    await desk.show(secret, Screen("Welcome.", forget=True))

    assert desk.texts == ["/start", "Welcome."]


async def test_a_secret_that_telegram_keeps_is_to_be_deleted_by_hand(desk: Desk, clock: Clock) -> None:
    secret = desk.says("my password")
    clock.turn(hours=49)

    await desk.show(secret, Screen("Welcome.", forget=True))

    assert desk.texts == ["/start", "my password", DELETE_YOURSELF, "Welcome."]


async def test_a_secret_screen_can_not_be_passed_on(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    await desk.show(desk.taps(), Screen("Diagnosis", secret=True))

    assert desk.texts[-2:] == ["Which day?", "Diagnosis"]
    assert desk.messages[-1]["has_protected_content"] is True


async def test_a_file_follows_its_text(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("Booked.", file=LETTER, rows=CHOICE.rows))

    assert desk.texts[-2:] == ["Booked.", "Visit"]
    assert ["reply_markup" in message for message in desk.messages[-2:]] == [True, False]
    document = desk.messages[-1]["document"]
    assert document["file_name"] == "visit.ics"
    assert desk.telegram.files[document["file_id"]].content == b"BEGIN:VCALENDAR"
    assert "has_protected_content" not in desk.messages[-1]


async def test_a_secret_picture_is_protected(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("Scan this.", file=PICTURE))

    assert "photo" in desk.messages[-1]
    assert desk.messages[-1]["has_protected_content"] is True


async def test_a_keyboard_asks_for_the_contact_and_is_used_once(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("Your number?", reply=Reply("Share", ("Skip", "Cancel"))))

    keyboard = desk.messages[-1]["keyboard"]
    assert keyboard["keyboard"] == [
        [{"text": "Share", "request_contact": True}],
        [{"text": "Skip"}],
        [{"text": "Cancel"}],
    ]
    assert (keyboard["one_time_keyboard"], keyboard["resize_keyboard"]) == (True, True)


async def test_a_keyboard_is_taken_away_again_also_under_a_screen_with_buttons(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("Your number?", reply=Reply("Share")))
    await desk.show(desk.says("no"), Screen("Which day?", rows=CHOICE.rows, reply=REMOVE_REPLY))

    assert desk.telegram.chat(desk.ann.user.id).keyboard is None
    assert desk.texts[-2:] == ["no", "Which day?"]
    assert "reply_markup" in desk.messages[-1]


async def test_a_keyboard_asked_for_by_a_tap_comes_with_a_new_message(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    await desk.show(desk.taps(), Screen("Your number?", reply=Reply("Share")))

    assert desk.texts[-2:] == ["Which day?", "Your number?"]


async def test_a_chat_gets_the_menu_of_its_role(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("Welcome.", commands="patient"))

    assert list(desk.telegram.commands.values()) == [[{"command": "book", "description": "Book a visit"}]]


@pytest.mark.parametrize(
    "trouble", [{"retry_after": 30}, {"hangs": 0.01}, {"status": 502}], ids=lambda how: next(iter(how))
)
async def test_a_menu_that_telegram_does_not_take_repeats_no_screen_and_silences_nobody(
    desk: Desk, trouble: dict[str, Any]
) -> None:
    desk.fails(method="setMyCommands", **trouble)
    with capture_logs() as logs:
        await desk.show(desk.says(), Screen("Welcome.", commands="patient"))

    assert [line["event"] for line in logs] == ["menu_failed"]
    async with asyncio.timeout(5):
        await desk.show(desk.says(), CHOICE)
    assert desk.texts[-3:] == ["Welcome.", "hello", "Which day?"]


async def test_a_group_sees_nothing_but_text_and_links(desk: Desk) -> None:
    group = people.found_group(desk.telegram, "Ward", [desk.ann.user.id])
    rows = ((Button("Book", "book.start"),), (Button("There", url="https://t.me/bot"),))
    screen = Screen("Write to me.", rows=rows, file=LETTER, commands="patient", reply=Reply("Share"))

    await desk.show(desk.says("/start", group.id), screen)

    said, answer = desk.ann.sees(group.id)
    assert (said["text"], answer["text"]) == ("/start", "Write to me.")
    assert answer["reply_markup"] == {"inline_keyboard": [[{"text": "There", "url": "https://t.me/bot"}]]}
    assert (desk.telegram.commands, group.keyboard) == ({}, None)


async def test_a_text_too_long_for_telegram_is_cut(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("\n".join(f"<b>{number} &amp; more</b>" for number in range(1000))))

    assert desk.texts[-1].startswith("0 & more\n1 & more\n")
    assert desk.texts[-1].endswith("& more\n…")


async def test_who_blocked_the_bot_is_left_alone(desk: Desk) -> None:
    arrival = desk.says()
    desk.ann.blocks()

    await desk.show(arrival, Screen("Welcome."))

    assert desk.texts[-1] == "hello"


@pytest.mark.parametrize(
    "trouble",
    [{"status": 500}, {"status": 502}, {"hangs": 5.0}, {"retry_after": 3600}, {"status": 401}],
    ids=["500", "502", "time-out", "429", "401"],
)
@pytest.mark.parametrize("method", ["sendmessage", "deletemessage"])
async def test_trouble_on_the_way_asks_for_the_update_again(desk: Desk, trouble: dict[str, Any], method: str) -> None:
    arrival, screen = desk.says("my password"), Screen("Welcome.", forget=True)
    desk.fails(**trouble, method=method)

    with pytest.raises(Unshown):
        await desk.show(arrival, screen)
    if "retry_after" not in trouble:
        await desk.show(arrival, screen)
        assert desk.texts == ["/start", "Welcome."]


async def test_trouble_with_the_edit_leaves_no_tap_unanswered(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    desk.fails(status=502, method="editmessagetext")

    with pytest.raises(Unshown):
        await desk.show(desk.taps(), Screen("Which time?", toast="Monday"))

    assert desk.toasts == [{"text": "Monday", "show_alert": False}]


async def test_trouble_with_the_answer_counts_more_than_a_refused_text(desk: Desk) -> None:
    await desk.show(desk.says(), CHOICE)
    desk.fails(status=502, method="answercallbackquery")

    with pytest.raises(Unshown):
        await desk.show(desk.taps(), Screen("<b>never closed"))


async def test_a_screen_that_telegram_will_never_take_is_not_tried_again(desk: Desk) -> None:
    await desk.show(desk.says(), Screen("<b>never closed"))

    assert desk.texts[-1] == "hello"


async def test_a_message_of_its_own_gives_its_id(desk: Desk) -> None:
    message_id = await desk.show.message(desk.ann.user.id, Screen("Tomorrow at 10:00", file=LETTER), bulk=False)

    assert [message["message_id"] for message in desk.messages[-2:]] == [message_id, message_id + 1]


async def test_a_message_to_somebody_who_blocked_the_bot_is_refused_for_good(desk: Desk) -> None:
    desk.ann.blocks()

    with pytest.raises(Blocked):
        await desk.show.message(desk.ann.user.id, Screen("Tomorrow at 10:00"))


async def test_a_message_to_nobody_is_refused_for_good(desk: Desk) -> None:
    with pytest.raises(Blocked):
        await desk.show.message(424242, Screen("Tomorrow at 10:00"))


@pytest.mark.parametrize("screen", [Screen("<b>never closed"), SILENCE], ids=["malformed", "empty"])
async def test_a_message_that_telegram_will_never_take_is_at_fault_itself(desk: Desk, screen: Screen) -> None:
    with pytest.raises(Rejected):
        await desk.show.message(desk.ann.user.id, screen)


@pytest.mark.parametrize(("trouble", "seconds"), [({"status": 500}, 5.0), ({"retry_after": 3600}, 3600.0)])
async def test_a_message_that_meets_trouble_is_to_be_sent_later(
    desk: Desk, trouble: dict[str, Any], seconds: float
) -> None:
    desk.fails(**trouble)

    with pytest.raises(RetryLater) as caught:
        await desk.show.message(desk.ann.user.id, Screen("Tomorrow at 10:00"), bulk=False)

    assert caught.value.seconds == pytest.approx(seconds, abs=1)
