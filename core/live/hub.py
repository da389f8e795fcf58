"""All live sockets of one web process: who follows what, and how a hint reaches them.

One hub for each event loop. It listens once for all sockets, writes a hint down once for all and
merges bursts once for all pages of one address, so that a socket costs a send and nothing else.

Every hint makes a page read itself again. So while they pour in, a page is told once a PACE: those
of one address and language together, since they share one answer (core.shared), others at another
moment, so that not all of them ask at once.
"""

import asyncio
import secrets
import time
import weakref
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

from channels.db import database_sync_to_async
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import Error as DatabaseFailure

from core.live import PEOPLE
from core.live.hints import RESYNC, Hint
from core.live.sessions import Doorman, people_of
from core.live.transport import back_off, transport
from core.quiet import quiet_logger

logger = quiet_logger(__name__)

PACE, LEAST = 1.0, 0.4  # a page is told at once, then after LEAST or more, then once a PACE
BEAT = 20.0  # sockets get a sign of life, and their sessions are looked at again
REMEMBERED = 60.0  # how long the hub knows when a topic was last told
PATIENCE = 2.0  # what a page waits for a subscription that is just being made
LINGER = 2  # beats without any socket before the hub lets go of its connection


class Signal:
    """Something else than a hint: "beat", "pause" (hints do not come through), "resync"."""

    def __init__(self, kind: str) -> None:
        self.topic = f"!{kind}"
        self.text = f'{{"type":"{kind}"}}'


BEAT_SIGNAL, PAUSE, RESUME = Signal("beat"), Signal("pause"), Signal("resync")


class Socket(Protocol):
    """What the hub needs of a consumer."""

    session_key: str
    person: AbstractBaseUser
    topics: frozenset[str]
    page: str  # the address of what it shows, and in which language

    def offer(self, message: Hint | Signal) -> None:
        """Send when you can, merged with what has not been sent yet. Must not wait."""

    async def serve(self, person: AbstractBaseUser | None) -> None:
        """Whom the socket serves from here on; nobody: close."""


