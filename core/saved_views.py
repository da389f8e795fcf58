"""Saved views: a named state of a list page, for oneself or for everyone.

The state travels signed between the page that shows it and the views that keep it. So only filters
that the page knows are ever saved, and only by people who were shown the page.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from core import audit, live, preferences
from core.errors import RuleViolation, StaleData
from core.models import SavedView

if TYPE_CHECKING:
    from accounts.models import User

SHARE = "core.share_savedview"
EVERYTHING = "all"  # ?view=all opens the page as it is, whatever the person's default
LONGEST_QUERY = 4000
MOST_VIEWS = 100  # of one person on one page


@dataclass(frozen=True)
class ListState:
    """What a list page shows: its address, filters, order and columns, and the view it is on."""

    page: str
    path: str
    query: str = ""
    columns: list[str] = field(default_factory=list)
    view: int | None = None

    def sign(self, user: User) -> str:
        return signing.dumps(asdict(self), salt=_salt(user), compress=True)

    @classmethod
    def read(cls, user: User, text: str) -> ListState:
        """The state as this person's page has signed it."""
        try:
            return cls(**signing.loads(text, salt=_salt(user)))
        except (signing.BadSignature, TypeError) as error:
            raise StaleData(_("This page is out of date. Reload it and try again.")) from error

    def url(self, view: SavedView | None = None) -> str:
        """The address of the list on this view, or with everything."""
        return f"{self.path}?{view_query(view)}"


def _salt(user: User) -> str:
    return f"core.list-state:{user.pk}"


def kept_query(query: QueryDict, known: Collection[str]) -> str:
    """The part of a query string that a view keeps: the page's filters and its order."""
    kept = QueryDict(mutable=True)
    for name in sorted(query):
        values = [value for value in query.getlist(name) if value]
        if name in known and values:
            kept.setlist(name, values)
    return kept.urlencode()


def view_query(view: SavedView | None) -> str:
    """What comes after the question mark when a view is opened; None opens everything."""
    if view is None:
        return f"view={EVERYTHING}"
    return f"view={view.pk}&{view.query}" if view.query else f"view={view.pk}"


# --- Questions --------------------------------------------------------------------------------


def views_for(user: User, page: str) -> QuerySet[SavedView]:
    """The person's own views of a page and the shared ones."""
    mine_or_shared = Q(owner=user) | Q(is_shared=True)
    return SavedView.objects.filter(mine_or_shared, page=page).select_related("owner")


def find(user: User, page: str, pk: str | int | None) -> SavedView | None:
    """The view of that number, if it is of this page and for this person."""
    if pk is None or not str(pk).isdecimal() or len(str(pk)) > 18:
        return None
    return views_for(user, page).filter(pk=pk).first()


def default_for(user: User, page: str) -> SavedView | None:
    """The view that the page opens with for this person; costs no query where there is none."""
    return find(user, page, preferences.default_view_for(user, page))


def may_change(view: SavedView, user: User) -> bool:
    """Its owner; a shared one also everybody who may share."""
    return view.owner_id == user.pk or (view.is_shared and user.has_perm(SHARE))


# --- Changes ----------------------------------------------------------------------------------


@transaction.atomic
def save_view(
    state: ListState, *, by: User, name: str, is_shared: bool = False, is_default: bool = False
) -> SavedView:
    """Name what the list shows now."""
    if SavedView.objects.filter(owner=by, page=state.page).count() >= MOST_VIEWS:
        raise RuleViolation(_("You have too many views here. Delete one first."))
    view = SavedView(page=state.page, owner=by)
    _fill(view, by=by, name=name, is_shared=is_shared, state=state)
    _store(view)
    audit.record("view.saved", view, by=by, note=view.query)
    if is_default:
        preferences.save_default_view(by, state.page, view.pk)
    return view


@transaction.atomic
def edit_view(
    view: SavedView, *, by: User, name: str, is_shared: bool, state: ListState | None = None
) -> SavedView:
    """Rename, share or take back a view; with `state`, let it show that from now on."""
    view = _locked(view, by)
    before = _facts(view)
    _fill(view, by=by, name=name, is_shared=is_shared, state=state)
    _store(view)
    if changes := audit.changed(before, _facts(view)):
        audit.record("view.changed", view, by=by, changes=changes)
    return view


@transaction.atomic
def overwrite_view(view: SavedView, state: ListState, *, by: User) -> SavedView:
    """Let a view show what the list shows now."""
    view = edit_view(view, by=by, name=view.name, is_shared=view.is_shared, state=state)
    preferences.save_columns(by, view.page, None, view)  # they are the view's own columns now
    return view


@transaction.atomic
def delete_view(view: SavedView, *, by: User) -> None:
    """Whoever has it as their default opens the page with everything again."""
    view = _locked(view, by)
    audit.record("view.deleted", view, by=by, note=view.query)
    preferences.forget_view(by, view)
    live.touch("views", view.pk)
    view.delete()


def _locked(view: SavedView, by: User) -> SavedView:
    locked = SavedView.objects.select_for_update().filter(pk=view.pk).first()
    if locked is None:
        raise StaleData(_("This view has been deleted."))
    if not may_change(locked, by):
        raise RuleViolation(_("This view belongs to somebody else."))
    return locked


def _fill(
    view: SavedView, *, by: User, name: str, is_shared: bool, state: ListState | None
) -> None:
    name = " ".join(name.split())
    if not 0 < len(name) <= 60:
        raise RuleViolation(_("Give the view a name of at most 60 letters."))
    if is_shared and not view.is_shared and not by.has_perm(SHARE):
        raise RuleViolation(_("You may not share views."))
    view.name, view.is_shared = name, is_shared
    if state is not None:
        if len(state.query) > LONGEST_QUERY:
            raise RuleViolation(_("These filters are too long to be saved."))
        view.query, view.columns = state.query, state.columns


def _store(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise RuleViolation(
            _("There is already a view named “{name}”.").format(name=view.name)
        ) from error
    live.touch("views", view.pk)


def _facts(view: SavedView) -> dict[str, Any]:
    return {
        "name": view.name,
        "is_shared": view.is_shared,
        "query": view.query,
        "columns": view.columns,
    }
