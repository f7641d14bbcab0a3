"""Our own servers, as a client meets them on asyncio's plain loop."""

from __future__ import annotations

import socket
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from starlette.applications import Starlette

from hospital_bot.simulator.server import serving
from hospital_bot.telegram.webhook import serve


@pytest.mark.parametrize(
    "server",
    [serving(Starlette()), serve(Starlette(), "127.0.0.1", 0)],
    ids=["the simulator's", "the webhook's and the API's"],
)
async def test_the_second_half_of_an_answer_waits_for_nothing(
    server: AbstractAsyncContextManager[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without TCP_NODELAY it waits until the first is acknowledged, which takes 40 ms; asyncio does not see to it."""
    listeners: list[socket.socket] = []
    create = socket.create_server

    def noted(*args: Any, **options: Any) -> socket.socket:
        listeners.append(create(*args, **options))
        return listeners[-1]

    monkeypatch.setattr(socket, "create_server", noted)
    async with server:
        assert [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) > 0 for each in listeners] == [True]
