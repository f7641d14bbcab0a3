"""When Telegram does not do as asked: its rate limits, and trouble made on demand."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from hospital_bot.simulator.refusals import ApiError, Hung, too_many_requests

PER_SECOND = 30
PER_CHAT_SECOND = 1
PER_GROUP_MINUTE = 20
COUNTED = ("send", "edit")
REASONS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


@dataclass
class Fault:
    """Trouble for the next ``times`` calls, or until the instant ``until``.

    ``retry_after`` makes it a 429, ``hangs`` a request without answer for that many seconds, else ``status`` is
    answered. With ``is_carried_out`` the call takes effect all the same, and only its answer is lost.
    """

    status: int = 500
    retry_after: int | None = None
    hangs: float | None = None
    times: int | None = 1
    until: float | None = None
    method: str | None = None
    chat_id: int | None = None
    is_carried_out: bool = False

    def concerns(self, method: str, chat_id: int | None, now: float) -> bool:
        return (
            (self.times is None or self.times > 0)
            and (self.until is None or now < self.until)
            and (self.method is None or self.method.lower() == method)
            and self.chat_id in (None, chat_id)
        )

    def error(self) -> ApiError | Hung:
        if self.retry_after is not None:
            return too_many_requests(self.retry_after)
        if self.hangs is not None:
            return Hung(self.hangs)
        return ApiError(self.status, REASONS.get(self.status, "Error"))


@dataclass
class Limits:
    """``enforced`` switches Telegram's rate limits on: 30 messages a second, 1 a second to a chat, 20 a
    minute to a group."""

    enforced: bool = False
    faults: list[Fault] = field(default_factory=list)
    _sent: defaultdict[int | None, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def force(self, fault: Fault) -> None:
        self.faults.append(fault)

    def clear(self) -> None:
        self.faults.clear()

    def fault_for(self, method: str, chat_id: int | None, now: float) -> Fault | None:
        """The first forced fault that concerns this call; its count goes down."""
        fault = next((each for each in self.faults if each.concerns(method, chat_id, now)), None)
        if fault and fault.times is not None:
            fault.times -= 1
        return fault

    def count(self, method: str, chat_id: int | None, now: float) -> None:
        """Count one call, or refuse it with 429."""
        if not self.enforced or chat_id is None or not method.startswith(COUNTED):
            return
        self._check(None, PER_SECOND, 1, now)
        if chat_id < 0:
            self._check(chat_id, PER_GROUP_MINUTE, 60, now)
        else:
            self._check(chat_id, PER_CHAT_SECOND, 1, now)
        self._sent[None].append(now)
        self._sent[chat_id].append(now)

    def _check(self, key: int | None, most: int, seconds: int, now: float) -> None:
        recent = self._sent[key]
        while recent and recent[0] <= now - seconds:
            recent.popleft()
        if len(recent) >= most:
            raise too_many_requests(max(1, round(recent[0] + seconds - now)))
