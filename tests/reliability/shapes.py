"""What Telegram can deliver, for Hypothesis: texts, messages of every kind, and every other type of update.

Source: core.telegram.org/bots/api#update, Bot API 9.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as Seed  # noqa: N812 - a seed is what the functions here are given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Json = dict[str, Any]

HUGE = 2**52 - 1
"""Telegram's ids have at most 52 bits."""
DAY = 1_795_168_800
FILE = {"file_id": "f", "file_unique_id": "u", "file_size": HUGE}

HOSTILE = (
    "a",
    "𝕬" * 2000,
    "x" * 4096,
    "é" * 2500,
    "z̷̢̛̰͉" * 300,
    " \n\t ",
    "Ann\u202egnikool\u202c",
    "A\u200bn\u200cn\u200d\ufeff",
    "nul\x00inside",
    "half \ud83d of a letter",
    "\udc00",
    "<b>bold",
    "</code></pre>",
    '<a href="tg://user?id=1">you</a>',
    "&lt;&amp;&#0;&bogus;",
    "*_[x](y)`~>#+-=|{}.!",
    "'; DROP TABLE users; --",
    "{0.__class__} %s %n",
    "line\r\n2026-01-01 [error] forged",
    '=HYPERLINK("http://x")',
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿👨‍👩‍👧‍👦" * 30,
    "٣٤٥٦٧٨",
    "１２３４５６",
    "0",
    "-1",
    "NaN",
)
"""Right to left, invisible, piled up, halved, too long, marked up."""

WANTED = (
    "Ann Lee",
    "ann@people.example",
    "zed@people.example",
    "+49 30 901820",
    "1 Harbour Road, Kiel",
    "nine geese fly south",
    "000000",
    "mon-fri 09:00-13:00; sat off",
    "09:00-12:00 13:00-17:00",
    "off",
    "a cough",
)
"""Answers that some question waits for."""

RIGHT = {
    "name": "Zed <i>Lee</i>",
    "email": "{email}",
    "phone": "+49 30 901820",
    "address": "1 Harbour Road & Sons, Kiel",
    "password": "nine geese fly south",
    "old": "nine geese fly south",
    "new": "ten geese fly south",
    "code": "{code}",
    "on": "{code}",
    "off": "{code}",
    "line": "mon-fri 09:00-13:00; sat off",
    "times": "09:00-12:00",
    "reason": "a cough <b>",
    "text": "all will be well & soon",
    "who": "Ann",
}
"""What a state waits for, by the last part of its name."""

COMMANDS = ("/start d_1", "/start i_AAAA", "/start d_99999999999", "/start@hospital_bot", "/nothing", "//", "/")


