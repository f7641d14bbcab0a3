"""`python -m hospital_bot` is `hospital-bot`."""

from hospital_bot.cli import app

app()
