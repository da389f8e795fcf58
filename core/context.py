"""What the shell of every page needs. Nothing here asks the database."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from core import registry
from core.html import initials
from core.live.hub import hubs

THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class NavLine:
    """A navigation item as this person's page prints it."""

    item: registry.NavItem
    url: str
    is_current: bool
    is_counted: bool
    count: int


@dataclass(frozen=True, slots=True)
class NavGroup:
    """A section of the navigation with its lines."""

    label: str
    lines: list[NavLine]


TOP = "top"  # the section of what stands in the top bar
STATE_SECONDS = 60  # how old counters and banners may be before a page asks again


def counts_key(user: Any) -> str:
    return f"shell-state:{user.pk}:{get_language()}"  # its words are of one language


class Shell:
    """Read by base.html, piece by piece, so that a fragment pays for nothing it does not show."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = getattr(request, "user", None)

    @cached_property
    def is_signed_in(self) -> bool:
        return bool(self.user is not None and self.user.is_authenticated)

    @property
    def frame(self) -> str:
        """The template an error page extends: with the navigation, or alone."""
        return "base.html" if self.is_signed_in else "components/alone.html"

    @cached_property
    def theme(self) -> str:
        """The person's choice, or the cookie's before sign-in; system means the browser decides."""
        kept = self.request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
        chosen = self.user.theme if self.is_signed_in else kept
        return chosen if chosen in THEMES else "system"

    @property
    def is_narrow(self) -> bool:
        return self.is_signed_in and self.user.preferences.get("nav") == "narrow"

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def languages(self) -> list[tuple[str, str]]:
        return [(code, str(name)) for code, name in settings.LANGUAGES]

    @property
    def ago(self) -> str:
        """The words of core.clock and the time of this page, for times.js to say moments anew."""
        words: dict[str, object] = {
            "just": gettext("just now"),
            "now": gettext("now"),
            "minutes": ngettext("%(n)s min ago", "%(n)s min ago", 2) % {"n": "{n}"},
            "inMinutes": ngettext("in %(n)s min", "in %(n)s min", 2) % {"n": "{n}"},
            "hours": ngettext("%(n)s h ago", "%(n)s h ago", 2) % {"n": "{n}"},
            "inHours": ngettext("in %(n)s h", "in %(n)s h", 2) % {"n": "{n}"},
            "clock": round(time.time() * 1000),
        }
        return json.dumps(words)

    @property
    def initials(self) -> str:
        return initials(str(self.user))

    @cached_property
    def state(self) -> dict[str, Any] | None:
        """Counters and banners as last asked by core.views.shell; None when too long ago."""
        return caches["local"].get(counts_key(self.user)) if self.is_signed_in else None

    @property
    def banners(self) -> list[dict[str, str]]:
        banners: list[dict[str, str]] = (self.state or {}).get("banners", [])
        return banners

    @cached_property
    def nav(self) -> list[NavGroup]:
        """Sections of the navigation, ready to print, with the current page marked."""
        return [
            NavGroup(str(section.label), self._lines(items))
            for section, items in self._registered
            if section.name != TOP
        ]

    @cached_property
    def top(self) -> list[NavLine]:
        """What stands as icons in the top bar: the bell."""
        return [
            line
            for section, items in self._registered
            if section.name == TOP
            for line in self._lines(items)
        ]

    def _lines(self, items: list[registry.NavItem]) -> list[NavLine]:
        counts, here = (self.state or {}).get("counts", {}), self._current
        return [
            NavLine(
                item,
                _address(item.url_name),
                item is here,
                item.counter is not None,
                counts.get(item.id, 0),
            )
            for item in items
        ]

    @cached_property
    def topics(self) -> list[str]:
        """Whose hints may change a counter."""
        items = [item for _, items in self._registered for item in items]
        return sorted({item.topic for item in items if item.topic and item.counter})

    @property
    def triggers(self) -> str:
        """When counters and banners are asked again, as an hx-trigger."""
        is_old = self.state is None or _told_since(self.topics, self.state["at"])
        told = f"every {STATE_SECONDS}s, told, live:resync from:body delay:1s"
        return f"load, {told}" if is_old else told

    @cached_property
    def _registered(self) -> list[tuple[registry.NavSection, list[registry.NavItem]]]:
        return registry.nav_for(self.user) if self.is_signed_in else []

    @cached_property
    def _current(self) -> registry.NavItem | None:
        """The item the open page belongs to: its own, or the one whose address it extends."""
        match = self.request.resolver_match
        if match is None:
            return None
        best, longest = None, 1  # "/" is above everything and means nothing
        for item in (item for _, items in self._registered for item in items):
            if item.url_name == match.view_name:
                return item
            address = _address(item.url_name)
            if len(address) > longest and self.request.path.startswith(address):
                best, longest = item, len(address)
        return best


def _told_since(topics: list[str], moment: float) -> bool:
    """Whether something that is counted has changed since, as far as this process heard."""
    return any(hub.told_since(topic, moment) for hub in hubs() for topic in topics)


@lru_cache(maxsize=256)
def _address(url_name: str) -> str:
    return reverse(url_name)


def shell(request: HttpRequest) -> dict[str, object]:
    return {"shell": Shell(request)}
