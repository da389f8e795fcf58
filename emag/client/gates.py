"""The budgets of calls that eMAG grants an account, kept by all processes of all hosts together."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping

from core.ratelimit import Gate, Limits
from emag.client.routes import Bucket, Route

LIMITS: dict[Bucket, Limits] = {
    Bucket.ORDERS: Limits(per_second=12, per_minute=720),
    Bucket.REST: Limits(per_second=3, per_minute=180),
    Bucket.EAN: Limits(per_second=5, per_minute=200, per_day=5000),
}
MOST_JITTER = 0.1  # seconds: eMAG asks that calls do not come in step with the clock (§7)
MINUTE, DAY = 60.0, 86_400.0
MOST_STRIKES = 4  # refused so often in a row, we wait for the next full minute


class Budgets:
    """The gates of one account.

    eMAG may grant less than its documents say: then its answers state it in their headers, and we
    keep to that. What it refused all the same closes the gate, for everybody who shares it.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._limits = dict(LIMITS)
        self._stated: dict[Bucket, dict[str, int]] = {}
        self._strikes: dict[Bucket, int] = {}
        self._opens: dict[Bucket, float] = {}
        self._lock = threading.Lock()

    def gate(self, bucket: Bucket) -> Gate:
        return Gate(f"{self.prefix}:{bucket}", self._limits[bucket])

    def wait(self, route: Route, patience: float, *, jitter: float = MOST_JITTER) -> float:
        """Wait until the call may go out; seconds waited. RateLimited where it takes too long."""
        began = time.monotonic()
        # Before a moment is booked, not after: a booked moment that is missed goes to waste.
        time.sleep(random.uniform(0, jitter))  # noqa: S311 - to be out of step, no secret
        # The budget that surely counts the call comes last: between it and the call nothing waits.
        for bucket in (route.also, route.bucket):
            if bucket is not None:
                left = max(0.0, patience - (time.monotonic() - began))
                self.gate(bucket).wait(left)
        return time.monotonic() - began

    def refused(self, bucket: Bucket, retry_after: float | None) -> float:
        """They said "too many": close the gate for as long as they say. Seconds until it opens."""
        now = time.monotonic()
        with self._lock:
            if now >= self._opens.get(bucket, 0.0):  # else it left together with one refused before
                self._strikes[bucket] = self._strikes.get(bucket, 0) + 1
            if retry_after is None:
                strikes = self._strikes.get(bucket, 1)
                of_minute = time.time() % 60
                retry_after = 60 - of_minute if strikes > MOST_STRIKES else 2.0 ** (strikes - 1)
            # No budget is counted over longer than this, whatever the header says.
            retry_after = min(retry_after, DAY if self._limits[bucket].per_day else MINUTE)
            self._opens[bucket] = max(self._opens.get(bucket, 0.0), now + retry_after)
        self.gate(bucket).close(retry_after)
        return retry_after

    def granted(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        """It was let through; learn what its headers say about the limits."""
        with self._lock:
            self._strikes.pop(bucket, None)
        self.learn(bucket, headers)

    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        """Keep to what is stated, and let all who share the gate know when it has changed."""
        stated = _stated(headers)
        granted = Limits(
            per_second=stated.get("second", 0), per_minute=stated.get("minute", 0)
        )  # fmt: skip
        with self._lock:
            is_news = self._stated.get(bucket) != stated
            self._stated[bucket] = stated
            self._limits[bucket] = LIMITS[bucket].lowered(granted.by_seconds())
        if is_news:
            self.gate(bucket).state(granted)


def _stated(headers: Mapping[str, str]) -> dict[str, int]:
    """What the headers of a reply grant in a second and in a minute.

    >>> _stated({"X-RateLimit-Limit-second": "6", "x-ratelimit-limit-3second": "9"})
    {'second': 3}
    """
    found: dict[str, int] = {}
    for name, value in headers.items():
        window = name.lower().removeprefix("x-ratelimit-limit-")
        if window == name.lower() or not value.strip().isdigit():
            continue
        count, unit = int(value), window.lstrip("0123456789")
        if unit in {"second", "minute"}:
            each = int(window[: len(window) - len(unit)] or 1)
            grant = max(1, count // max(1, each))
            found[unit] = min(grant, found.get(unit, grant))
    return found
