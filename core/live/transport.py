"""The two ways hints travel between processes: PostgreSQL, or Redis where there is one."""

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import Protocol

from django.conf import settings

Hear = Callable[[str], None]
Ready = Callable[[], None]


class Transport(Protocol):
    """What core.live.over_postgres and core.live.over_redis are."""

    FAILURES: tuple[type[BaseException], ...]

    def send(self, texts: list[str]) -> None:
        """Send hints now, outside any transaction. Never raises because the way is cut."""

    async def listen(self, hear: Hear, ready: Ready) -> None:
        """Pass on hints, after saying ready, until the link breaks; then raise one of FAILURES."""


def transport() -> Transport:
    """The way of this installation. The other one's libraries are not even imported."""
    if settings.REDIS_URL:
        from core.live import over_redis

        return over_redis
    from core.live import over_postgres

    return over_postgres


def inside_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def back_off(first: float = 0.25, longest: float = 10.0) -> Iterator[float]:
    """Waiting times that double up to `longest`, spread so that processes do not come at once."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
        delay = min(delay * 2, longest)