class Hub:
    """See above. All of it runs in its event loop, so nothing needs a lock."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(4)
        self.doorman = Doorman()
        self.sockets: set[Socket] = set()
        self.followers: dict[str, dict[str, set[Socket]]] = {}  # by topic and page
        self.listening_since: float | None = None
        self.deaf_since: float | None = None
        self._hearing_now = asyncio.Event()
        self._told: dict[str, float] = {}
        self._bursts: dict[tuple[str, str], Hint | None] = {}  # by topic and page
        self._turns: dict[str, float] = {}  # when in a PACE the pages of an address are told
        self._tasks: set[asyncio.Task[None]] = set()
        self._tending: asyncio.Task[None] | None = None

    # --- Sockets come and go ---

    def join(self, socket: Socket) -> None:
        self.sockets.add(socket)
        if self.deaf_since is not None:
            socket.offer(PAUSE)
        if self._tending is None:
            self._tending = asyncio.create_task(self._tend())

    def leave(self, socket: Socket) -> None:
        self.sockets.discard(socket)
        self.follow(socket, frozenset(), socket.page)

    def follow(self, socket: Socket, topics: frozenset[str], page: str) -> None:
        for topic in socket.topics:
            pages = self.followers[topic]
            pages[socket.page].discard(socket)
            if not pages[socket.page]:
                del pages[socket.page]
            if not pages:
                del self.followers[topic]
        for topic in topics:
            self.followers.setdefault(topic, {}).setdefault(page, set()).add(socket)
        socket.topics, socket.page = topics, page

    async def hears(self) -> bool:
        """Whether hints arrive; gives a subscription that is just being made the time it needs."""
        if self.deaf_since is None:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._hearing_now.wait()
            except TimeoutError:
                self._deaf("no answer yet")
        return self.deaf_since is None

    def told_since(self, topic: str, moment: float) -> bool:
        """Whether this topic was, or may have been, told since that moment (time.monotonic())."""
        if self.listening_since is None or moment < self.listening_since:
            return True
        return moment < time.monotonic() - REMEMBERED or self._told.get(topic, 0) > moment

    # --- Hints arrive ---

    def hear(self, text: str) -> None:
        try:
            hint = Hint.parse(text)
        except (ValueError, KeyError, TypeError):
            logger.warning("Something that is no live hint came in: %.80s", text)
            return
        if hint.topic == RESYNC.topic:
            self._tell_all(RESUME)
            return
        self._tell(hint)
        if hint.topic == PEOPLE:
            self._spawn_check(socket for socket in self.sockets if hint.concerns(socket.person.pk))

    def hint_of(self, topic: str) -> Hint:
        """That it was told, for who has just begun to follow it."""
        return Hint(topic, None, self._stamp(self._told.get(topic, time.monotonic())))

    def moment(self, stamp: str) -> float | None:
        """When this hub heard a hint (time.monotonic()), by what it told of it.

        Not before it began to listen: what happened while it was deaf, no hint told of.
        """
        hub, _, at = stamp.partition(":")
        try:
            heard = float(at) if hub == self.id else None
        except ValueError:
            return None
        if heard is None or self.listening_since is None:
            return None
        return max(heard, self.listening_since)

    def _stamp(self, moment: float) -> str:
        return f"{self.id}:{moment:.4f}"

    def _tell(self, hint: Hint) -> None:
        now = self._told[hint.topic] = time.monotonic()
        hint = replace(hint, at=self._stamp(now))
        for page in self.followers.get(hint.topic, ()):
            self._tell_page(hint, page)

    def _tell_page(self, hint: Hint, page: str) -> None:
        """The first hint of a burst goes out at once, all that come until its turn in one."""
        burst = (hint.topic, page)
        if burst in self._bursts:
            waiting = self._bursts[burst]
            self._bursts[burst] = waiting.merged(hint) if waiting else hint
            return
        self._bursts[burst] = None
        asyncio.get_running_loop().call_later(self._until_turn(page), self._end_burst, burst)
        for socket in self.followers.get(hint.topic, {}).get(page, ()):
            socket.offer(hint)

    def _end_burst(self, burst: tuple[str, str]) -> None:
        waiting = self._bursts.pop(burst)
        if waiting:
            self._tell_page(waiting, burst[1])

    def _until_turn(self, page: str) -> float:
        """Seconds until the pages of this address are told again: evenly spread over a PACE."""
        if page not in self._turns:
            open_pages = {socket.page for socket in self.sockets}
            self._turns = {page: turn for page, turn in self._turns.items() if page in open_pages}
            taken = sorted(self._turns.values())
            gaps = [(after - before, before) for before, after in pairwise([*taken, PACE])]
            widest, before = max(gaps, default=(PACE, 0.0))
            self._turns[page] = before + widest / 2 if taken else 0.0
        return LEAST + (self._turns[page] - time.monotonic() - LEAST) % PACE

    def _tell_all(self, signal: Signal) -> None:
        for socket in self.sockets:
            socket.offer(signal)

    # --- The link ---

    async def _listen(self) -> None:
        """Keep the subscription up; what was missed while it was down heals by a resync."""
        waits, way = back_off(), transport()
        while True:
            try:
                await way.listen(self.hear, self._hearing)
            except Exception as error:  # whatever it is, pages must not believe they are live
                if self.listening_since is not None:
                    waits = back_off()
                self._deaf(f"{type(error).__name__}: {error}")
                if not isinstance(error, way.FAILURES):
                    logger.exception("Listening for live hints failed")
            await asyncio.sleep(next(waits))

    def _hearing(self) -> None:
        self.listening_since = time.monotonic()
        self._hearing_now.set()
        if self.deaf_since is not None:
            self.deaf_since = None
            self._tell_all(RESUME)

    def _deaf(self, why: str) -> None:
        logger.warning("Live hints do not come through, pages read themselves instead: %s", why)
        self.listening_since = None
        self._hearing_now.clear()
        if self.deaf_since is None:
            self.deaf_since = time.time()
            self._tell_all(PAUSE)

    # --- While there are sockets ---

    async def _tend(self) -> None:
        """Listen, beat and look at sessions; some time after the last socket has left, let go."""
        listener = asyncio.create_task(self._listen())
        beats_alone = 0
        try:
            while beats_alone < LINGER:
                await asyncio.sleep(BEAT)
                beats_alone = 0 if self.sockets else beats_alone + 1
                self._tell_all(BEAT_SIGNAL)
                self._spawn_check(self.sockets)
                horizon = time.monotonic() - REMEMBERED
                self._told = {topic: at for topic, at in self._told.items() if at > horizon}
        finally:
            listener.cancel()
            self._tending = self.listening_since = self.deaf_since = None
            self._hearing_now.clear()

    def _spawn_check(self, sockets: Iterable[Socket]) -> None:
        chosen = list(sockets)
        if chosen:
            task = asyncio.create_task(self._check(chosen))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _check(self, sockets: list[Socket]) -> None:
        """Ask again whom these sockets serve: two queries, however many there are."""
        keys = {socket.session_key for socket in sockets}
        try:
            people = await database_sync_to_async(people_of)(keys)
        except DatabaseFailure:
            return  # without a database nothing is told either; the next beat asks again
        await asyncio.gather(*(one.serve(people.get(one.session_key)) for one in sockets))


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def hub_here() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


def hubs() -> list[Hub]:
    """The hubs of this process: one in a web process once a page is open, none in a worker."""
    return list(_hubs.values())
