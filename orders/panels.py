"""The boxes that the page of an order has of its own."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import registry
from core.audit_words import told
from core.models import AuditEntry
from core.registry import Panel, register_panel
from orders.models import Order
from outbox import panels as sent_to_the_marketplace

LATEST = 30
# Icon and tone of what happens to orders; anything else is a grey point.
LOOKS = {
    "order.imported": ("sparkles", "blue"),
    "order.changed": ("refresh", "grey"),
    "order.accept_requested": ("send", "blue"),
    "order.accepted": ("checks", "green"),
    "order.refresh_requested": ("refresh", "grey"),
}
# What an import names without keeping it: see orders.services.differences.
PARTS = {
    "addresses": _("addresses"),
    "customer": _("customer"),
    "lines": _("products"),
    "vouchers": _("discounts"),
    "deposits": _("deposits"),
    "attachments": _("documents"),
    "proformas": _("pro-forma invoices"),
}


def timeline(request: HttpRequest, order: Any) -> Mapping[str, object]:
    """What happened to the order, the latest first."""
    entries = AuditEntry.objects.filter(
        subject_type=Order._meta.label_lower, subject_id=order.pk
    ).order_by("-at", "-pk")[:LATEST]
    return {"events": [_event(entry) for entry in entries]}


def _event(entry: AuditEntry) -> dict[str, object]:
    icon, tone = LOOKS.get(entry.verb, ("point", "grey"))
    return {
        "icon": icon,
        "tone": tone,
        "text": registry.verb_label(entry.verb),
        "who": entry.actor_name,
        "at": entry.at,
        "note": "; ".join(filter(None, (entry.note, *_changes(entry)))),
    }


def _changes(entry: AuditEntry) -> list[str]:
    lines = []
    for name, before, after in told(entry.subject_type, entry.changes):
        words = str(PARTS.get(name, name))
        hidden = before == after
        lines.append(words if hidden else f"{words}: {before} → {after}")
    return lines


def register() -> None:
    sent_to_the_marketplace.register_for("orders.order_detail", Order)
    register_panel(
        Panel(
            page="orders.order_detail",
            id="timeline",
            title=_("Timeline"),
            permission="orders.view_order",
            template="orders/_timeline.html",
            context=timeline,
            model=Order,  # no topic: the page itself re-reads all of it when it is told
            area="side",
            order=10,
        )
    )
