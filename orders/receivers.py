"""What has to happen in the same transaction when orders, or messages about them, change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from accounts.models import MarketplaceAccount
from core import live
from orders import events
from orders.models import Order
from orders.services.customer_blocking import flag_orders
from orders.services.customer_figures import nudge
from outbox.events import commands_changed


def note_customers(
    sender: object,
    *,
    account: MarketplaceAccount,
    pks: list[int],
    customers_left: Collection[int] = (),
    **kwargs: Any,
) -> None:
    """Their figures are brought up to date after the commit; the blocked wait for a person."""
    if blocked := nudge(account, pks, list(customers_left)):
        flag_orders(blocked)


def note_messages(
    sender: object, *, subjects: Mapping[str, Collection[int]], **kwargs: Any
) -> None:
    """Lists and pages say what is on its way to the marketplace, and what was refused there."""
    if pks := subjects.get(Order._meta.label_lower):
        live.touch("orders", *pks)


def connect() -> None:
    events.orders_imported.connect(note_customers)
    events.orders_changed.connect(note_customers)
    commands_changed.connect(note_messages)
