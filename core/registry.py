"""The slots: places on pages that other apps fill from their AppConfig.ready().

Everything registered here is data: frozen, ordered, refused when it is there twice. Nothing here
knows an app above core; a page asks for what was registered and the person may see.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.html import StrOrPromise

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import Model
    from django.http import HttpRequest

    from core.actions import BulkAction


class Person(Protocol):
    """What the slots ask of request.user, signed in or not."""

    pk: Any

    def has_perm(self, perm: str, obj: Any = None) -> bool: ...


class DuplicateRegistration(ImproperlyConfigured):
    """Two apps fill the same place under the same name."""


def may(user: Person, permission: str) -> bool:
    """An empty permission means everybody who is signed in."""
    return not permission or user.has_perm(permission)


# --- Navigation -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NavItem:
    """One line of the navigation, for those who hold its permission.

    `counter` says how many wait there (0 shows nothing); `topic` is the live topic on which it is
    counted again, and `is_ones_own` that it is another number for each person; `key` makes "g"
    followed by that letter go there.
    """

    label: StrOrPromise
    icon: str
    url_name: str
    permission: str = ""
    section: str = ""
    order: int = 100
    counter: Callable[[Any], int] | None = None
    is_ones_own: bool = False
    topic: str = ""
    key: str = ""

    @property
    def id(self) -> str:
        return self.url_name.replace(":", "-")


@dataclass(frozen=True, slots=True)
class NavSection:
    """A heading of the navigation. Items without a section stand above all of them; those of the
    section "top" are icons in the top bar, where their counters say what waits for this person."""

    name: str
    label: StrOrPromise
    order: int = 100


_nav: dict[str, NavItem] = {}
_sections: dict[str, NavSection] = {
    "": NavSection("", "", 0),
    "control": NavSection("control", _("Control room"), 900),
    "top": NavSection("top", "", 1000),
}


def register_nav(item: NavItem) -> None:
    if item.url_name in _nav:
        raise DuplicateRegistration(f"The navigation already has {item.url_name}.")
    if item.key and any(other.key == item.key for other in _nav.values()):
        raise DuplicateRegistration(f"The key {item.key!r} already goes somewhere else.")
    _nav[item.url_name] = item


def register_section(section: NavSection) -> None:
    if section.name in _sections:
        raise DuplicateRegistration(f"The navigation already has the section {section.name}.")
    _sections[section.name] = section


def nav_for(user: Person) -> list[tuple[NavSection, list[NavItem]]]:
    """The sections with the items this person may open, in order; empty sections are left out."""
    items = sorted((i for i in _nav.values() if may(user, i.permission)), key=lambda i: i.order)
    sections = sorted(_sections.values(), key=lambda section: section.order)
    if unknown := {item.section for item in items} - _sections.keys():
        raise ImproperlyConfigured(f"No such navigation section: {', '.join(sorted(unknown))}.")
    grouped = [(s, [item for item in items if item.section == s.name]) for s in sections]
    return [(section, members) for section, members in grouped if members]


# --- Panels -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Panel:
    """A box on a page that belongs to another app.

    `context(request, subject)` fills `template`. A lazy panel is fetched after the page; it names
    the `model` of the page's subject so that it can be found again. `topic` re-reads it when told.
    """

    page: str
    id: str
    title: StrOrPromise
    permission: str
    template: str
    context: Callable[[HttpRequest, Any], Mapping[str, object]] | None = None
    lazy: bool = False
    model: type[Model] | None = None
    topic: str = ""
    area: Literal["main", "side"] = "main"
    order: int = 100

    def __post_init__(self) -> None:
        if (self.lazy or self.topic) and self.model is None:
            raise ImproperlyConfigured(f"Panel {self.id} re-reads itself, so it needs a model.")


_panels: dict[tuple[str, str], Panel] = {}


def register_panel(panel: Panel) -> None:
    if (panel.page, panel.id) in _panels:
        raise DuplicateRegistration(f"The page {panel.page} already has a panel {panel.id}.")
    _panels[panel.page, panel.id] = panel


def panels_for(page: str, user: Person, area: str = "") -> list[Panel]:
    found = (
        panel
        for (its_page, _), panel in _panels.items()
        if its_page == page and (not area or panel.area == area) and may(user, panel.permission)
    )
    return sorted(found, key=lambda panel: panel.order)


def panel(page: str, panel_id: str) -> Panel | None:
    return _panels.get((page, panel_id))


# --- Bulk actions -----------------------------------------------------------------------------

_actions: dict[str, dict[str, BulkAction]] = {}


def register_action(page: str, action: BulkAction) -> None:
    """Adds an action to the bulk bar of a list page."""
    actions = _actions.setdefault(page, {})
    if action.name in actions:
        raise DuplicateRegistration(f"The page {page} already has an action {action.name}.")
    actions[action.name] = action


def actions_for(page: str, user: Person) -> list[BulkAction]:
    """The actions of a page that this person may use, in the order they were registered."""
    return [a for a in _actions.get(page, {}).values() if may(user, a.permission)]


def action(page: str, name: str) -> BulkAction | None:
    return _actions.get(page, {}).get(name)


# --- Health probes ----------------------------------------------------------------------------


class Level(enum.StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Probe:
    """One answer to "is this part well?". `message` says what a person should know or do."""

    name: str
    label: StrOrPromise
    level: Level = Level.OK
    message: StrOrPromise = ""
    since: datetime | None = None
    url: str = ""
    banner: bool = False  # shown above every page while it is not OK
    permission: str = ""  # what it takes to open `url`: a banner leads only those who may there


_probes: dict[str, Callable[[], Probe]] = {}


def register_probe(name: str, fn: Callable[[], Probe]) -> None:
    if name in _probes:
        raise DuplicateRegistration(f"There is already a probe {name}.")
    _probes[name] = fn


def run_probes(names: Iterable[str] | None = None) -> list[Probe]:
    """Asks every probe (or those named), worst first. A probe that fails is itself bad news."""
    wanted = _probes if names is None else {n: _probes[n] for n in names}
    answers = [_ask(name, fn) for name, fn in wanted.items()]
    severity = [Level.BAD, Level.WARN, Level.OK]
    return sorted(answers, key=lambda probe: severity.index(probe.level))


def banners() -> list[Probe]:
    """What every page says on top, because something it relies on is not well."""
    return [one for one in run_probes() if one.banner and one.level is not Level.OK]


def _ask(name: str, fn: Callable[[], Probe]) -> Probe:
    try:
        return fn()
    except Exception as error:  # a broken probe must not take the page with it
        return Probe(name, name, Level.BAD, str(error), timezone.now())


# --- Words for audit verbs --------------------------------------------------------------------

_verbs: dict[str, StrOrPromise] = {}


def register_verbs(labels: Mapping[str, StrOrPromise]) -> None:
    """Says how verbs of the audit trail read: {"person.invited": _("Person invited")}."""
    for verb, label in labels.items():
        if verb in _verbs:
            raise DuplicateRegistration(f"The verb {verb} already has words.")
        _verbs[verb] = label


def verb_label(verb: str) -> str:
    """The words for a verb; a verb nobody named is shown as it is written."""
    known = _verbs.get(verb)
    return verb.replace(".", " ").replace("_", " ").capitalize() if known is None else str(known)


def verbs() -> dict[str, StrOrPromise]:
    return dict(_verbs)


# --- Search, commands and keys ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """One result in the command palette. `detail` is the faint second half of the line."""

    label: StrOrPromise
    url: str
    icon: str = "arrow-right"
    kind: StrOrPromise = ""
    detail: StrOrPromise = ""


class SearchProvider(Protocol):
    def __call__(self, user: Any, text: str) -> Sequence[Hit]: ...


@dataclass(frozen=True, slots=True)
class Command:
    """Something the palette offers to do. `keywords` are other words people type for it."""

    name: str
    label: StrOrPromise
    url_name: str
    icon: str = "bolt"
    permission: str = ""
    keywords: StrOrPromise = ""
    method: Literal["get", "post"] = "get"
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A key and what it does, as the "?" page lists it. `keys` reads "Ctrl+S" or "g p"."""

    keys: str
    label: StrOrPromise
    section: StrOrPromise
    order: int = 100

    @property
    def parts(self) -> list[str]:
        return self.keys.replace("+", " ").split()


_searches: list[SearchProvider] = []
_commands: dict[str, Command] = {}
_shortcuts: dict[str, Shortcut] = {}


def register_search(provider: SearchProvider) -> None:
    """Adds a source of results to Ctrl+K. It answers only what the person may see, at most ten."""
    if provider in _searches:
        raise DuplicateRegistration(f"{provider!r} already searches.")
    _searches.append(provider)


def search_providers() -> Sequence[SearchProvider]:
    return tuple(_searches)


def register_command(command: Command) -> None:
    if command.name in _commands:
        raise DuplicateRegistration(f"There is already a command {command.name}.")
    _commands[command.name] = command


def commands_for(user: Person) -> list[Command]:
    return [c for c in _commands.values() if may(user, c.permission)]


def register_shortcut(shortcut: Shortcut) -> None:
    if shortcut.keys in _shortcuts:
        raise DuplicateRegistration(f"The keys {shortcut.keys} already do something.")
    _shortcuts[shortcut.keys] = shortcut


def shortcuts() -> list[Shortcut]:
    return sorted(_shortcuts.values(), key=lambda shortcut: shortcut.order)
