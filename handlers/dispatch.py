"""One update = one step = one transaction.

BEGIN
  lock the chat, see whether the update is known       known: its screen is shown again, nothing is run
  step(turn) -> Screen                                 may suspend: rolled back, slow work done, run again
  save where the chat stands, and the update with its screen; nothing, if nothing was changed
COMMIT                                                 deadlock: rolled back and run again; nothing was sent
show the screen; letters go their own way, for a mail server may take a minute
only now is the update confirmed to Telegram           database or network down: it comes again
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from telegram import Update
from telegram.ext import (
    Application,
    BaseHandler,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from handlers import area, menu, texts
from handlers.area import Run, UnknownButton
from handlers.screen import REMOVE_REPLY, SILENCE, Button, Letter, Screen
from handlers.turn import Arrival, Call, Hospital, Suspend, Turn
from hospital_bot.db import Database
from hospital_bot.errors import Busy, NotAllowed, NotFound, Refusal, Unavailable
from hospital_bot.gate import Gate
from hospital_bot.services import accounts, conversations, denials

log = structlog.get_logger()

POISON = 5
"""After so many failures of its step an update is set aside, so that it can't block its chat."""

PATIENCE = 3.0
"""Seconds without an answer, after which a person hears that it will take longer."""

FAREWELL = 11.0
"""Seconds that letters on their way are waited for at the end: a silent mail server is given up before that."""

