"""Bulk actions as data, and what a list page answers when one is asked for.

    register_action(
        "orders.order_list",
        BulkAction(name="accept", label=_("Accept"), icon="checks", model=Order,
                   permission="orders.change_order", run=accept_order, check=can_accept),
    )

The page posts `ids` or `_all`, first for a preview and then to run. Both times the filter and the
permission of the page decide which rows count: what lies outside is "no longer in this list".
"""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import bulk, bulk_worker, live, palette, registry
from core.bulk_report import report, summary
from core.errors import RuleViolation
from core.html import StrOrPromise, number
from core.models import BulkRun, BulkStatus
from core.models.jobs import JobTrigger
from core.pages import AuthedRequest, is_partial, render_page, toast, trigger
from core.registry import Shortcut

INLINE_ROWS = 100  # up to here the person waits for the result
INLINE_SECONDS = 5.0  # and no longer than this: a worker goes on with what is left
PREVIEW_ROWS = 200  # rows the preview checks one by one
PREVIEW_SECONDS = 1.0
TYPE_THE_NUMBER_FROM = 21  # a dangerous action on more than twenty rows
GROUPS_SHOWN, LABELS_SHOWN = 6, 5


@dataclass(frozen=True, kw_only=True)
class BulkAction:
    """Something that can be done to many rows of a list page.

    `run(pk, by=..., **form.cleaned_data)` is a service: it locks, checks, changes and audits one
    row. `check(row, by)` raises RuleViolation where it would refuse; the preview asks it. `heading`
    ("Change the role of {n} people") and `confirm`, which says what will happen, may be
    ngettext_lazy(…, "n"). A form that takes `by` is given the person. A `danger` cannot be undone.
    `done` says what has come of the rows that went well, where that is not yet the thing itself:
    "{n} on their way".
    """

    name: str
    label: StrOrPromise
    permission: str
    model: type[Model]
    run: Callable[..., object]
    icon: str = "bolt"
    form: type[forms.Form] | None = None
    check: Callable[[Any, Any], object] | None = None
    danger: bool = False
    heading: StrOrPromise = ""
    confirm: StrOrPromise = ""
    done: StrOrPromise = ""
    form_prefix: str = field(default="with", init=False)

    def __post_init__(self) -> None:
        fields = self.form.base_fields.values() if self.form else ()
        if any(isinstance(each, forms.FileField) for each in fields):
            raise ImproperlyConfigured(f"{self.name}: a file cannot wait until the job runs.")

    def title(self, n: int) -> str:
        """ "Deactivate 38 people" """
        if self.heading:
            return self.heading.format(n=_Count(n))
        options = self.model._meta
        noun = options.verbose_name if n == 1 else options.verbose_name_plural
        text = ngettext("{action} {n} {noun}", "{action} {n} {noun}", n)
        return text.format(action=self.label, n=_Count(n), noun=noun)

    def confirmation(self, n: int) -> str:
        return self.confirm.format(n=_Count(n))

    def done_words(self, n: int) -> str:
        """ "38 done" """
        return (self.done or ngettext("{n} done", "{n} done", n)).format(n=_Count(n))

    def bind(self, data: QueryDict | None, by: Any) -> forms.Form | None:
        """The action's form, empty or filled in; None where it asks for nothing."""
        if self.form is None:
            return None
        takes_by = "by" in inspect.signature(self.form).parameters
        options: dict[str, Any] = {"by": by} if takes_by else {}
        return self.form(data, prefix=self.form_prefix, **options)


class _Count(int):
    """A number that chooses the plural and is shown with separators."""

    def __format__(self, spec: str) -> str:
        return number(int(self))


actions_for = registry.actions_for


def handle_bulk(request: AuthedRequest, page: str, queryset: QuerySet[Any]) -> HttpResponse:
    """Answer the POST of a list page; `queryset` is what its filter and one's rights leave."""
    action = registry.action(page, request.POST.get("action", ""))
    if action is None or not request.user.has_perm(action.permission):
        raise PermissionDenied
    run = _prepared(request, page, action, queryset)
    if run.status != BulkStatus.DRAFT:
        return _result(request, action, run)
    if request.POST.get("step") == "run":
        return _run(request, action, run, queryset)
    return _preview(request, action, run, queryset)


