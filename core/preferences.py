"""What a person likes: the columns of each list page, how dense lists are, how wide the navigation.

Read from the person, who comes with every request anyway, so a page pays no query for it. Written
under a lock on the person's row: two open tabs must not undo each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import RuleViolation

if TYPE_CHECKING:
    from accounts.models import User
    from core.models import SavedView

COMFORTABLE, COMPACT = "comfortable", "compact"
_choices: dict[str, tuple[str, ...]] = {
    "density": (COMFORTABLE, COMPACT),
    "nav": ("wide", "narrow"),
}
MOST_COLUMNS = 60
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,59}")


def columns_for(user: User, page: str, view: SavedView | None = None) -> list[str] | None:
    """The columns to show, in order; None where the person never chose any.

    A saved view brings its own columns. What a person changes while it is open is kept for that
    view alone.
    """
    chosen = _stored(user, page, view)
    if chosen is None and view is not None:
        return list(view.columns) or _stored(user, page, None)
    return chosen


def density_for(user: User) -> str:
    return str(user.preferences.get("density", COMFORTABLE))


def default_view_for(user: User, page: str) -> int | None:
    """The saved view that the page opens with."""
    found = _map(user.preferences, "default_view").get(page)
    return found if isinstance(found, int) else None


def register(name: str, *values: str) -> None:
    """One more thing to remember of a person, which is one of these values. From an app's ready."""
    _choices[name] = values


def remember(user: User, **choices: str) -> None:
    """Keep one of a few fixed values each: remember(user, density="compact")."""
    if any(value not in _choices.get(name, ()) for name, value in choices.items()):
        raise RuleViolation(_("That is not one of the choices."))
    _change(user, lambda preferences: preferences.update(choices))


def save_columns(
    user: User, page: str, columns: Sequence[str] | None, view: SavedView | None = None
) -> None:
    """Remember which columns to show and in which order; None goes back to the page's own."""
    if columns is not None:
        columns = list(dict.fromkeys(columns))
        if not columns:
            raise RuleViolation(_("Leave at least one column."))
        if len(columns) > MOST_COLUMNS or not all(_COLUMN.fullmatch(name) for name in columns):
            raise RuleViolation(_("These columns do not exist."))
    _change(user, lambda preferences: _put(preferences, "columns", _key(page, view), columns))


def save_default_view(user: User, page: str, view: int | None) -> None:
    """The page opens with this view from now on; None opens it with everything."""
    _change(user, lambda preferences: _put(preferences, "default_view", page, view))


def forget_view(user: User, view: SavedView) -> None:
    """Take out what was kept for a view that is being deleted."""

    def forget(preferences: dict[str, Any]) -> None:
        _put(preferences, "columns", _key(view.page, view), None)
        if _map(preferences, "default_view").get(view.page) == view.pk:
            _put(preferences, "default_view", view.page, None)

    _change(user, forget)


def _change(user: User, change: Callable[[dict[str, Any]], None]) -> None:
    with transaction.atomic():
        stored = get_user_model().objects.select_for_update(no_key=True).get(pk=user.pk)
        change(stored.preferences)
        stored.save(update_fields=["preferences"])
    user.preferences = stored.preferences


def _stored(user: User, page: str, view: SavedView | None) -> list[str] | None:
    found = _map(user.preferences, "columns").get(_key(page, view))
    return [str(name) for name in found] if isinstance(found, list) and found else None


def _key(page: str, view: SavedView | None) -> str:
    return page if view is None else f"{page}:{view.pk}"


def _put(preferences: dict[str, Any], name: str, key: str, value: object) -> None:
    """Set one entry of a map in the preferences; None takes it out."""
    entries = {**_map(preferences, name), key: value}
    if value is None:
        del entries[key]
    preferences[name] = entries


def _map(preferences: dict[str, Any], name: str) -> dict[str, Any]:
    found = preferences.get(name)
    return found if isinstance(found, dict) else {}
