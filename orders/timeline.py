"""What happened to an order, told by everybody who knows: a slot of the order's page.

    timeline.register(calls)      # calls(order, user) -> the latest events, at most MOST

A source asks one statement, leaves out what the user may not see, and answers newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.clock import Clock
from core.html import StrOrPromise
from core.registry import DuplicateRegistration

if TYPE_CHECKING:
    from accounts.models import User
    from orders.models import Order, OrderNote

MOST = 200  # events that a source tells at most; what is older stands in the audit trail
SHOWN = 20


@dataclass(frozen=True, slots=True)
class NoteShown:
    """A note as one reader sees it; its author may correct it while it is fresh.

    `earlier` is what it said before, for who may see the audit trail.
    """

    it: OrderNote
    html: SafeString
    is_mine: bool
    is_fresh: bool
    earlier: Sequence[str]
    is_unread: bool  # it names the reader, who has not seen it yet


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `is_faint`: how it was done, for who wants to know exactly."""

    at: datetime
    icon: str
    tone: str
    text: StrOrPromise
    who: str = ""
    note: str = ""
    url: str = ""
    by: int | None = None  # whose doing it was
    is_faint: bool = False
    is_news: bool = False  # worth telling somebody who looks at the order right now
    status: str = ""  # what the order came to be by it
    written: NoteShown | None = None


Source = Callable[["Order", "User"], Iterable[Event]]

_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    name = f"{source.__module__}.{source.__qualname__}"
    if name in _sources:
        raise DuplicateRegistration(f"{name} tells the timeline already.")
    _sources[name] = source


def events_of(order: Order, user: User, *more: Iterable[Event]) -> list[Event]:
    """Everything that is told of an order, the latest first; `more` are the asker's own."""
    told = [*(source(order, user) for source in _sources.values()), *more]
    return list(merge(*(list(one)[:MOST] for one in told), key=attrgetter("at"), reverse=True))


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one day of the reader's calendar."""

    label: str
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Told:
    """The latest `count` events of a timeline, or as many as there are; `more` are older."""

    days: Sequence[Day]
    count: int
    more: int

    @property
    def has_unread(self) -> bool:
        """Whether a note that names the reader is seen now for the first time."""
        events = (event for day in self.days for event in day.events)
        return any(event.written is not None and event.written.is_unread for event in events)

    @property
    def next(self) -> int:
        return self.count + 2 * SHOWN


def told(events: Sequence[Event], count: int = SHOWN) -> Told:
    count = max(count, SHOWN)
    shown = events[:count]
    by_day: dict[date, list[Event]] = {}
    for event in shown:
        by_day.setdefault(timezone.localtime(event.at).date(), []).append(event)
    clock = Clock()
    days = [Day(_day(day, clock), inside) for day, inside in by_day.items()]
    return Told(days, count, len(events) - len(shown))


def _day(day: date, clock: Clock) -> str:
    if day == clock.today:
        return _("Today")
    if day == clock.today - timedelta(days=1):
        return _("Yesterday")
    return clock.date(day)


def news(events: Iterable[Event], since: datetime, user: User) -> list[Event]:
    """What others did to the order since then, the latest first."""
    return [one for one in events if one.is_news and one.at > since and one.by != user.pk]