# --- Which rows -------------------------------------------------------------------------------


def _prepared(
    request: AuthedRequest, page: str, action: BulkAction, queryset: QuerySet[Any]
) -> BulkRun:
    """The run of this token, or a new one for the rows that were chosen."""
    token = _token(request.POST)
    run = BulkRun.objects.filter(token=token, requested_by=request.user).first()
    if run is not None and (run.page, run.action) == (page, action.name):
        return run
    if "_all" in request.POST:
        pks, gone = _unique(queryset.values_list("pk", flat=True)[: bulk.MOST_ROWS + 1]), []
    else:
        asked = chosen_ids(request.POST)
        pks = _unique(queryset.filter(pk__in=asked).values_list("pk", flat=True))
        present = set(pks)
        gone = [pk for pk in asked if pk not in present]
    if not pks and not gone:
        raise RuleViolation(_("Nothing is selected."))
    return bulk.prepare(
        token=token, page=page, action=action.name, pks=pks, gone=gone, by=request.user,
        page_url=request.get_full_path(), form_data=_form_data(action, request.POST),
    )  # fmt: skip


def _token(data: QueryDict) -> UUID:
    """Made by the browser or by the preview; whoever sends none cannot send it twice either."""
    try:
        return UUID(str(data["token"]))
    except (KeyError, ValueError):
        return uuid4()


def chosen_ids(data: QueryDict) -> list[int]:
    """The ids as posted, one by one or with commas: Django takes no more than a thousand fields."""
    words = ",".join(data.getlist("ids")).split(",")
    try:
        ids = _unique(int(word) for word in words if word.strip())
    except ValueError as error:
        raise RuleViolation(_("The selection could not be read. Select the rows again.")) from error
    if len(ids) > bulk.MOST_ROWS or any(not 0 <= pk < 2**63 for pk in ids):
        raise RuleViolation(_("The selection could not be read. Select the rows again."))
    return ids


def _unique(pks: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(pks))


def _form_data(action: BulkAction, data: QueryDict) -> str:
    """What was posted for the action's own form, to be kept with the run."""
    kept = QueryDict(mutable=True)
    for name, values in data.lists():
        if name.startswith(f"{action.form_prefix}-"):
            kept.setlist(name, values)
    return kept.urlencode()


# --- Preview ----------------------------------------------------------------------------------


@dataclass
class RefusalGroup:
    """Rows that will be refused for the same reason."""

    reason: str
    rows: list[tuple[str, str]] = field(default_factory=list)  # what the row is called, its address

    @property
    def shown(self) -> list[tuple[str, str]]:
        return self.rows[:LABELS_SHOWN]

    @property
    def more(self) -> int:
        return max(len(self.rows) - LABELS_SHOWN, 0)


@dataclass
class Preview:
    """What is known before anything happens: who will refuse, and how many nobody has asked yet."""

    total: int
    gone: int
    checked: int
    groups: list[RefusalGroup]

    @property
    def refused(self) -> int:
        return sum(len(group.rows) for group in self.groups)

    @property
    def unchecked(self) -> int:
        return self.total - self.checked

    @property
    def going(self) -> int:
        """How many will be changed, as far as one can tell."""
        return self.total - self.refused

    @property
    def shown_groups(self) -> list[RefusalGroup]:
        return self.groups[:GROUPS_SHOWN]

    @property
    def more_groups(self) -> int:
        return max(len(self.groups) - GROUPS_SHOWN, 0)


def look_ahead(action: BulkAction, run: BulkRun, queryset: QuerySet[Any], by: Any) -> Preview:
    """Ask the action's check of as many rows as a person would wait for."""
    if action.check is None:
        return Preview(run.total, run.gone, run.total, [])
    until = time.monotonic() + PREVIEW_SECONDS
    pks = run.pks[:PREVIEW_ROWS]
    rows = {row.pk: row for row in queryset.filter(pk__in=pks)}
    groups: dict[str, RefusalGroup] = {}
    checked = 0
    for pk in pks:
        if time.monotonic() > until:
            break
        checked += 1
        if (row := rows.get(pk)) is None:
            continue
        try:
            action.check(row, by)
        except RuleViolation as error:
            group = groups.setdefault(str(error), RefusalGroup(str(error)))
            group.rows.append((str(row), getattr(row, "get_absolute_url", str)()))
    found = sorted(groups.values(), key=lambda group: -len(group.rows))
    return Preview(run.total, run.gone, checked, found)


