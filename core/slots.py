"""The arithmetic of a rate limit: when may the next call go out? Pure: no clock, no database.

A limit "12 in a second" is kept for *every* second, not only for those that begin on a full one:
of any 13 calls in a row, the last may go out only when more than a second has passed since the
first. So the times of the last 12 grants are kept, and the next is granted a second after the
oldest of them. Where that would mean keeping thousands of times (5,000 a day), they are kept in
groups: the time at which each group of calls was full stands for all its calls.

Calls leave a little later than they were granted, by the way back from the database and the wake-up
of the process. A grant is good for GRACE seconds, and every window is taken that much longer than
it is, so that the limit also holds between a call that left late and one that left at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

GRACE = 0.04  # seconds; 4 % of the shortest window, which is what the gate costs
PACE = 0.8
MOST_KEPT = 250  # times kept for one window
CLOCK_SET_BACK = 150.0  # seconds; grants lie further in the future only if the clock was set back


@dataclass(frozen=True)
class Window:
    """At most `limit` calls in any stretch of `seconds`."""

    limit: int
    seconds: float

    def __post_init__(self) -> None:
        if self.limit < 1 or self.seconds < 1:
            raise ValueError(f"{self.limit} calls in {self.seconds} s is no limit.")

    @property
    def length(self) -> float:
        return self.seconds + GRACE

    @property
    def group(self) -> int:
        """How many calls share one kept time."""
        return -(-self.limit // MOST_KEPT)

    @property
    def kept(self) -> int:
        return self.limit // self.group

    def implies(self, other: Window) -> bool:
        """Whether keeping this limit keeps the other one as well."""
        stretches = other.length // self.length + 1
        return other.seconds >= self.seconds and self.limit * stretches <= other.limit


@dataclass
class Slots:
    """What was granted lately, as far as the next grant depends on it."""

    last: float = 0.0  # the latest grant
    closed_until: float = 0.0  # the other side told us to wait
    open_group: dict[str, int] = field(default_factory=dict)
    kept: dict[str, list[float]] = field(default_factory=dict)
    stated: dict[str, int] = field(default_factory=dict)  # lower limits, as the other side says

    @classmethod
    def load(cls, state: dict[str, Any]) -> Slots:
        return cls(
            last=state.get("last", 0.0),
            closed_until=state.get("closed_until", 0.0),
            open_group=dict(state.get("open_group", {})),
            kept={name: list(times) for name, times in state.get("kept", {}).items()},
            stated=dict(state.get("stated", {})),
        )

    def dump(self) -> dict[str, Any]:
        return {
            "last": self.last,
            "closed_until": self.closed_until,
            "open_group": self.open_group,
            "kept": self.kept,
            "stated": self.stated,
        }

    def next(self, now: float, windows: Sequence[Window]) -> float:
        """The earliest time for one more call; `now`, or later."""
        self._mend_clock(now)
        free = max(now, self.last, self.closed_until, *(self._free(w) for w in windows))
        if free <= now:
            return now
        # Those who have to wait anyway leave one by one: of a burst that is repeated every second,
        # one slow connection makes two bursts in the same second. A little faster than the limit
        # itself, so that what was given back can be caught up with.
        shortest = min(windows, key=lambda window: window.seconds)
        return max(free, self.last + PACE * shortest.length / shortest.limit)

    def grant(self, at: float, windows: Sequence[Window]) -> None:
        """Note a call at this time, which next() returned."""
        self.last = at
        for window in windows:
            name = f"{window.seconds:g}"
            filled = self.open_group.get(name, 0) + 1
            if filled < window.group:
                self.open_group[name] = filled
                continue
            self.open_group.pop(name, None)
            times = [*self.kept.get(name, []), at]
            self.kept[name] = times[-window.kept :]
        names = {f"{window.seconds:g}" for window in windows}
        for stale in self.kept.keys() - names:
            del self.kept[stale]

    def give_back(self, at: float | None) -> None:
        """Nobody left at that time after all. Where times are grouped it stays counted."""
        for times in self.kept.values():
            if at in times:
                times.remove(at)

    def close(self, until: float) -> None:
        """No call before this time: the other side said so."""
        self.closed_until = max(self.closed_until, until)

    def _free(self, window: Window) -> float:
        times = self.kept.get(f"{window.seconds:g}", [])
        return times[-window.kept] + window.length if len(times) >= window.kept else 0.0

    def _mend_clock(self, now: float) -> None:
        """After the clock was set back, keep the distances and forget the dates."""
        ahead = self.last - now
        if ahead <= CLOCK_SET_BACK:
            return
        self.last = now
        self.closed_until = min(self.closed_until, now + CLOCK_SET_BACK)
        self.kept = {name: [time - ahead for time in times] for name, times in self.kept.items()}
