"""When an export is due: every day, week or month at an hour in a person's zone. Pure: no Django.

An hour that the clock skips in spring is due at the first moment after the gap; one that comes
twice in autumn is due the first time.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FULL_WEEK = 7
LONGEST_MONTH = 31


@dataclass(frozen=True)
class Rhythm:
    """How often and when: `weekday` counts from Monday, a `month_day` past the end is the last."""

    every: str  # "day", "week" or "month"
    hour: int
    weekday: int = 0
    month_day: int = 1

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first time it is due after `moment`, in UTC.

        >>> daily = Rhythm("day", hour=3)
        >>> spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
        >>> str(daily.next_after(spring, ZoneInfo("Europe/Bucharest")))
        '2026-03-29 01:00:00+00:00'
        """
        day = moment.astimezone(zone).date()
        while True:
            due = self._on(day, zone)
            if due is not None and due > moment:
                return due
            day += timedelta(days=1)

    def last_until(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The latest time it was due, at `moment` or before."""
        day = moment.astimezone(zone).date()
        while True:
            due = self._on(day, zone)
            if due is not None and due <= moment:
                return due
            day -= timedelta(days=1)

    def first_day_before(self, last: date) -> date:
        """Where the day, week or month begins that ends with `last`.

        >>> str(Rhythm("month", hour=6).first_day_before(date(2026, 2, 28)))
        '2026-02-01'
        """
        if self.every == "week":
            return last - timedelta(days=FULL_WEEK - 1)
        if self.every == "day":
            return last
        end = last + timedelta(days=1)
        year, month = (end.year, end.month - 1) if end.month > 1 else (end.year - 1, 12)
        return date(year, month, min(end.day, calendar.monthrange(year, month)[1]))

    def _on(self, day: date, zone: ZoneInfo) -> datetime | None:
        """When it is due on this day; None where this is not its day."""
        if self.every == "week" and day.weekday() != self.weekday:
            return None
        last_day = calendar.monthrange(day.year, day.month)[1]
        if self.every == "month" and day.day != min(self.month_day, last_day):
            return None
        return datetime.combine(day, time(self.hour), zone).astimezone(UTC)
