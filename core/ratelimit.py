"""A limit on calls that all processes on all hosts keep together: "12 a second, 720 a minute".

    gate = Gate("emag:7:orders", Limits(per_second=12, per_minute=720))
    gate.wait()                   # returns when the call may go out, or raises RateLimited
    ...                           # make the call now

The state is one row, changed by one conditional UPDATE, on the database's clock; so it survives
restarts and does not depend on the clocks of the hosts agreeing.
"""

import itertools
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db import transaction
from django.db.models import FloatField, Func
from django.utils.translation import gettext as _

from core.errors import RemoteUnavailable
from core.models import RateGate
from core.slots import GRACE, Slots, Window

PATIENCE = 30.0  # seconds that wait() waits at most, unless told otherwise
STRICT = 3  # misses after which a database that is always slow is put up with
MOST_WAIT = 120.0  # further ahead no place is booked, so that the dead book little
_CLOCK = Func(template="extract(epoch FROM clock_timestamp())::float8", output_field=FloatField())


@dataclass(frozen=True)
class Limits:
    """What the other side allows, as it states it. Zero: it states none."""

    per_second: int = 0
    per_minute: int = 0
    per_day: int = 0

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The limits that have to be kept; one that another implies costs nothing."""
        stated = [(self.per_second, 1), (self.per_minute, 60), (self.per_day, 86_400)]
        windows = [Window(limit, seconds) for limit, seconds in stated if limit]
        return tuple(
            window
            for window in windows
            if not any(other.implies(window) for other in windows if other is not window)
        )

    def lowered(self, stated: Mapping[str, int]) -> "Limits":
        """These limits, or less where the other side says so: {"1": 6} is six a second.

        >>> Limits(per_second=12, per_minute=720).lowered({"1": 6, "60": 900})
        Limits(per_second=6, per_minute=720, per_day=0)
        """
        each = {name: (limit, stated.get(seconds, 0)) for name, seconds, limit in self._named()}
        return Limits(**{name: min(filter(None, two), default=0) for name, two in each.items()})

    def by_seconds(self) -> dict[str, int]:
        return {seconds: limit for _name, seconds, limit in self._named() if limit}

    def _named(self) -> list[tuple[str, str, int]]:
        return [
            ("per_second", "1", self.per_second), ("per_minute", "60", self.per_minute),
            ("per_day", "86400", self.per_day),
        ]  # fmt: skip


class RateLimited(RemoteUnavailable):
    """The budget is used up for longer than the caller would wait; `retry_after` says how long."""

    code = "rate_limited"


@dataclass(frozen=True)
class Place:
    """A booked moment: on the database's clock, and on this process's time.monotonic()."""

    at: float
    leave_at: float
    good_until: float


@dataclass(frozen=True)
class Gate:
    """One budget. Those who use the same name share it, so they must state the same limits."""

    name: str
    limits: Limits

    def wait(self, patience: float = PATIENCE) -> float:
        """Wait for permission to make one call, now. Returns the seconds waited.

        Raises RateLimited at once, and books nothing, where it would take longer than `patience`.
        """
        began, lead, missed = time.monotonic(), 0.0, None
        for attempt in itertools.count():
            left = max(0.0, began + patience - time.monotonic())
            place = self.book(left, lead=lead, instead_of=missed)
            ready = time.monotonic()
            time.sleep(max(0.0, place.leave_at - ready))
            now = time.monotonic()
            if now <= place.good_until or (attempt >= STRICT and now <= place.leave_at + GRACE):
                break
            # The moment is gone: this process was not woken in time, or the database was slow to
            # answer. Give it back and ask again, further ahead if storing it took so long.
            missed, lead = place.at, max(lead, 1.5 * (ready - place.leave_at))
        return now - began

    def book(
        self, patience: float = 0.0, *, lead: float = 0.0, instead_of: float | None = None
    ) -> Place:
        """Book the first free moment after `lead` seconds, if it comes within `patience`.

        `instead_of` is a moment of one's own that was missed: nobody left then, so it is free.
        """
        with transaction.atomic(durable=True):  # other processes must see it, and not wait for us
            while True:
                asked = time.monotonic()
                state, version, now = self._read()
                answered = time.monotonic()
                slots = Slots.load(state)
                slots.give_back(instead_of)
                windows = self._limits_now(slots).windows
                earliest = now + lead
                at = slots.next(earliest, windows)
                if at - earliest > min(patience, MOST_WAIT):  # exactly 0 where the gate is open
                    raise self._limited(at - now)
                slots.grant(at, windows)
                if self._write(slots, version):
                    # The database looked at its clock between our question and its answer. So
                    # from the answer on nobody leaves too early, from the question on too late.
                    return Place(at, answered + (at - now), asked + (at - now) + GRACE)
                time.sleep(random.uniform(0, 0.005))  # noqa: S311 - somebody else was faster

    def _limited(self, seconds: float) -> RateLimited:
        return RateLimited(
            _("The limit of calls is used up for the moment. It goes on by itself."),
            remote=self.name,
            retry_after=seconds,
        )

    def close(self, seconds: float) -> None:
        """Nobody calls for this long: the other side answered "too many requests"."""
        with transaction.atomic(durable=True):
            while True:
                state, version, now = self._read()
                slots = Slots.load(state)
                slots.close(now + min(max(seconds, 0.0), 3600.0))
                if self._write(slots, version):
                    return

    def state(self, limits: Limits) -> None:
        """What the other side says it grants at the moment; zeros where it says nothing.

        It holds for everybody who uses this gate, where it is less than what they count with.
        """
        with transaction.atomic(durable=True):
            while True:
                state, version, _now = self._read()
                slots = Slots.load(state)
                if slots.stated == limits.by_seconds():
                    return
                slots.stated = limits.by_seconds()
                if self._write(slots, version):
                    return

    def _limits_now(self, slots: Slots) -> Limits:
        return self.limits.lowered(slots.stated) if slots.stated else self.limits

    def _read(self) -> tuple[dict[str, object], int, float]:
        found = RateGate.objects.filter(name=self.name).annotate(now=_CLOCK)
        while True:
            row = found.values_list("state", "version", "now").first()
            if row:
                return row
            RateGate.objects.bulk_create([RateGate(name=self.name)], ignore_conflicts=True)

    def _write(self, slots: Slots, version: int) -> bool:
        mine = RateGate.objects.filter(name=self.name, version=version)
        return mine.update(state=slots.dump(), version=version + 1) == 1