CONTENTS: tuple[Json, ...] = (
    {"photo": [FILE | {"width": 1, "height": 1}], "caption": "/book", "has_media_spoiler": True},
    {"document": FILE | {"file_name": "<b>.exe", "mime_type": "x/y"}, "caption": HOSTILE[11]},
    {"document": FILE},
    {"animation": FILE | {"width": 1, "height": 1, "duration": 1}},
    {"audio": FILE | {"duration": 1}},
    {"voice": FILE | {"duration": 1}},
    {"video": FILE | {"width": 1, "height": 1, "duration": 1}},
    {"video_note": FILE | {"length": 1, "duration": 1}},
    {"sticker": FILE | {"type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}},
    {"location": {"latitude": -90.0, "longitude": 180.0, "live_period": 60}},
    {"venue": {"location": {"latitude": 0, "longitude": 0}, "title": "t", "address": "a"}},
    {"contact": {"phone_number": "", "first_name": ""}},
    {"contact": {"phone_number": "+49 30 901820", "first_name": "Bob", "user_id": HUGE}},
    {"contact": {"phone_number": "1" * 300, "first_name": HOSTILE[2], "vcard": "BEGIN:VCARD"}},
    {"dice": {"emoji": "🎲", "value": 6}},
    {"game": {"title": "t", "description": "d", "photo": []}},
    {
        "poll": {
            "id": "1",
            "question": "?",
            "options": [],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
    },
    {"new_chat_title": "t"},
    {"new_chat_members": [{"id": 9, "is_bot": True, "first_name": "b"}]},
    {"left_chat_member": {"id": 9, "is_bot": False, "first_name": "b"}},
    {"group_chat_created": True},
    {"migrate_to_chat_id": -1_000_000_000_001},
    {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
    {"pinned_message": {"message_id": 0, "date": 0, "chat": {"id": 1, "type": "private"}}},
    {
        "successful_payment": {
            "currency": "XTR",
            "total_amount": 1,
            "invoice_payload": "p",
            "telegram_payment_charge_id": "t",
            "provider_payment_charge_id": "p",
        }
    },
    {"users_shared": {"request_id": 1, "users": [{"user_id": HUGE}]}},
    {"chat_shared": {"request_id": 1, "chat_id": -1}},
    {"web_app_data": {"data": "{}", "button_text": "b"}},
    {"write_access_allowed": {}},
    {"forum_topic_created": {"name": "t", "icon_color": 0}},
    {"video_chat_started": {}},
    {"made_of_tomorrow": {"a": [1, None]}},
    {},
)
"""The part of a message that depends on its kind; the last are of tomorrow, and of none at all."""

SOMEBODY = {"id": HUGE, "is_bot": False, "first_name": HOSTILE[6]}
CHANNEL = {"id": -1_002_003_004_005, "type": "channel", "title": "News"}

AROUND: tuple[Json, ...] = (
    {},
    {},
    {},
    {"forward_origin": {"type": "user", "date": 0, "sender_user": SOMEBODY}},
    {"forward_origin": {"type": "hidden_user", "date": 0, "sender_user_name": "x"}},
    {"forward_origin": {"type": "channel", "date": 0, "chat": CHANNEL, "message_id": 1}},
    {"reply_to_message": {"message_id": 1, "date": 0, "chat": CHANNEL, "text": "<i>"}},
    {"external_reply": {"origin": {"type": "hidden_user", "date": 0, "sender_user_name": "x"}}},
    {"quote": {"text": "q", "position": 0}},
    {
        "entities": [
            {"type": "bot_command", "offset": 0, "length": 4000},
            {"type": "text_mention", "offset": 0, "length": 1},
        ]
    },
    {"entities": [{"type": "of_tomorrow", "offset": 9999, "length": 0}]},
    {"entities": []},
    {"message_thread_id": 1, "is_topic_message": True},
    {"sender_chat": CHANNEL},
    {"sender_business_bot": SOMEBODY | {"is_bot": True}},
    {"via_bot": SOMEBODY | {"is_bot": True}},
    {"edit_date": 1, "has_protected_content": True, "media_group_id": "1", "author_signature": "s"},
    {"link_preview_options": {"is_disabled": True}, "effect_id": "1", "show_caption_above_media": True},
    {"date": 0},
    {"date": 2**31 - 1},
)
"""What may stand around it."""


ODD_ARGUMENTS = (
    *("", "0", "1", "2", "3", "-1", "9999999999", "-9999999999", "99999999999", "s0", "s-1", "s9999999999", "arrived"),
    *("00010101", "99991231", "20261124", "20261131", "000101010000", "999912312359", "202611241000", "name", "mon"),
    *("visit", "day", "\x00", "１２", "Δ", "\ud800"),
)


def found(strategy: SearchStrategy[str], count: int, seed: int) -> list[str]:
    """What Hypothesis comes upon: an async walk can't be given it one by one."""
    examples: list[str] = []

    @Seed(seed)
    @settings(max_examples=count, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(example: str) -> None:
        examples.append(example)

    collect()
    return examples


def texts(count: int, seed: int) -> list[str]:
    """Up to 4,096 characters, as Telegram takes them."""
    return [*HOSTILE, *COMMANDS, *found(st.text(min_size=1, max_size=200), count, seed)]


def others(user: Json, chat: Json) -> list[tuple[str, Json]]:
    """Updates that are neither messages nor taps."""
    member = {"user": user, "status": "member"}
    message = {"message_id": 7, "date": DAY, "chat": chat, "from": user, "text": "/appointments"}
    query = {"id": "1", "from": user}
    poll = CONTENTS[16]["poll"]
    reaction = {"type": "emoji", "emoji": "👍"}
    boost = {"boost_id": "1", "add_date": 0, "expiration_date": 0, "source": {"source": "premium", "user": user}}
    found: dict[str, list[Json]] = {
        "edited_message": [message | {"edit_date": DAY}],
        "channel_post": [{"message_id": 7, "date": DAY, "chat": CHANNEL, "text": "/start"}],
        "edited_channel_post": [{"message_id": 7, "date": DAY, "chat": CHANNEL, "photo": []}],
        "business_connection": [
            {"id": "1", "user": user, "user_chat_id": chat["id"], "date": 0, "can_reply": True, "is_enabled": True}
        ],
        "business_message": [message | {"business_connection_id": "1"}],
        "edited_business_message": [message | {"business_connection_id": "1"}],
        "deleted_business_messages": [{"business_connection_id": "1", "chat": chat, "message_ids": [1]}],
        "message_reaction": [
            {"chat": chat, "message_id": 1, "date": 0, "user": user, "old_reaction": [], "new_reaction": [reaction]}
        ],
        "message_reaction_count": [{"chat": chat, "message_id": 1, "date": 0, "reactions": []}],
        "inline_query": [query | {"query": "/book", "offset": ""}],
        "chosen_inline_result": [{"result_id": "1", "from": user, "query": "x", "inline_message_id": "1"}],
        "shipping_query": [query | {"invoice_payload": "p", "shipping_address": ADDRESS}],
        "pre_checkout_query": [query | {"currency": "XTR", "total_amount": 1, "invoice_payload": "p"}],
        "purchased_paid_media": [{"from": user, "paid_media_payload": "p"}],
        "poll": [poll],
        "poll_answer": [{"poll_id": "1", "user": user, "option_ids": [0], "option_persistent_ids": ["0"]}],
        "my_chat_member": [
            {"chat": chat, "from": user, "date": 0, "old_chat_member": member, "new_chat_member": new}
            for new in (
                member,
                member | {"status": "left"},
                member | {"status": "kicked", "until_date": 0},
                member | {"status": "restricted", "is_member": True, **dict.fromkeys(RIGHTS, False), "until_date": 0},
            )
        ],
        "chat_member": [{"chat": chat, "from": user, "date": 0, "old_chat_member": member, "new_chat_member": member}],
        "chat_join_request": [{"chat": chat, "from": user, "user_chat_id": user["id"], "date": 0}],
        "chat_boost": [{"chat": CHANNEL, "boost": boost}],
        "removed_chat_boost": [
            {"chat": CHANNEL, "boost_id": "1", "remove_date": 0, "source": {"source": "premium", "user": user}}
        ],
        "made_of_tomorrow": [{"a": 1}],
    }
    return [(kind, body) for kind, bodies in found.items() for body in bodies]


ADDRESS = {"country_code": "DE", "state": "", "city": "", "street_line1": "", "street_line2": "", "post_code": ""}
RIGHTS = (
    *("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos"),
    *("can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages"),
    *("can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics"),
    *("can_edit_tag", "can_react_to_messages"),
)
