"""Accepting new orders: asked for by a person or by the account's rule, done at the marketplace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import platforms
from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount, User
from catalog.models import Offer
from core import audit, live
from core.errors import RuleViolation
from orders import events
from orders.choices import OPEN, LineStatus, OrderStatus, Problem
from orders.intents import AcceptOrder
from orders.models import Order, OrderLine
from outbox import services as outbox

MOST_AT_ONCE = 500  # of one account in one run of the job; the rest comes ten minutes later


def check_acceptable(order: Order) -> None:
    """Raise RuleViolation where an order cannot be accepted."""
    if order.fulfilment != Fulfilment.OWN:
        raise RuleViolation(
            _("The marketplace ships order %(order)s itself: nothing is to be accepted.")
            % {"order": order}
        )
    if order.status != OrderStatus.NEW:
        raise RuleViolation(
            _("Order %(order)s is not new any more: it is “%(status)s”.")
            % {"order": order, "status": order.get_status_display()}
        )
    platform = platforms.get(order.account.platform)
    if platform is not None and not platform.supports(AcceptOrder):
        raise RuleViolation(
            _("%(platform)s does not want orders to be accepted.") % {"platform": platform.label}
        )


def is_acceptable(order: Order) -> bool:
    """Whether there is a button for it."""
    try:
        check_acceptable(order)
    except RuleViolation:
        return False
    return True


@transaction.atomic
def accept_order(order: Order, *, by: User | None) -> None:
    """Ask the marketplace to take our acceptance. Asking again while it waits changes nothing.

    The order stays new until the marketplace has said yes: until then its customer may cancel it.
    """
    order = Order.objects.locked().select_related("account").get(pk=order.pk)
    check_acceptable(order)
    is_first = order.accept_requested_at is None
    if is_first:
        order.accept_requested_at = timezone.now()
        order.save(update_fields=["accept_requested_at"])
        audit.record("order.accept_requested", order, by=by)
        live.touch("orders", order.pk)
    outbox.request(
        AcceptOrder(order.pk),
        executor=order.account.platform,
        account=order.account,
        subject=order,
        by=by,
        is_awaited=by is not None,
    )


@transaction.atomic
def record_acceptance(order: Order) -> None:
    """The marketplace has taken our acceptance: a fact, which is never refused.

    Where the order went another way meanwhile, that is kept and a person is told.
    """
    order = Order.objects.locked().select_related("account").get(pk=order.pk)
    before = {"status": order.status, "problems": list(order.problems)}
    if order.accepted_at is None:
        order.accepted_at = timezone.now()
    if order.status == OrderStatus.NEW:
        order.status = OrderStatus.ACCEPTED
    elif order.status == OrderStatus.CANCELLED:
        order.refresh_problems({*order.problems, Problem.STATUS})
    after = {"status": order.status, "problems": list(order.problems)}
    order.save(update_fields=["accepted_at", "status", "problems", "has_problem"])
    audit.record("order.accepted", order, by=None, changes=audit.changed(before, after))
    events.orders_changed.send(Order, account=order.account, pks=[order.pk])
    live.touch("orders", order.pk)


@transaction.atomic
def accept_new_orders(account: MarketplaceAccount) -> tuple[int, int]:
    """Ask for the acceptance of every new order that the account's rule lets through.

    Returns how many were asked for now, and how many still wait: for their time, for stock, for
    the rest of their facts, or for a person. The oldest order gets the stock first.
    """
    waiting = Order.objects.new().filter(account=account, accept_requested_at__isnull=True)
    if not account.accepts_automatically or account.is_paused:
        return 0, waiting.count()
    due = timezone.now() - timedelta(minutes=account.accept_after)
    ready = list(
        waiting.filter(is_complete=True, has_problem=False, ordered_at__lte=due)
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("ordered_at", "pk")[:MOST_AT_ONCE]
    )
    if account.accepts_only_in_stock:
        ready = _in_stock(account, ready)
    now = timezone.now()
    pks = [order.pk for order in ready]
    Order.objects.filter(pk__in=pks).update(accept_requested_at=now)
    outbox.request_many(
        [(AcceptOrder(order.pk), order) for order in ready],
        executor=account.platform,
        account=account,
    )
    audit.record_rows(
        "order.accept_requested", Order, ((order.pk, str(order), {}) for order in ready), by=None
    )
    if pks:
        live.touch("orders", *pks)
    return len(pks), waiting.count()


def _in_stock(account: MarketplaceAccount, orders: Iterable[Order]) -> list[Order]:
    """Those whose every product is there, when the oldest order takes its share first."""
    orders = list(orders)
    wanted: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    lines = OrderLine.objects.filter(order__in=orders, status=LineStatus.ACTIVE)
    for order_id, number, quantity in lines.values_list(
        "order_id", "offer_external_id", "quantity"
    ):
        wanted[order_id][number] += quantity
    left = _free_stock(account, {number for need in wanted.values() for number in need})
    found = []
    for order in orders:
        need = wanted[order.pk]
        # What is no offer of ours is not known to be there; an order of nothing is for a person.
        if need and all(left.get(number, 0) >= quantity for number, quantity in need.items()):
            for number, quantity in need.items():
                left[number] -= quantity
            found.append(order)
    return found


def _free_stock(account: MarketplaceAccount, numbers: Iterable[str]) -> dict[str, int]:
    """What offers still have for orders that nobody has accepted.

    A marketplace takes an accepted order off its stock, which we know as of the last look: what was
    accepted after that is taken off here.
    """
    offers = Offer.objects.filter(account=account, external_id__in=numbers)
    stock, looked = {}, {}
    for number, pieces, read_at in offers.values_list("external_id", "stock", "read_at"):
        stock[number], looked[number] = pieces, read_at
    asked = OrderLine.objects.filter(
        order__account=account,
        order__fulfilment=Fulfilment.OWN,
        order__status__in=OPEN,
        order__accept_requested_at__isnull=False,
        offer_external_id__in=stock,
        status=LineStatus.ACTIVE,
    )
    for number, pieces, accepted_at in asked.values_list(
        "offer_external_id", "quantity", "order__accepted_at"
    ):
        if accepted_at is None or accepted_at > looked[number]:
            stock[number] -= pieces
    return stock
