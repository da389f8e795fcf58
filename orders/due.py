"""How a deadline reads: "3 h 12 min", amber when it is near, red when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.clock import Clock
from core.html import icon

SOON = timedelta(hours=4)
A_DAY = timedelta(days=1)


def due_html(moment: datetime, now: datetime, tell: Clock) -> SafeString:
    """What is left until `moment`; the exact time is the title."""
    left = moment - now
    tone = "red" if left < timedelta(0) else "amber" if left < SOON else "grey"
    stamp = moment.astimezone(UTC).isoformat(timespec="seconds")[:19]
    return mark_safe(  # noqa: S308 - words and numbers of ours, escaped
        f'<time class="due tone-{tone}" datetime="{stamp}Z" title="{tell.exact(moment)}">'
        f"{icon('clock')} {escape(due_words(left, moment, tell))}</time>"
    )


def due_words(left: timedelta, moment: datetime, tell: Clock) -> str:
    """ "41 min", "3 h 12 min", "2 h late"; from a day on, the day and the hour."""
    if abs(left) >= A_DAY:
        said = tell.relative(moment)
        return _("late since %(when)s") % {"when": said} if left < timedelta(0) else said
    minutes = int(abs(left).total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    words = f"{hours} h {rest} min" if hours else f"{rest} min"
    return _("%(time)s late") % {"time": words} if left < timedelta(0) else words
