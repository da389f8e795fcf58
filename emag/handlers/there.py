"""One order as eMAG has it: found, read back after a change, taken in."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from core.errors import RemoteError, RemoteOutcomeUnknown, RemoteUnavailable, RuleViolation
from emag.client import EmagClient
from emag.client.answers import Rows
from emag.mapping.statuses import ORDER_TYPES
from emag.pulls import nudges, storing
from emag.pulls.orders import find as find_by_number
from emag.pulls.orders import intake_for
from emag.reading import Raw, Unreadable, moment, whole
from orders.models import Order

BELIEVED_AFTER = timedelta(hours=1)
LOOK_AGAIN = (0.4, 1.2)  # seconds: an order may look as before for a moment after it was changed


def find(client: EmagClient, order: Order) -> Rows:
    return find_by_number(client, ORDER_TYPES[order.fulfilment], order.external_id)


def raw_of(rows: Rows) -> Raw:
    """The order that was read. Raises RuleViolation where eMAG does not know it."""
    if not rows.items:
        raise RuleViolation(_("eMAG does not know this order any more."))
    return rows.items[0]


def current(client: EmagClient, order: Order) -> Rows:
    """The order, to be changed. Raises where eMAG does not know it, or shows an old copy of it.

    By the same measure as an import: what was read an hour after we last looked is believed,
    since eMAG sets the time of a change back now and then.
    """
    rows = find(client, order)
    changed_at = _changed_at(order, raw_of(rows), rows)
    if (
        order.changed_at is not None
        and changed_at is not None
        and changed_at < order.changed_at
        and rows.read_at < order.read_at + BELIEVED_AFTER
    ):
        raise RemoteUnavailable(
            _("eMAG shows an older version of the order just now."),
            remote="emag",
            call_id=rows.call_id,
        )
    return rows


def _changed_at(order: Order, raw: Raw, rows: Rows) -> datetime | None:
    try:
        return moment(raw, "modified", ZoneInfo(order.account.time_zone), not_after=rows.read_at)
    except Unreadable:
        return None


def status_in(raw: Raw) -> int | None:
    try:
        return whole(raw, "status")
    except Unreadable:
        return None


def status_of(rows: Rows | None) -> int | None:
    return status_in(rows.items[0]) if rows and rows.items else None


def read_back(
    client: EmagClient, order: Order, is_so: Callable[[Raw], bool], doubt: str
) -> Rows | None:
    """The order after a change that eMAG said "yes" to; None where it cannot be read just now.

    Still shown as before, either eMAG is slow, or its answer was not true. Nobody can tell which,
    so after further looks the outcome counts as unknown, and is looked up.
    """
    for wait in (*LOOK_AGAIN, None):
        try:
            rows = find(client, order)
        except RemoteError:
            return None
        if not rows.items:
            return None
        if is_so(rows.items[0]):
            return rows
        if wait is not None:
            time.sleep(wait)
    raise RemoteOutcomeUnknown(doubt, remote="emag", call_id=rows.call_id)


def take_in(order: Order, rows: Rows | None) -> bool:
    """Store what was read; whether that went well. What could not be read is read soon."""
    if rows is None or not rows.items:
        read_soon(order)
        return False
    taken = storing.take_in(order.account, intake_for(order.account), rows)
    return not taken.rejected


def read_soon(order: Order) -> None:
    nudges.note(order.account_id, f"order:{ORDER_TYPES[order.fulfilment]}", order.external_id)