Show = Callable[[Arrival, Screen], Awaitable[None]]
Post = Callable[[Letter], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Answer:
    screen: Screen
    letters: tuple[Letter, ...] = ()


class Dispatcher:
    """Takes updates from the wire through PTB's routing to the steps, and what they answer back to the wire."""

    def __init__(
        self,
        *,
        db: Database,
        gate: Gate,
        hospital: Hospital,
        clock: Callable[[], datetime],
        show: Show,
        post: Post,
    ) -> None:
        self._db, self._gate, self._hospital, self._clock = db, gate, hospital, clock
        self._show, self._post = show, post
        self._failed: dict[int, Exception] = {}
        self._apologised: deque[int] = deque(maxlen=1000)
        self._beside: set[asyncio.Task[None]] = set()

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Hand every step to PTB's own handlers; the first that matches an update gets it. Most updates are taps."""
        application.add_handler(CallbackQueryHandler(self._tapped))
        for name, run in area.commands.items():
            application.add_handler(
                CommandHandler(name, partial(self._handle, run=run), filters=filters.UpdateType.MESSAGE)
            )
        for handler in self._others():
            application.add_handler(handler)

    def _others(self) -> Iterable[BaseHandler[Any, Any, Any]]:
        yield MessageHandler(filters.UpdateType.MESSAGE, partial(self._handle, run=_typed))
        yield ChatMemberHandler(partial(self._handle, run=_membership), ChatMemberHandler.MY_CHAT_MEMBER)

    async def _tapped(self, update: Update, context: Any) -> None:
        """Not by PTB's patterns: each of them also takes a tap that carries no data."""
        data = (update.callback_query and update.callback_query.data) or ""
        await self._handle(update, context, run=area.buttons.get(area.verb_of(data), _unknown_button))

    async def deliver(self, application: Application[Any, Any, Any, Any, Any, Any], update: Update) -> None:
        """Handle one update whole. Raises when it must be delivered again."""
        await application.process_update(update)
        if failure := self._failed.pop(update.update_id, None):
            raise failure

    async def finish(self) -> None:
        """Wait for letters on their way, and for what is said of those that failed; after FAREWELL they are left."""
        if not self._beside:
            return
        _, late = await asyncio.wait(self._beside, timeout=FAREWELL)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _handle(self, update: Update, _context: Any, *, run: Run) -> None:
        """PTB swallows what a callback raises, so failures are kept for `deliver`."""
        arrival = Arrival.of(update)
        if arrival is None:
            return
        try:
            await (self._settle(arrival, run) if arrival.private else self._outside(arrival))
        except Exception as failure:  # noqa: BLE001 - kept, and raised again by `deliver`
            self._failed[update.update_id] = failure

    async def _outside(self, arrival: Arrival) -> None:
        """In a group nothing personal is said: only commands and taps are answered, with the way to a private chat."""
        if arrival.kind == "tap":
            await self._show(arrival, Screen(toast=texts.PRIVATE_ONLY, alert=True))
        elif arrival.text.startswith("/"):
            address = f"https://t.me/{self._hospital.bot_name}"
            button = Button(texts.OPEN_PRIVATE, url=address)
            await self._show(arrival, Screen(texts.PRIVATE_ONLY, ((button,),), new=True))

    async def _settle(self, arrival: Arrival, run: Run) -> None:
        try:
            answer = await self._answer(arrival, run)
        except Unavailable:
            await self._apologise(arrival)
            raise
        try:
            await self._show(arrival, answer.screen)
        finally:
            for letter in answer.letters:
                self._go_beside(self._mail(arrival, letter))

    async def _mail(self, arrival: Arrival, letter: Letter) -> None:
        if not await self._post(letter) and letter.regret:
            await self._show(replace(arrival, kind="other"), Screen(letter.regret, new=True))

    def _go_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Neither the chat nor anybody else waits for it."""
        task = asyncio.ensure_future(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        task.add_done_callback(_note_failure)

    async def _answer(self, arrival: Arrival, run: Run) -> Answer:
        try:
            return await self._to_the_end(arrival, run)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a bug in a step must not take the chat down
            return await self._after_failure(arrival, error)

    async def _to_the_end(self, arrival: Arrival, run: Run) -> Answer:
        """The step, once more for every piece of work that it suspends for."""
        finished: dict[Call, Any] = {}
        while True:
            try:
                with self._patience(arrival):
                    return await self._db.run_async(self._step, arrival, run, finished)
            except Suspend as wanted:
                finished[wanted.call] = await self._finish(arrival, wanted.call)

    def _step(self, session: Any, arrival: Arrival, run: Run, finished: dict[Call, Any]) -> Answer:
        now = self._clock()
        chat = conversations.open_chat(session, chat_id=arrival.chat_id, update_id=arrival.update_id, now=now)
        if chat.screen is not None:
            return Answer(Screen.from_json(chat.screen))
        turn = Turn(
            arrival=arrival,
            run=partial(_run_in, session),
            hospital=self._hospital,
            now=now,
            state=chat.state,
            data=deepcopy(chat.data),
            finished=finished,
        )
        screen = _tidied(_play(run, turn), run, before=chat.state, after=turn.state)
        moved = (turn.state, turn.data) != (chat.state, chat.data)
        if moved or turn.letters or finished or chat.failures or session.has_written():
            stored = screen.to_json()
            conversations.close_chat(session, chat=chat, state=turn.state, data=turn.data, screen=stored, now=now)
        return Answer(screen, tuple(turn.letters))

    async def _finish(self, arrival: Arrival, call: Call) -> Any:
        """The result of suspended work, or its refusal, for the step's next run."""
        facts = dict(call.facts)
        try:
            if call.own_transaction:
                with self._patience(arrival):
                    return await self._db.run_async(call.work, **facts, now=self._clock())
            return await self._gate.run_async(partial(call.work, **facts))
        except Refusal as refusal:
            return refusal

    async def _after_failure(self, arrival: Arrival, error: Exception) -> Answer:
        """A step that fails is tried again by the next delivery; after POISON tries the person is told."""
        apology = Screen(texts.broken(arrival.update_id), new=True)
        given_up = await self._db.run_async(
            conversations.fail,
            chat_id=arrival.chat_id,
            update_id=arrival.update_id,
            screen=apology.to_json(),
            most=POISON,
            now=self._clock(),
        )
        log.error("step_failed", update_id=arrival.update_id, error=type(error).__name__, set_aside=given_up)
        if not given_up:
            raise error
        return Answer(apology)

    @contextmanager
    def _patience(self, arrival: Arrival) -> Iterator[None]:
        """A database that neither answers nor breaks off must not leave a person without a word."""

        def apologise() -> None:
            self._go_beside(self._apologise(arrival))

        timer = asyncio.get_running_loop().call_later(PATIENCE, apologise)
        try:
            yield
        finally:
            timer.cancel()

    async def _apologise(self, arrival: Arrival) -> None:
        """Once per update: it will be delivered again, and then get its real answer."""
        if arrival.update_id in self._apologised:
            return
        self._apologised.append(arrival.update_id)
        short = Screen(toast=texts.TRY_LATER, alert=True)
        await self._show(arrival, short if arrival.kind == "tap" else Screen(texts.TRY_LATER, new=True))


def _note_failure(work: asyncio.Task[None]) -> None:
    """A letter or a word of regret failed: the answer itself was given, or is still to come."""
    if not work.cancelled() and (error := work.exception()):
        log.warning("beside_failed", error=type(error).__name__)


def _run_in(session: Any, use_case: Callable[..., Any], /, **facts: Any) -> Any:
    return use_case(session, **facts)


def _play(run: Run, turn: Turn) -> Screen:
    """A step's screen. A refusal it didn't catch is still an answer; use cases refuse before they change anything."""
    try:
        return run(turn)
    except UnknownButton:
        return _unknown_button(turn)
    except Refusal as refusal:
        return menu.refused(turn, _noted(turn, refusal))


def _noted(turn: Turn, refusal: Refusal) -> Refusal:
    """A button for what is somebody else's, or nobody's. Its data were read by type: ids and dates, nothing typed."""
    if turn.arrival.kind != "tap" or not isinstance(refusal, NotFound | NotAllowed):
        return refusal
    actor_id = turn.user.user_id if turn.user else None
    try:
        turn.do(denials.note, refusal=refusal, actor_id=actor_id, subject=turn.arrival.text, channel=turn.channel)
    except Busy as too_many:
        return too_many
    return refusal


def _typed(turn: Turn) -> Screen:
    """What is typed means what the chat expects. A command answers no question, but a password may look like one."""
    if turn.arrival.text.startswith("/") and turn.state not in area.secrets:
        return menu.home(turn, notice=texts.UNKNOWN_COMMAND)
    answer = area.answers.get(turn.state)
    return answer(turn) if answer else menu.home(turn, notice=texts.DID_NOT_UNDERSTAND)


def _tidied(screen: Screen, run: Run, *, before: str, after: str) -> Screen:
    """The screen, which also takes away what must not stay in the chat: a typed secret, a keyboard out of use."""
    if run is _typed and before in area.secrets:
        screen = replace(screen, forget=True)
    if before in area.keyboards and after != before and screen.text and screen.reply is None:
        screen = replace(screen, reply=REMOVE_REPLY)
    return screen


def _unknown_button(_turn: Turn) -> Screen:
    return Screen(toast=texts.OLD_BUTTON, alert=True)


def _membership(turn: Turn) -> Screen:
    turn.do(accounts.mark_blocked, telegram_id=turn.telegram_id, reachable=turn.arrival.reachable)
    return SILENCE
