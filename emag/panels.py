"""What the eMAG adapter shows on pages of others: raw payloads, and how many wait."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.models import Offer
from core import registry
from core.registry import Panel
from emag.models import RejectedPayload
from emag.services import payloads
from orders.models import Order


def payload(request: HttpRequest, subject: Any) -> Mapping[str, object]:
    kept = payloads.payload_of(subject)
    return {
        "kept": kept,
        "size": len(kept.text) if kept else 0,
        "earlier": kept.versions.count() if kept else 0,
    }


def rejected_waiting(user: Any) -> int:
    return RejectedPayload.objects.open().count()


def register() -> None:
    for page, model in (("orders.order_detail", Order), ("catalog.offer_detail", Offer)):
        registry.register_panel(
            Panel(
                page, "payload", _("Raw payload"), "emag.view_payload", "emag/_payload_panel.html",
                context=payload, model=model, lazy=True, area="side", order=90,
            )
        )  # fmt: skip
