"""A Telegram on this machine: the Bot API for bots, an app for people, a mailbox.

    telegram.py       the world: one bot, people, chats, messages; records.py its plain values
    methods.py        the Bot API's door; bot_messages.py, bot_profile.py, bot_updates.py its methods
    people.py         what a person can do; acts.py the same as data
    delivery.py       updates waiting for the bot; webhook.py pushes them
    limits.py         429s, outages and timeouts; refusals.py every other no
    markup.py  keyboards.py  parameters.py      what the bot's requests are made of
    server.py         over HTTP; people_api.py the people's side; mailbox.py over SMTP
    page.py  page/    the chat page in a browser; events.py what it sees, backstage.py what a demo lends it
    storage.py        the world in a file, over restarts
    request.py        python-telegram-bot's client without a network
    phone.py          a phone for tests and scripts; lines.py its two lines

Facts: core.telegram.org/bots/api, and how the real server words its refusals.
"""
