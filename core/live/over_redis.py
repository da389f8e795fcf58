"""Live hints over channels-redis. A Redis that is down costs speed only: see Outage, listen()."""

import asyncio
import logging
import os
import threading
import time
import weakref
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import RedisError

from core.live.hints import RESYNC
from core.live.transport import Hear, Ready, back_off, inside_event_loop
from core.quiet import quiet_logger

logger = quiet_logger(__name__)
GROUP = "live"  # every web process is in it, once
SEND_TIMEOUT = 1.0
FAILURES: tuple[type[BaseException], ...] = (RedisError, OSError, TimeoutError, ExceptionGroup)
PULSE = 2.0  # a line that was cut without a word is found after this and the patience below
PATIENCE = 5.0


def _is_news(record: logging.LogRecord) -> bool:
    """channels-redis tells every second that Redis is away, with a traceback; we tell it once."""
    return not (record.exc_info and isinstance(record.exc_info[1], FAILURES))


logging.getLogger("channels_redis.pubsub").addFilter(_is_news)


class HintLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """channels-redis' pub/sub layer that counts how often each event loop connected.

    After Redis was away the layer connects again without a word, and whatever was published in
    between is lost; the count is how listen() notices.
    """

    def __init__(self, hosts: list[dict[str, Any]], **options: Any) -> None:
        hosts = [{**host, "redis_connect_func": self._on_connect} for host in hosts]
        super().__init__(hosts=hosts, **options)
        self._counts: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, int]
        self._counts = weakref.WeakKeyDictionary()

    async def _on_connect(self, connection: Any) -> None:
        self._counts[asyncio.get_running_loop()] = self.connects() + 1
        await connection.on_connect()

    def connects(self) -> int:
        return self._counts.get(asyncio.get_running_loop(), 0)


# --- Sending ----------------------------------------------------------------------------------


def send(texts: list[str]) -> None:
    """Now, whatever the state of a transaction: the caller has seen to that."""
    if outage.active:
        return
    if inside_event_loop():
        threading.Thread(target=send, args=(texts,), daemon=True).start()
        return
    try:
        _send(texts)
    except FAILURES as error:
        logger.warning("Redis did not take live hints, pages notice changes later: %s", error)
        outage.begin()


@async_to_sync
async def _send(texts: list[str]) -> None:
    layer = get_channel_layer()
    async with asyncio.timeout(SEND_TIMEOUT):
        for text in texts:
            await layer.group_send(GROUP, {"text": text})


class Outage:
    """While Redis is down nobody waits for it: hints are dropped, and one resync is owed instead.

    A thread keeps trying to send that resync; the first one that gets through ends the outage.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.active = False
        self.since = 0.0
        self._lock = threading.Lock()
        self._healer: threading.Thread | None = None

    def begin(self) -> None:
        with self._lock:
            self.active = True
            if self._healer is None:
                self.since = time.time()
                self._healer = threading.Thread(target=self._heal, name="live-outage", daemon=True)
                self._healer.start()

    def _heal(self) -> None:
        for delay in back_off():
            time.sleep(delay)
            self.active = False  # before the resync: who commits from here on sends his own hint
            try:
                _send([RESYNC.text])
            except FAILURES:
                self.active = True
            with self._lock:
                if not self.active:
                    self._healer = None
                    return


outage = Outage()
os.register_at_fork(after_in_child=outage.reset)  # threads do not survive a fork


# --- Listening --------------------------------------------------------------------------------


async def listen(hear: Hear, ready: Ready) -> None:
    """Be one member of the group; a pulse to ourselves proves that we hear."""
    layer = get_channel_layer()
    async with asyncio.timeout(2 * PATIENCE):
        await layer.flush()  # connections from before may be half dead
        channel = await layer.new_channel()
        await layer.group_add(GROUP, channel)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_pulse(layer, channel))
        connects = 0
        while True:
            async with asyncio.timeout(PULSE + PATIENCE):
                message = await layer.receive(channel)
            if "text" in message:
                hear(message["text"])
            elif not connects:  # the first pulse is back: from here on nothing is missed
                connects = layer.connects()
                ready()
            if connects not in (0, layer.connects()):
                raise ConnectionResetError("Redis was away")


async def _pulse(layer: HintLayer, channel: str) -> None:
    while True:
        async with asyncio.timeout(PATIENCE):
            await layer.send(channel, {"pulse": True})
        await asyncio.sleep(PULSE)
