"""The virtual clock: all business time of the simulated marketplace.

Inside, time is an instant (seconds since 1970, UTC). Outside, it is the platform's wall time
without a zone, because that is all the interface shows. Rate limits never ask this clock.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

WIRE_FORMAT = "%Y-%m-%d %H:%M:%S"
DURATION = re.compile(
    r"^P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)


class VirtualClock:
    """virtual = anchor + (wall − anchor wall) × speed. Speed 0 is frozen, 1 is real."""

    def __init__(self, zone: str = "Europe/Bucharest") -> None:
        self.zone = ZoneInfo(zone)
        self.speed = 1.0
        self._anchor_wall = time.time()
        self._anchor = self._anchor_wall
        self._pinned: float | None = None

    # -- asking

    def instant(self) -> float:
        if self._pinned is not None:
            return self._pinned
        return self._anchor + (time.time() - self._anchor_wall) * self.speed

    def now(self) -> datetime:
        """The platform's wall time, without a zone and without fractions."""
        return self.local(self.instant())

    def local(self, instant: float) -> datetime:
        return (
            datetime.fromtimestamp(instant, UTC)
            .astimezone(self.zone)
            .replace(tzinfo=None, microsecond=0)
        )

    def to_instant(self, when: datetime | timedelta | float) -> float:
        """A local time without a zone, an aware time, a distance from now, or an instant."""
        if isinstance(when, timedelta):
            return self.instant() + when.total_seconds()
        if isinstance(when, datetime):
            return (when if when.tzinfo else when.replace(tzinfo=self.zone)).timestamp()
        return float(when)

    def wall_seconds_until(self, instant: float) -> float | None:
        """How long to sleep until `instant` comes; None while the clock stands still."""
        if self.speed <= 0:
            return None
        return max(0.0, (instant - self.instant()) / self.speed)

    # -- setting

    @contextmanager
    def pinned(self, instant: float) -> Iterator[None]:
        """While an event runs, now is the moment it was due."""
        before, self._pinned = self._pinned, instant
        try:
            yield
        finally:
            self._pinned = before

    def set(
        self,
        *,
        mode: str | None = None,
        at: datetime | float | None = None,
        speed: float | None = None,
        zone: str | None = None,
    ) -> None:
        """`mode`: real | frozen | speed | jump. `at` moves the clock, whatever the mode."""
        if zone is not None:
            self.zone = ZoneInfo(zone)
        now = self.instant()
        target = now if at is None else self.to_instant(at)
        if mode == "real":
            self.speed = 1.0
            target = time.time() if at is None else target
        elif mode == "frozen":
            self.speed = 0.0
        elif mode == "speed":
            self.speed = float(speed if speed is not None else 1.0)
        elif mode not in (None, "jump"):
            raise ValueError(f"Unknown clock mode {mode!r}: real, frozen, speed or jump")
        self._anchor_wall, self._anchor = time.time(), target

    def state(self) -> dict[str, float | str]:
        return {
            "zone": self.zone.key,
            "speed": self.speed,
            "anchor": self._anchor,
            "anchor_wall": self._anchor_wall,
        }

    def restore(self, state: dict[str, float | str]) -> None:
        self.zone = ZoneInfo(str(state["zone"]))
        self.speed = float(state["speed"])
        self._anchor = float(state["anchor"])
        self._anchor_wall = float(state["anchor_wall"])


def duration(text: str | float | timedelta) -> timedelta:
    """`"PT6H"`, `"P2DT30M"`, or plain seconds.

    >>> duration("PT1H30M").total_seconds()
    5400.0
    """
    if isinstance(text, timedelta):
        return text
    if isinstance(text, int | float):
        return timedelta(seconds=text)
    found = DURATION.match(text)
    if found is None or not any(found.groups()):
        raise ValueError(f"Not a duration: {text!r} (examples: PT6H, P2DT30M)")
    return timedelta(**{unit: float(count) for unit, count in found.groupdict().items() if count})


def wire(moment: datetime) -> str:
    """A moment as the interface writes it."""
    return moment.strftime(WIRE_FORMAT)
