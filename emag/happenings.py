"""What eMAG tells the timeline of an order: the calls about it, and its payload before a change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from operator import attrgetter

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from core.html import duration
from emag.models import ApiCall, SnapshotVersion
from emag.models.calls import OUTCOME_BADGES, Outcome
from emag.services.payloads import key_of
from orders import timeline
from orders.models import Order
from orders.timeline import MOST, Event

MOST_CALLS = 1_000
EARLIER = timedelta(days=1)  # an order is named by the call that brings it, before it is here


def calls(order: Order, user: User) -> Iterator[Event]:
    """What was sent about the order, and what was asked of it alone; not the pages it stood on."""
    if not user.has_perm("emag.view_apicall"):
        return
    # The time is asked for so that PostgreSQL looks into the days since then alone. Sorted here: to
    # spare a sort it would walk through all calls of those days, and of one order there are few.
    about = (
        ApiCall.objects.mentioning(order.external_id)
        .filter(Q(is_read=False) | Q(items=1), account=order.account_id)
        .filter(at__gte=order.imported_at - EARLIER, resource__startswith="order")
        .order_by()
        .only("at", "resource", "action", "status", "outcome", "took_ms", "message", "is_read")
    )
    for call in sorted(about[:MOST_CALLS], key=attrgetter("at", "pk"), reverse=True):
        is_well = call.outcome == Outcome.DONE
        tone, icon = ("grey", "cloud-upload") if is_well else OUTCOME_BADGES[call.outcome]
        answer = call.status or call.get_outcome_display()
        yield Event(
            call.at,
            icon,
            tone,
            _("%(call)s · %(answer)s in %(time)s")
            % {"call": call, "answer": answer, "time": duration(call.took)},
            note="" if is_well else call.message[:200],
            url=call.get_absolute_url(),
            is_faint=is_well,
        )


def versions(order: Order, user: User) -> Iterator[Event]:
    """When eMAG said something else than before, with a way to see what."""
    if not user.has_perm("emag.view_payload"):
        return
    kind, number = key_of(order)
    earlier = (
        SnapshotVersion.objects.filter(
            snapshot__account=order.account_id,
            snapshot__kind=kind,
            snapshot__external_id=number,
        )
        .order_by("-pk")
        .values_list("pk", "snapshot_id", "replaced_at")
    )
    for pk, kept, replaced_at in earlier[:MOST]:
        url = reverse("emag:payload_versions", args=[kept])
        text = _("Compare the payloads")
        yield Event(replaced_at, "history", "grey", text, url=f"{url}?before={pk}", is_faint=True)


def register() -> None:
    timeline.register(calls)
    timeline.register(versions)
