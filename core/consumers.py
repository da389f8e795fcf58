"""The one websocket consumer: whom it serves, what the page follows, hints on their way out.

A page sends all topics it shows and its address, each time they change, and how many milliseconds
ago it asked for what it shows now:

    {"topics": ["orders", "pick:5"], "page": "/orders/?tab=new", "age": 840}

It is told:

    {"type": "following", "topics": [...], "live": true}    hints of these arrive from here on;
                                                            what it had missed came before
    {"type": "refused", "topic": "x", "reason": "unknown" | "forbidden" | "limit"}
    {"topic": "orders", "ids": [12, 15] | "many", "at": …}  a hint; `at` comes back as X-Told
    {"type": "beat"}                                        a sign of life, every 20 s
    {"type": "pause"}, {"type": "resync"}                   hints do not come through; do so again

It is closed with 4401 when nobody is signed in (any more), 4400 for a message that is none, 1009
for one that is too long, 1013 while the database is away, 1012 when the server restarts.
"""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import Error as DatabaseFailure

from core.live import refusal
from core.live.hints import Hint
from core.live.hub import Signal, hub_here

SIGNED_OUT, NONSENSE, TOO_LONG, LATER = 4401, 4400, 1009, 1013
GONE = (OSError, RuntimeError)  # what servers raise when the page has left; a disconnect follows
MAX_MESSAGE = 4096
MAX_TOPICS = 50


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One open page."""

    channel_layer_alias = ""  # no channel of its own: the hub hears for all sockets of the process
    person: AbstractBaseUser

    def __init__(self) -> None:
        super().__init__()
        self.hub = hub_here()
        self.topics: frozenset[str] = frozenset()
        self.page = ""
        self.session_key = ""
        self._outbox: dict[str, Hint | Signal] = {}
        self._sending: asyncio.Task[None] | None = None
        self._closing = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._closing = True
            self.hub.leave(self)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels would look for old database connections here, in a thread for each message."""
        await getattr(self, message["type"].replace(".", "_"))(message)

    # --- Whom it serves ---

    async def connect(self) -> None:
        """Strangers are let in and shown out: a browser learns the code only of an open socket."""
        self.session_key = self.scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
        code, person = SIGNED_OUT, None
        try:
            if self.session_key:
                person = await self.hub.doorman.person_of(self.session_key)
        except DatabaseFailure:
            code = LATER
        await self.accept()
        if person is None:
            await self.leave(code)
        else:
            self.person = person
            self.hub.join(self)

    async def serve(self, person: AbstractBaseUser | None) -> None:
        """The session was looked at again: it may have ended, or the person may do less now."""
        if person is None:
            await self.leave(SIGNED_OUT)
            return
        self.person = person
        await self.follow(self.topics, self.page)

    async def leave(self, code: int) -> None:
        self.hub.leave(self)
        if not self._closing:
            self._closing = True
            with suppress(*GONE):
                await self.close(code)

    # --- What it follows ---

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if len(text_data or bytes_data or "") > MAX_MESSAGE:
            await self.leave(TOO_LONG)
            return
        try:
            content = json.loads(text_data or "")
            topics = frozenset(map(str, content["topics"]))
            # Those who read another language get another page, and need not be told with these.
            page = f"{getattr(self.person, 'language', '')} {content.get('page', '')}"
            read_at = time.monotonic() - float(content["age"]) / 1000
        except (ValueError, KeyError, TypeError):
            await self.leave(NONSENSE)
            return
        # Of another address it may have missed what was still waiting for its turn.
        new = topics - self.topics if page == self.page else topics
        await self.follow(topics, page)
        hears = await self.hub.hears()
        for topic in sorted(new & self.topics):
            if hears and self.hub.told_since(topic, read_at):
                await self.say_text(self.hub.hint_of(topic).text)  # it changed on the way
        await self.say({"type": "following", "topics": sorted(self.topics), "live": hears})

    async def follow(self, topics: frozenset[str], page: str) -> None:
        refused = {topic: refusal(topic, self.person) for topic in topics}
        allowed = sorted(topic for topic in topics if not refused[topic])
        refused.update(dict.fromkeys(allowed[MAX_TOPICS:], "limit"))
        self.hub.follow(self, frozenset(allowed[:MAX_TOPICS]), page)
        for topic, reason in sorted(refused.items()):
            if reason:
                await self.say({"type": "refused", "topic": topic, "reason": reason})

    # --- What it is told ---

    def offer(self, message: Hint | Signal) -> None:
        """Take a message to send. While the line is busy, hints of one topic become one."""
        waiting = self._outbox.get(message.topic)
        if isinstance(waiting, Hint) and isinstance(message, Hint):
            message = waiting.merged(message)
        self._outbox[message.topic] = message
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_outbox())

    async def _send_outbox(self) -> None:
        try:
            while self._outbox and not self._closing:
                topic = next(iter(self._outbox))
                await self.send(text_data=self._outbox.pop(topic).text)
        except GONE:
            self._outbox.clear()
        finally:
            self._sending = None

    async def say(self, content: dict[str, object]) -> None:
        await self.say_text(json.dumps(content, separators=(",", ":")))

    async def say_text(self, text: str) -> None:
        if not self._closing:
            with suppress(*GONE):
                await self.send(text_data=text)
