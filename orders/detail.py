"""What the page of one order shows: its rows read once, what happened to it, what may be done.

The page is answered in two parts, so that what decides is there at once: facts_of() is what one
opens an order for, rest_of() follows by itself. A page that reads itself again gets both together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import FilteredRelation, Prefetch, Q
from django.utils import timezone

from accounts import platforms
from accounts.models import User
from catalog.models import Offer
from catalog.panels import stock_free
from core import pictures
from core.clock import Clock
from core.money import q2
from orders import (
    problems,
    reasons,
    rules,
    settlement,
    tagging,
    timeline,
    under_way,
)
from orders.choices import REMOTE_BADGES, AddressKind, LineStatus, OrderStatus, PaymentMethod
from orders.customers import box as customer_box
from orders.due import due_html
from orders.happenings import refusals
from orders.models import LineDeposit, Order, OrderLine, OrderQuerySet
from orders.services import documents
from outbox.choices import GIVEN_UP, STATUS_BADGES, UNDER_WAY, CommandStatus
from outbox.models import Command
from outbox.services import latest_of


def with_facts() -> OrderQuerySet:
    """Orders with what facts_of() needs: one statement, and one for each kind of many rows."""
    lines = OrderLine.objects.order_by("position", "pk").prefetch_related(
        Prefetch("deposits", LineDeposit.objects.order_by("position"))
    )
    addresses = {
        kind.value: FilteredRelation("addresses", condition=Q(addresses__kind=kind))
        for kind in AddressKind
    }
    orders = Order.objects.annotate(
        **addresses, risky_from=customer_box.RISKY_BOUND, all_tags=tagging.ALL_TAGS
    )
    orders = orders.select_related("account", "customer", *addresses)
    return orders.prefetch_related(Prefetch("lines", lines), "vouchers")


def facts_of(order: Order, user: User) -> Mapping[str, object]:
    """State, customer, delivery, products and money of an order of with_facts()."""
    platform = order.account.platform
    asked = _foremost(latest_of(order))
    lines = lines_of(order)
    # Where there is no such address, the join leaves no attribute either.
    billing, shipping = (getattr(order, kind, None) for kind in ("billing", "shipping"))
    return {
        "order": order,
        "badge": order.badge,
        "remote_badge": REMOTE_BADGES[order.remote_state],
        "due": _due(order),
        "ship_by": _ship_by(order),
        "problems": problems.told(order, user),
        "billing": billing,
        "shipping": shipping,
        "is_one_address": bool(billing and shipping and billing.is_like(shipping)),
        "marketplace": order.account.platform_label,
        "fulfilment": platforms.fulfilment_label(platform, order.fulfilment),
        "lines": lines,
        "is_all_there": _are_all_there(order, lines),
        "money": settlement.settlement_of(order),
        "tags": tagging.chips(order.all_tags)(order.tags),  # type: ignore[attr-defined]
        "box": customer_box.box(order, user),
        "reason": reasons.label(platform, order.cancel_code, order.cancel_text),
        "actions": rules.offered(order, user, asked),
        "doing": under_way.doing(asked),
        "given_up": _given_up(asked),
        "is_waiting_for_card": _is_waiting_for_card(order),
    }


def rest_of(order: Order, user: User, *, since: datetime, count: int) -> Mapping[str, object]:
    """What follows by itself: what happened, other orders of the customer, the documents.

    `since`: when this person opened the page; `count`: events that they look at.
    """
    events = _events(order, user)
    return {
        "order": order,
        "told": timeline.told(events, count),
        "history": customer_box.history(order, user),
        **_documents(order),
        "proformas": list(order.proformas.all()),
        **_news(order, events, since, user),
    }


def timeline_of(order: Order, user: User, count: int = timeline.SHOWN) -> timeline.Told:
    """What happened to an order, alone."""
    return timeline.told(_events(order, user), count)


def _events(order: Order, user: User) -> list[timeline.Event]:
    return timeline.events_of(order, user, refusals(latest_of(order), user))


def _foremost(commands: Iterable[Command]) -> Command | None:
    """What is on its way to the marketplace, and otherwise what was asked last: under_way.latest()
    of commands that are read already."""
    asked = [one for one in commands if one.kind in under_way.KINDS]
    return next((one for one in asked if one.status in UNDER_WAY), asked[0] if asked else None)


def _news(
    order: Order, events: list[timeline.Event], since: datetime, user: User
) -> Mapping[str, object]:
    """What others did to the order while this person looks at it; loud where it was cancelled."""
    own = [
        one
        for one in latest_of(order)
        if one.requested_by_id == user.pk and one.kind in under_way.KINDS
    ]
    told = timeline.news(events, since, user)
    news = [event for event in told if not any(_came_of(event, one) for one in own)]
    is_gone = order.status in {OrderStatus.CANCELLED, OrderStatus.RETURNED}
    ended = next((one for one in news if one.status == order.status), None) if is_gone else None
    return {"news": news[:3], "more_news": max(0, len(news) - 3), "ended": ended}


def _came_of(event: timeline.Event, command: Command) -> bool:
    """Whether the marketplace did what it was asked for: who asked is not told as of a stranger."""
    is_answer = event.by is None and event.status in {"", under_way.leads_to(command)}
    return (
        is_answer
        and command.created_at <= event.at
        and (command.ended_at is None or event.at <= command.ended_at)
    )


def _given_up(asked: Command | None) -> Mapping[str, object] | None:
    """What was asked for last and will not go through unless a person does something."""
    if asked is None or asked.status not in GIVEN_UP | {CommandStatus.UNCERTAIN}:
        return None
    return {"command": asked, "badge": STATUS_BADGES[asked.status]}


def _due(order: Order) -> object:
    return due_html(order.due_at, timezone.now(), Clock()) if order.due_at else ""


def _ship_by(order: Order) -> datetime | None:
    """Until when it had to leave here; nothing where it does not or will not."""
    is_over = order.status in {OrderStatus.CANCELLED, OrderStatus.RETURNED}
    return None if is_over or not order.is_ours_to_ship else order.ship_by


def _is_waiting_for_card(order: Order) -> bool:
    is_new = order.status == OrderStatus.NEW and order.is_ours_to_ship
    return is_new and order.payment == PaymentMethod.CARD and not order.is_paid


# --- Products ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineShown:
    """A product of the order with what is taken off and put on, and what we have of it."""

    line: OrderLine
    is_cancelled: bool
    deposits: list[LineDeposit]
    vouchers: list[tuple[str, Decimal]]
    offer: Offer | None
    picture: str
    left: int | None  # what is there for orders that nobody has accepted yet
    is_short: bool


def lines_of(order: Order) -> list[LineShown]:
    """The products, each with the offer of this account that was bought."""
    lines = list(order.lines.all())
    numbers = {line.offer_external_id for line in lines} - {""}
    found = Offer.objects.filter(account=order.account_id, external_id__in=numbers)
    offers = {one.external_id: one for one in found.defer("search_text", "url", "problems")}
    return [_line(line, order, offers.get(line.offer_external_id)) for line in lines]


def _line(line: OrderLine, order: Order, offer: Offer | None) -> LineShown:
    free = stock_free(offer) if offer else None
    left = None if offer is None else offer.stock if free is None else free
    is_waiting = order.status == OrderStatus.NEW and order.is_ours_to_ship
    is_cancelled = line.status == LineStatus.CANCELLED
    return LineShown(
        line,
        is_cancelled,
        list(line.deposits.all()),
        [
            (settlement.voucher_name(voucher), q2(voucher.net + voucher.vat))
            for voucher in order.vouchers.all()
            if voucher.line_id == line.pk
        ],
        offer,
        pictures.shown(offer.image_url) if offer else "",
        left,
        is_waiting and not is_cancelled and left is not None and left < line.quantity,
    )


def _are_all_there(order: Order, lines: list[LineShown]) -> bool:
    """Whether a new order can be packed from what is there."""
    wanted = [one for one in lines if not one.is_cancelled]
    is_known = bool(wanted) and all(one.left is not None and not one.is_short for one in wanted)
    return is_known and order.status == OrderStatus.NEW and order.is_ours_to_ship


def _documents(order: Order) -> Mapping[str, object]:
    """What hangs at the marketplace, each with the document of ours it is; and what does not yet.

    A document whose link was ended before it hung there is told by the timeline alone.
    """
    ours = {documents.public_url(one): one for one in order.documents.all()}
    attachments = [
        {
            "it": one,
            "line": str(one.line or ""),
            "url": one.url if one.url.lower().startswith(("https://", "http://")) else "",
            "ours": ours.pop(one.url, None),
        }
        for one in order.attachments.select_related("line")
    ]
    waiting = [one for one in ours.values() if one.revoked_at is None]
    return {"attachments": attachments, "waiting": waiting}
