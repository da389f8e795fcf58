"""What the page of an offer shows: its facts, and the boxes beside them."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import merge
from itertools import islice
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.panels import history
from catalog.choices import STATUS_BADGES
from catalog.models import Offer, PriceChange, StockChange
from core.html import money, number
from core.money import HUNDRED, vat_on
from core.registry import Panel, register_panel
from outbox import panels as sent_to_the_marketplace

PAGE = "catalog.offer_detail"
LATEST = 15


def offer_facts(offer: Offer) -> dict[str, object]:
    tone, mark = STATUS_BADGES.get(offer.status, ("grey", ""))
    gross = None
    if offer.vat_rate is not None:
        gross = vat_on(offer.price, offer.vat_rate * HUNDRED).gross
    return {
        "offer": offer,
        "tone": tone,
        "mark": mark,
        "gross": gross,
        "vat_percent": None if offer.vat_rate is None else f"{offer.vat_rate * HUNDRED:.0f} %",
    }


def changes(request: HttpRequest, offer: Any) -> Mapping[str, object]:
    """How price and stock have moved at the marketplace, the latest first."""
    prices = offer.price_changes.select_related("by").order_by("-at", "-pk")[: LATEST + 1]
    stocks = offer.stock_changes.select_related("by").order_by("-at", "-pk")[: LATEST + 1]
    both = merge(prices, stocks, key=lambda change: change.at, reverse=True)
    return {"events": [_told(change) for change in islice(both, LATEST)]}


def _told(change: PriceChange | StockChange) -> dict[str, object]:
    if isinstance(change, PriceChange):
        before, after = (money(one, change.currency) for one in (change.before, change.after))
        what, icon = _now("Price"), "tag"
    else:
        before, after = number(change.before), number(change.after)  # type: ignore[assignment]
        what, icon = _now("Stock"), "package"
    return {
        "icon": icon,
        "what": what,
        "before": before,
        "after": after,
        "at": change.at,
        "who": change.by,
    }


def register() -> None:
    sent_to_the_marketplace.register_for(PAGE, Offer)
    register_panel(
        Panel(
            page=PAGE,
            id="changes",
            title=_("Price and stock there"),
            template="catalog/_changes.html",
            permission="catalog.view_offer",
            context=changes,
            model=Offer,
            topic="offers",
            area="side",
        )
    )
    register_panel(
        Panel(
            page=PAGE,
            id="history",
            title=_("History"),
            template="accounts/_history.html",
            permission="core.view_auditentry",
            context=history,
            model=Offer,
            topic="audit",
            area="side",
            order=110,
        )
    )
