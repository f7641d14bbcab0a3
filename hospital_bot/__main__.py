"""`hospital-bot`, and `python -m hospital_bot`."""

import gc

gc.disable()  # nothing of what is loaded is garbage: looking it through takes a quarter of the start

from hospital_bot.cli import app  # noqa: E402 - loaded after that

gc.freeze()
gc.enable()

if __name__ == "__main__":
    app()
