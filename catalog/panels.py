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
from catalog.intents import PushOffer
from catalog.models import Offer, PriceChange, StockChange
from core.html import money, number
from core.money import HUNDRED, vat_on
from core.registry import Panel, register_panel
from outbox import panels as sent_to_the_marketplace
from outbox.choices import UNDER_WAY
from outbox.models import Command
from outbox.services import for_subject

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
        "unsent": unsent(offer),
        "stock_free": stock_free(offer),
        "vat_percent": None if offer.vat_rate is None else f"{offer.vat_rate * HUNDRED:.0f} %",
    }


def stock_free(offer: Offer) -> int | None:
    """What unaccepted orders leave of the stock, where that is less and was read after our push."""
    if offer.stock_free is None or offer.stock_free >= offer.stock:
        return None
    is_older = offer.pushed_at is not None and offer.read_at < offer.pushed_at
    return None if is_older else offer.stock_free


def unsent(offer: Offer) -> Command | None:
    """The message with our wish, where it will not be sent unless a person does something."""
    if offer.wanted_at is None:
        return None
    latest = for_subject(offer).filter(kind=PushOffer.spec.kind).first()
    return None if latest is None or latest.status in UNDER_WAY else latest


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
            title=_("How price and stock moved"),
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
