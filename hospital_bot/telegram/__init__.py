"""The wire: updates come in, screens go out. (`telegram` is the library, `hospital_bot.telegram` this package.)"""

import os

# Without it the library warns whenever Telegram says 429, since it will give spans of time as timedelta one day.
os.environ["PTB_TIMEDELTA"] = "true"
