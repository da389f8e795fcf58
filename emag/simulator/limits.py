"""The marketplace's rate limits, on real time: what a gateway in front of it counts.

Every call that reaches the gateway counts, also those it turns away and those that later fail
to sign in. The counts begin again from the journal after a restart, so a restart is no amnesty.
"""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emag.simulator.store import Store

#: Bucket → ((seconds, calls), …)
LIMITS: dict[str, tuple[tuple[int, int], ...]] = {
    "orders": ((1, 12), (60, 720)),
    "rest": ((1, 3), (60, 180)),
    "ean": ((1, 5), (60, 200), (86_400, 5_000)),
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a call may pass, with the headers that say how much is left."""

    passed: bool
    wall: float
    headers: dict[str, str]


class RateLimits:
    """Counts of each account and bucket, shared by all threads."""

    def __init__(self, store: Store) -> None:
        self._lock = threading.Lock()
        self._moments: dict[tuple[str, str], list[float]] = defaultdict(list)
        with store.lock:
            rows = store.db.execute(
                "SELECT account, bucket, wall FROM journal "
                "WHERE bucket IS NOT NULL AND wall > ? ORDER BY wall",
                (time.time() - 86_400,),
            ).fetchall()
        for row in rows:
            self._moments[row["account"], row["bucket"]].append(row["wall"])

    def ask(
        self, account: str, bucket: str, switch: Callable[[str], Any], now: float | None = None
    ) -> Ruling:
        """Count a call at this very moment (or, for a test, at `now`) and say whether it passes."""
        with self._lock:
            moment = time.time()
            wall = moment if now is None else now
            buckets = [bucket]
            if bucket == "ean" and switch("rate.ean_also_rest") == "on":
                buckets.append("rest")
            passed, left, retry = True, {}, 0.0
            for name in buckets:
                for span, limit in self._limits(name, switch, wall):
                    used, reset = self._used(account, name, span, wall, switch)
                    left[name, span] = (limit, limit - used - 1, reset)
                    if used >= limit:
                        passed = False
                        retry = max(retry, reset)
            if passed or switch("rate.count_rejected") == "on":
                for name in buckets:
                    insort(self._moments[account, name], wall)
            for name in buckets:
                self._forget(account, name, wall)
        mine = {span: left[bucket, span] for span, _ in LIMITS[bucket]}
        passed = passed or switch("rate.limits") == "off"
        return Ruling(passed, moment, headers(mine, passed, retry, switch))

    def _limits(
        self, bucket: str, switch: Callable[[str], Any], wall: float
    ) -> list[tuple[int, int]]:
        scale = float(switch("rate.scale"))
        if switch("rate.rush") == "on" and wall % 3600 < 60:
            scale /= 2  # the whole hours, when everybody's schedule fires
        return [(span, max(1, math.floor(limit * scale))) for span, limit in LIMITS[bucket]]

    def _used(
        self, account: str, bucket: str, span: int, wall: float, switch: Callable[[str], Any]
    ) -> tuple[int, float]:
        """Calls in the window that `wall` is in, and the seconds until it has room again."""
        moments = self._moments[account, bucket]
        if switch("rate.window") == "sliding":
            start = wall - span
            index = bisect_right(moments, start)
            reset = moments[index] + span - wall if index < len(moments) else 0.0
            return len(moments) - index, reset
        skew = float(switch("rate.clock_skew"))
        start = (wall + skew) // span * span - skew
        index = bisect_right(moments, math.nextafter(start, -math.inf))
        return len(moments) - index, start + span - wall

    def _forget(self, account: str, bucket: str, wall: float) -> None:
        moments = self._moments[account, bucket]
        longest = max(span for span, _ in LIMITS[bucket])
        old = bisect_right(moments, wall - 2 * longest)
        if old > 1000:
            del moments[:old]

    def counts(self, since: float) -> dict[tuple[str, str], int]:
        """How many calls were counted since then."""
        with self._lock:
            return {
                key: len(moments) - bisect_right(moments, since)
                for key, moments in self._moments.items()
            }

    def clear(self) -> None:
        with self._lock:
            self._moments.clear()


def headers(
    left: dict[int, tuple[int, int, float]],
    passed: bool,
    retry: float,
    switch: Callable[[str], Any],
) -> dict[str, str]:
    """The headers in the style of the switch; real names are not known for certain."""
    style = switch("rate.headers")
    found: dict[str, str] = {}
    if style == "legacy":
        limit, remaining, _ = left[1]
        found["X-RateLimit-Limit-3second"] = str(limit * 3)
        found["X-RateLimit-Remaining-3second"] = str(
            max(0, limit * 3 - (limit - remaining)) if passed else 0
        )
    elif style == "modern":
        for span, name in ((1, "second"), (60, "minute")):
            found[f"X-RateLimit-Limit-{name}"] = str(left[span][0])
            found[f"X-RateLimit-Remaining-{name}"] = str(max(0, left[span][1]))
    elif style == "ietf":
        tightest = min(left.values(), key=lambda item: item[1])
        found["RateLimit-Limit"] = str(tightest[0])
        found["RateLimit-Remaining"] = str(max(0, tightest[1]))
        found["RateLimit-Reset"] = str(max(1, math.ceil(tightest[2])))
    if not passed and switch("rate.retry_after") == "on":
        found["Retry-After"] = str(max(1, math.ceil(retry)))
    return found
