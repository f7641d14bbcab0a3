"""The demo: the whole product with an invented hospital, in a Telegram on this machine.

stage.py      puts simulator, mailbox, bot and clock together, for the time of a block
hospital.py   the invented hospital: doctors, hours, three weeks of partly booked calendars, the cast
script.py     a dialogue played by two phones and printed as people would read it
terminal.py   a plain chat on the terminal
"""

from hospital_bot.demo.script import play
from hospital_bot.demo.terminal import serve

__all__ = ["play", "serve"]