def _preview(
    request: AuthedRequest,
    action: BulkAction,
    run: BulkRun,
    queryset: QuerySet[Any],
    *,
    form: forms.Form | None = None,
    number_error: str = "",
) -> HttpResponse:
    if form is None:
        form = action.bind(None, request.user)
    preview = look_ahead(action, run, queryset, request.user)
    context = {
        "action": action,
        "run": run,
        "preview": preview,
        "form": form,
        "title": action.title(preview.going or run.total),
        "confirmation": action.confirmation(preview.going) if preview.going else "",
        "types_number": _types_number(action, run),
        "number_error": number_error,
        "url": request.get_full_path(),
    }
    status = 422 if number_error or (form is not None and form.is_bound) else 200
    return _answer(request, "components/_bulk_preview.html", context, status=status)


def _types_number(action: BulkAction, run: BulkRun) -> bool:
    return action.danger and run.total >= TYPE_THE_NUMBER_FROM


# --- Run --------------------------------------------------------------------------------------


def _run(
    request: AuthedRequest, action: BulkAction, run: BulkRun, queryset: QuerySet[Any]
) -> HttpResponse:
    form_data = _form_data(action, request.POST)
    form = action.bind(QueryDict(form_data), request.user)
    number_error = ""
    typed = re.sub(r"\D", "", request.POST.get("number", ""))
    if _types_number(action, run) and typed != str(run.total):
        number_error = _("Type {n} to confirm.").format(n=run.total)
    if number_error or (form is not None and not form.is_valid()):
        return _preview(request, action, run, queryset, form=form, number_error=number_error)

    with transaction.atomic():
        is_first = bulk.start(run, within=queryset, form_data=form_data)
        if is_first and run.total > INLINE_ROWS:
            bulk.hand_over(run.pk, by=request.user, trigger=JobTrigger.PERSON)
    if is_first and run.total <= INLINE_ROWS and bulk_worker.work(run.pk, seconds=INLINE_SECONDS):
        bulk.hand_over(run.pk, by=request.user, trigger=JobTrigger.PERSON)
    return _result(request, action, BulkRun.objects.defer("pks").get(pk=run.pk))


def _result(request: AuthedRequest, action: BulkAction, run: BulkRun) -> HttpResponse:
    """All done is a toast; anything else stays open until the person has read it."""
    if not is_partial(request):
        return HttpResponseRedirect(run.get_absolute_url())
    if not run.is_running and not run.refused + run.failed + run.gone:
        response = HttpResponse(status=204)
        trigger(response, "modal:close")
    else:
        response = _answer(request, "components/_bulk_result.html", report(run, request.user))
    trigger(response, "bulk:done", {"page": run.page})
    if run.is_running:
        return response
    level = "warning" if run.refused + run.failed + run.gone else "success"
    message = f"{action.label}: {summary(run)}"
    return toast(response, message, level, url=run.get_absolute_url(), link=_("Details"))


def _answer(
    request: AuthedRequest, fragment: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The fragment in the dialog, or on a page of its own where there is no htmx."""
    if is_partial(request):
        return render_page(request, fragment, context, status=status)
    return render_page(request, "core/bulk_page.html", {**context, "fragment": fragment}, status)


def register_own() -> None:
    """What bulk runs are called in the audit trail, who may follow them live, and their key."""
    live.register_topic("bulk", None)
    registry.register_shortcut(
        Shortcut(".", gettext_lazy("Go to what can be done with the selected"), palette.LISTS, 8)
    )
    registry.register_verbs(
        {
            "bulk.done": gettext_lazy("Bulk action done"),
            "bulk.cancelled": gettext_lazy("Bulk action cancelled"),
            "bulk.stopped": gettext_lazy("Bulk action stopped"),
        }
    )
