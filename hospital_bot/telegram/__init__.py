"""The wire: updates come in, screens go out. The library's package is `telegram`, this one is `hospital_bot.telegram`."""

import os

# Without it the library warns whenever Telegram says 429, since it will give spans of time as timedelta one day.
os.environ["PTB_TIMEDELTA"] = "true"
