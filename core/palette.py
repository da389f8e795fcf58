"""What Ctrl+K finds: pages, things to do, and what each app's search finds."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import registry
from core.html import StrOrPromise
from core.registry import Hit, Shortcut
from core.text import fold

log = logging.getLogger(__name__)
PER_GROUP = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the palette: a link, or a form to post when `values` is set."""

    hit: Hit
    values: dict[str, str] = field(default_factory=dict)
    keys: str = ""

    @property
    def values_json(self) -> str:
        return json.dumps(self.values)


@dataclass(frozen=True, slots=True)
class Group:
    label: StrOrPromise
    lines: list[Line]


def search(user: Any, text: str) -> list[Group]:
    """Groups of results, best first. No text shows where one can go and what one can do."""
    wanted = fold(text)
    groups = [
        Group(_("Go to"), _pages(user, wanted)),
        Group(_("Do"), _commands(user, wanted)),
        *(_found(user, text) if wanted else []),
    ]
    return [group for group in groups if group.lines]


def _pages(user: Any, wanted: str) -> list[Line]:
    items = [item for _section, members in registry.nav_for(user) for item in members]
    return [
        Line(
            Hit(item.label, reverse(item.url_name), item.icon),
            keys=f"g {item.key}" if item.key else "",
        )
        for item in items
        if _matches(wanted, str(item.label))
    ][: PER_GROUP if wanted else None]


def _commands(user: Any, wanted: str) -> list[Line]:
    return [
        Line(
            Hit(command.label, reverse(command.url_name), command.icon),
            values=dict(command.values) if command.method == "post" else {},
        )
        for command in registry.commands_for(user)
        if _matches(wanted, f"{command.label} {command.keywords}")
    ][:PER_GROUP]


def _found(user: Any, text: str) -> list[Group]:
    """Results by kind, in the order the providers were registered; a broken one is left out."""
    by_kind: dict[str, list[Line]] = {}
    for provider in registry.search_providers():
        try:
            hits = provider(user, text)
        except Exception:
            log.exception("The search of %r failed", provider)
            continue
        for hit in hits:
            by_kind.setdefault(str(hit.kind), []).append(Line(hit))
    return [Group(kind, lines[:PER_GROUP]) for kind, lines in by_kind.items()]


def _matches(wanted: str, label: str) -> bool:
    """Every typed word begins a word of the label: "jo ru" finds "Job runs"."""
    words = fold(label).split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


# --- Keys -------------------------------------------------------------------------------------

EVERYWHERE = gettext_lazy("Everywhere")
LISTS = gettext_lazy("In a list")
FORMS = gettext_lazy("In a form")


def register_own() -> None:
    """The keys and commands the shell itself understands."""
    own = [
        ("Ctrl+K", gettext_lazy("Search or jump to a page"), EVERYWHERE),
        ("/", gettext_lazy("Search this page"), EVERYWHERE),
        ("N", gettext_lazy("New"), EVERYWHERE),
        ("Esc", gettext_lazy("Close"), EVERYWHERE),
        ("[", gettext_lazy("Narrow or widen the navigation"), EVERYWHERE),
        ("?", gettext_lazy("Show the keys"), EVERYWHERE),
        ("↑ ↓", gettext_lazy("Move between rows"), LISTS),
        ("Enter", gettext_lazy("Open the row"), LISTS),
        ("Space", gettext_lazy("Select the row"), LISTS),
        ("Ctrl+F", gettext_lazy("Search the list"), LISTS),
        ("Ctrl+S", gettext_lazy("Save"), FORMS),
    ]
    for order, (keys, label, section) in enumerate(own):
        registry.register_shortcut(Shortcut(keys, label, section, order))
    themes = [
        ("light", gettext_lazy("Use the light theme"), "sun"),
        ("dark", gettext_lazy("Use the dark theme"), "moon"),
        ("system", gettext_lazy("Use the theme of the system"), "device-desktop"),
    ]
    for theme, label, icon in themes:
        registry.register_command(
            registry.Command(
                f"theme-{theme}",
                label,
                "core:set_theme",
                icon,
                method="post",
                values={"theme": theme},
                keywords=gettext_lazy("appearance colours"),
            )
        )


def keys(user: Any) -> list[tuple[str, list[Shortcut]]]:
    """Every key by section, with the "g" keys of the pages this person may open."""
    sections: dict[str, list[Shortcut]] = {}
    for shortcut in registry.shortcuts():
        sections.setdefault(str(shortcut.section), []).append(shortcut)
    items = [item for _section, members in registry.nav_for(user) for item in members]
    jumps = [Shortcut(f"g {i.key}", i.label, _("Go to")) for i in items if i.key]
    if jumps:
        sections[_("Go to")] = jumps
    return list(sections.items())
