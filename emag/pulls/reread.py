"""Reads 30 days of orders again and counts: the net under everything that may have slipped by.

`modified` may lie, callbacks may be lost, pages may shift. So once a night every order that was
placed in 30 days is compared with what we have, which costs nothing where nothing differs; then
eMAG is asked how many there are. The stretches end with yesterday, so that they stand still.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from core.errors import MagFlowError
from core.jobs import Run
from emag.client import client_for
from emag.mapping.statuses import FULFILMENTS
from emag.models import RejectedPayload
from emag.pulls.orders import TYPES, carry_on
from emag.pulls.plans import Plan, Stage
from emag.reading import moment
from orders.models import Order

DAYS = 30
HALF = 15  # days in one question: eMAG refuses more than a month between two ends

Window = tuple[datetime, datetime]


class CountsDiffer(MagFlowError):
    """eMAG counts another number of orders than we have."""

    code = "emag_counts"


def pull(account: MarketplaceAccount, run: Run, *, plan: dict[str, Any] | None = None) -> bool:
    """Read and compare; raises CountsDiffer at the end where the numbers are not the same."""
    zone = ZoneInfo(account.time_zone)
    going = Plan.load(plan) if plan else new_plan(zone)
    if not carry_on(account, run, going, client_for(account)):
        return False
    compare(account, run, windows(zone, run.row.started_at))
    return True


def windows(zone: ZoneInfo, now: datetime) -> list[Window]:
    """Two stretches of whole days, the last one ending with yesterday."""
    today = now.astimezone(zone).date()
    starts = [today - timedelta(days=DAYS), today - timedelta(days=DAYS - HALF)]
    return [(_midnight(day, zone), _end(day + timedelta(days=HALF - 1), zone)) for day in starts]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _end(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(23, 59, 59), zone)


def new_plan(zone: ZoneInfo) -> Plan:
    found = windows(zone, timezone.now())
    return Plan([Stage(filters(kind, window)) for kind in TYPES for window in found])


def filters(kind: int, window: Window) -> dict[str, Any]:
    start, end = window
    return {
        "type": kind,
        "created_after": start.isoformat(),
        "created_before": end.isoformat(),
    }


def compare(account: MarketplaceAccount, run: Run, found: list[Window]) -> None:
    """Ask how many there are of each kind in each stretch, and say where we have another number."""
    client, differences = client_for(account), list[str]()
    for kind in TYPES:
        for start, end in found:
            run.count("calls")
            theirs = client.count_orders(type=kind, created_after=start, created_before=end).items
            ours = how_many(account, kind, start, end)
            if theirs != ours:
                run.count("differences", abs(theirs - ours))
                differences.append(
                    _("%(from)s to %(to)s, type %(type)s: %(theirs)s there, %(ours)s here.")
                    % {
                        "from": f"{start:%Y-%m-%d}",
                        "to": f"{end:%Y-%m-%d}",
                        "type": kind,
                        "theirs": theirs,
                        "ours": ours,
                    }
                )
    if differences:
        raise CountsDiffer(
            " ".join([_("eMAG counts another number of orders than MagFlow has."), *differences])
        )


def how_many(account: MarketplaceAccount, kind: int, start: datetime, end: datetime) -> int:
    """Those we have, and those that wait as rejected payloads: they came, and a person knows."""
    ours = Order.objects.filter(
        account=account,
        fulfilment=FULFILMENTS[kind],
        ordered_at__gte=start,
        ordered_at__lt=end + timedelta(seconds=1),
    )
    waiting = RejectedPayload.objects.open().filter(account=account, kind=f"order:{kind}")
    known = Order.objects.filter(
        account=account, fulfilment=FULFILMENTS[kind], external_id=OuterRef("external_id")
    )
    unknown = waiting.exclude(Exists(known))
    return ours.count() + sum(_placed_within(row, start, end) for row in unknown)


def _placed_within(row: RejectedPayload, start: datetime, end: datetime) -> bool:
    """By the date in its payload; one whose date cannot be read counts in every stretch."""
    try:
        placed = moment(json.loads(row.payload), "date", start.tzinfo or UTC)
    except (ValueError, AttributeError):  # no JSON, no object, or no time
        placed = None
    return placed is None or start <= placed <= end
