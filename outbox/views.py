"""The error queue: what is to be sent, what waits, what failed, and what a person may do."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.views._dialogs import ask, confirmed
from core.pages import AuthedRequest, done, is_partial, render_page
from core.tables import Empty, Tab, table_page
from outbox import links, services, words
from outbox.banners import queue_url
from outbox.choices import (
    ATTEMPT_BADGES,
    NEEDS_HUMAN,
    PENDING,
    RESOLVED,
    RETRYING,
    STATUS_BADGES,
    CommandStatus,
)
from outbox.filters import CommandFilter
from outbox.forms import HappenedForm, NotHappenedForm
from outbox.models import Command, Lane
from outbox.tables import CommandTable

MOST_COUNTED = 10_000  # nobody needs to know how many more were sent


@require_safe
@permission_required("outbox.view_command", raise_exception=True)
def error_queue(request: AuthedRequest) -> HttpResponse:
    """Where the navigation leads: what needs a person, or everything when nothing does."""
    waits = Command.objects.needing_a_person().exists()
    return redirect(queue_url(status=_of(NEEDS_HUMAN)) if waits else "outbox:command_list")


@permission_required("outbox.view_command", raise_exception=True)
def command_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="outbox.command_list",
        title=_("Error queue"),
        table=CommandTable,
        filterset=CommandFilter,
        queryset=Command.objects.all(),
        live="outbox",
        tabs=_tabs(),
        template="outbox/command_list.html",
        context={"lanes": stopped_lanes()} if not is_partial(request) else None,
        empty=Empty(
            _("Nothing has been sent yet"),
            _("What MagFlow sends to marketplaces is listed here: accepted orders, prices, stock."),
            icon="send",
        ),
    )


def _tabs() -> list[Tab]:
    groups = (
        (_("Pending"), PENDING, ""),
        (_("Retrying"), RETRYING, ""),
        (_("Failed"), NEEDS_HUMAN, "bad"),
        (_("Resolved"), RESOLVED, ""),
    )
    return [
        *(
            Tab(label, _query(group), _bounded_count(group), level)
            for label, group, level in groups
        ),
        Tab(_("All"), ""),
    ]


def _of(group: frozenset[CommandStatus]) -> list[str]:
    return [status for status in CommandStatus.values if status in group]


def _query(group: frozenset[CommandStatus]) -> str:
    return "&".join(f"status={status}" for status in _of(group))


def _bounded_count(group: frozenset[CommandStatus]) -> int | None:
    n = Command.objects.filter(status__in=_of(group)).order_by()[: MOST_COUNTED + 1].count()
    return n if n <= MOST_COUNTED else None


def stopped_lanes() -> list[Lane]:
    return list(Lane.objects.exclude(paused_at=None).select_related("account"))


@require_safe
@permission_required("outbox.view_command", raise_exception=True)
def lane_list(request: AuthedRequest) -> HttpResponse:
    """The lanes that send nothing, re-read by itself above the list."""
    return render_page(request, "outbox/_lanes.html", {"lanes": stopped_lanes()})


@require_POST
@permission_required("outbox.resolve_command", raise_exception=True)
def lane_resume(request: AuthedRequest, pk: int) -> HttpResponse:
    lane = get_object_or_404(Lane.objects.select_related("account"), pk=pk)
    services.resume_lane(lane.executor, lane.account, by=request.user)
    message = _("%(account)s sends again.") % {"account": lane.account}
    return done(request, message, queue_url(account=lane.account_id))


# --- One message ------------------------------------------------------------------------------


@require_safe
@permission_required("outbox.view_command", raise_exception=True)
def command_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    command = get_object_or_404(Command.objects.select_related("account", "requested_by"), pk=pk)
    like = Command.objects.like(command).exclude(pk=pk)[:MOST_COUNTED]
    context: dict[str, Any] = {
        "command": command,
        "badge": STATUS_BADGES[command.status],
        "reason": words.reason(command),
        "advice": words.advice(command),
        "next_try": words.next_try(command),
        "subject_url": links.subject_url(command.subject_type, command.subject_id),
        "tries": [_try(attempt) for attempt in command.tries.order_by("-pk")[:100]],
        "like": like.count() if command.status == CommandStatus.FAILED else 0,
        "is_looked_up": command.next_attempt_at is not None,
    }
    template = "outbox/_command.html" if is_partial(request) else "outbox/command_detail.html"
    return render_page(request, template, context)


def _try(attempt: Any) -> dict[str, Any]:
    return {
        "attempt": attempt,
        "badge": ATTEMPT_BADGES[attempt.outcome],
        "seconds": attempt.took_ms / 1000 if attempt.took_ms is not None else None,
        "call_url": links.call_url(attempt.call_id),
    }


@require_POST
@permission_required("outbox.resolve_command", raise_exception=True)
def command_retry(request: AuthedRequest, pk: int) -> HttpResponse:
    sent = services.retry(get_object_or_404(Command, pk=pk), by=request.user)
    return done(request, _("It is sent again now."), sent.get_absolute_url())


@require_POST
@permission_required("outbox.resolve_command", raise_exception=True)
def command_retry_like(request: AuthedRequest, pk: int) -> HttpResponse:
    command = get_object_or_404(Command.objects.select_related("account"), pk=pk)
    n = services.retry_like(command, by=request.user)
    message = ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", n)
    return done(request, message % {"n": n}, command.get_absolute_url())


@permission_required("outbox.resolve_command", raise_exception=True)
def command_cancel(request: AuthedRequest, pk: int) -> HttpResponse:
    command = get_object_or_404(Command, pk=pk)
    return ask(
        request,
        confirmed(request),
        lambda: services.cancel(command, by=request.user),
        title=_("Do not send this?"),
        says=_("The marketplace will not be told. You can ask for it again where it came from."),
        button=_("Do not send"),
        message=_("It will not be sent."),
        url=command.get_absolute_url(),
        danger=True,
    )


@permission_required("outbox.resolve_command", raise_exception=True)
def command_confirm(request: AuthedRequest, pk: int) -> HttpResponse:
    """A person has looked: it did happen."""
    command = get_object_or_404(Command.objects.select_related("account"), pk=pk)
    return ask(
        request,
        HappenedForm(request.POST or None),
        lambda note: services.resolve(command, happened=True, by=request.user, note=note),
        title=_("It did happen?"),
        says=_("MagFlow then treats it as done and does not send it again."),
        button=_("It did happen"),
        message=_("Settled: it did happen."),
        url=command.get_absolute_url(),
    )


@permission_required("outbox.resolve_command", raise_exception=True)
def command_deny(request: AuthedRequest, pk: int) -> HttpResponse:
    """A person has looked: it did not happen."""
    command = get_object_or_404(Command.objects.select_related("account"), pk=pk)
    return ask(
        request,
        NotHappenedForm(request.POST or None),
        lambda note, again: services.resolve(
            command, happened=False, by=request.user, note=note, again=again
        ),
        title=_("It did not happen?"),
        says=_("Make sure: if it did after all, sending it again does it twice."),
        button=_("It did not happen"),
        message=_("Settled: it did not happen."),
        url=command.get_absolute_url(),
        danger=True,
    )
