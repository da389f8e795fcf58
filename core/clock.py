"""How moments read: "5 min ago" on screen, the exact time on hover, by the reader's zone and words.

A Clock is made once for a whole table, because finding zone, language and "now" again for each of
fifty rows cost a third of the page.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

MINUTE, HOUR, DAY = 60, 3600, 86400


class Clock:
    """Tells moments to one reader, as they look at one instant."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or timezone.now()
        self.zone = timezone.get_current_timezone()
        self.language = get_language() or ""
        self.today = self.now.astimezone(self.zone).date()
        self.months, self.weekdays = _calendar(self.language)

    def html(self, moment: datetime) -> SafeString:
        local = moment.astimezone(self.zone)
        stamp = moment.astimezone(UTC).isoformat(timespec="seconds")
        return mark_safe(  # noqa: S308 - numbers and escaped words
            f'<time datetime="{stamp[:19]}Z" title="{self._exact(local)}">'
            f"{self._relative(moment, local)}</time>"
        )

    def relative(self, moment: datetime) -> str:
        """How far away it is, in the words people use: "5 min ago", "tomorrow 16:00"."""
        return self._relative(moment, moment.astimezone(self.zone))

    def exact(self, moment: datetime) -> str:
        """ "25 Nov 2026, 14:05:09" """
        return self._exact(moment.astimezone(self.zone))

    def date(self, day: date) -> str:
        return f"{day.day} {self.months[day.month]} {day.year}"

    def _exact(self, local: datetime) -> str:
        return f"{self.date(local)}, {local.hour:02}:{local.minute:02}:{local.second:02}"

    def _relative(self, moment: datetime, local: datetime) -> str:
        seconds = (moment - self.now).total_seconds()
        distance = abs(seconds)
        if distance < 45:
            return _span(self.language, 0, "now", seconds > 0)
        if distance < HOUR - 30:
            return _span(self.language, max(1, round(distance / MINUTE)), "min", seconds > 0)
        days = (local.date() - self.today).days
        if days == 0 or distance < 6 * HOUR:
            return _span(self.language, max(1, round(distance / HOUR)), "h", seconds > 0)
        if days in {-1, 1}:
            return _beside(self.language, f"{local.hour:02}:{local.minute:02}", days > 0)
        if abs(days) < 7:
            return f"{self.weekdays[local.weekday()]} {local.hour:02}:{local.minute:02}"
        if local.year == self.today.year:
            return f"{local.day} {self.months[local.month]}"
        return self.date(local)


@lru_cache(maxsize=8)
def _calendar(language: str) -> tuple[dict[int, str], dict[int, str]]:
    # Django keeps English months small, like those of the languages that write them so.
    written = str.capitalize if language.startswith("en") else str
    return (
        {number: escape(written(str(name))) for number, name in MONTHS_3.items()},
        {number: escape(str(name)) for number, name in WEEKDAYS_ABBR.items()},
    )


@lru_cache(maxsize=1024)
def _span(language: str, n: int, unit: str, is_ahead: bool) -> str:
    if unit == "now":
        text = gettext("now") if is_ahead else gettext("just now")
    elif unit == "min" and is_ahead:
        text = ngettext("in %(n)s min", "in %(n)s min", n)
    elif unit == "min":
        text = ngettext("%(n)s min ago", "%(n)s min ago", n)
    elif is_ahead:
        text = ngettext("in %(n)s h", "in %(n)s h", n)
    else:
        text = ngettext("%(n)s h ago", "%(n)s h ago", n)
    return escape(text % {"n": n})


@lru_cache(maxsize=4096)
def _beside(language: str, clock: str, is_ahead: bool) -> str:
    text = gettext("tomorrow %(clock)s") if is_ahead else gettext("yesterday %(clock)s")
    return escape(text % {"clock": clock})
