"""How often one address, and one user, may ask. Requests that change something are counted in the database, so
that every process shares one count; all others in this process alone.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from hospital_bot.api.desk import Desk
from hospital_bot.errors import Busy
from hospital_bot.services import throttles

IPV6_NETWORK = 64
"""Bits that one household or one machine has to itself."""


class Quotas:
    """`every` bounds all requests, `changes` those that change something: `60/minute`, for each address and user."""

    def __init__(self, desk: Desk, *, every: str, changes: str) -> None:
        self._every: RateLimitItem = parse(every)
        self._changes: RateLimitItem = parse(changes)
        self._own: RateLimiter = MovingWindowRateLimiter(MemoryStorage())
        self._desk = desk

    def admits(self, who: str) -> bool:
        """Doesn't block."""
        return self._own.hit(self._every, who)

    def admits_change(self, who: str) -> bool:
        """Blocks for the database."""
        key, period = self._changes.key_for(who), timedelta(seconds=self._changes.get_expiry())
        return self._desk.do(throttles.count, key=key, period=period) <= self._changes.amount


def count(request: Request, who: str) -> None:
    """Raises Busy."""
    quotas: Quotas = request.app.state.quotas
    if not (quotas.admits_change(who) if request.method == "POST" else quotas.admits(who)):
        raise Busy


def count_address(request: Request) -> None:
    """For requests that change something, before anything else is done for them. Raises Busy."""
    if request.method == "POST":
        count(request, source(request.scope))


def source(scope: Any) -> str:
    """The address that a request comes from; of IPv6 the network, for one machine has them all."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(host)
    except ValueError:
        return f"ip:{host[:45]}"
    if isinstance(address, IPv6Address):
        return f"ip:{IPv6Network((address, IPV6_NETWORK), strict=False).network_address}"
    return f"ip:{address}"
