"""What apps above found out about an order: that a parcel or an invoice of it exists."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from core.text import fold
from orders.models import Order
from orders.services.asking import locked, write


@transaction.atomic
def note_shipment(
    order: Order, *, courier: str, awb: str, shipped_at: datetime | None = None, by: User | None
) -> None:
    """Keep who brings the order and under which number; empty texts take that back.

    Only the facts: the status of the order moves by its own services. Noting the same again
    changes nothing and tells nobody.
    """
    _note(
        order, "order.shipment_noted", by=by,
        facts={"courier": courier, "awb": awb, "shipped_at": shipped_at},
    )  # fmt: skip


@transaction.atomic
def note_invoice(
    order: Order, *, number: str, invoiced_at: datetime | None = None, by: User | None
) -> None:
    """Keep the number and the date of the order's invoice; an empty number takes that back."""
    _note(
        order, "order.invoice_noted", by=by,
        facts={"invoice_number": number, "invoiced_at": invoiced_at},
    )  # fmt: skip


def _note(order: Order, verb: str, *, by: User | None, facts: dict[str, object]) -> None:
    order = locked(order)
    before = {name: getattr(order, name) for name in facts}
    if before == facts:
        return
    for name, value in facts.items():
        setattr(order, name, value)
    order.papers_text = fold(f"{order.awb} {order.invoice_number}")
    write(order, verb, by=by, before=before, fields=[*facts, "papers_text"])
