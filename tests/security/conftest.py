"""Promises about safety, shown by the whole product on a simulated Telegram, and by the API in earnest.

Files that speak with the services alone bring the smaller `hospital` of tests/accounts with them.
"""

from __future__ import annotations

from tests.api.conftest import on_mariadb, service
from tests.chat.conftest import clock, hospital

__all__ = ["clock", "hospital", "on_mariadb", "service"]
