"""Accepting new orders: asked for by a person or by the account's rule, done at the marketplace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import platforms
from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount, User
from catalog.services import stock_known
from core import audit, live
from core.errors import RuleViolation
from orders import events
from orders.choices import OPEN, LineStatus, OrderStatus, Problem
from orders.intents import AcceptOrder
from orders.models import Order, OrderLine, OrderQuerySet
from orders.validation import validate_update
from outbox import services as outbox
from outbox.choices import UNDER_WAY

MOST_AT_ONCE = 500  # of one account in one run of the job; the rest comes ten minutes later

# Whether an order is being accepted is known to the outbox alone, so that there is one answer.
ASKED = Exists(outbox.asked_of(Order, AcceptOrder))
IS_BEING_ACCEPTED = Exists(outbox.asked_of(Order, AcceptOrder).filter(status__in=UNDER_WAY))


def check_acceptable(order: Order) -> None:
    """Raise RuleViolation where an order cannot be accepted."""
    if order.status != OrderStatus.NEW:
        raise RuleViolation(
            _("Order %(order)s is not new any more: it is “%(status)s”.")
            % {"order": order, "status": order.get_status_display()}
        )
    wrong = validate_update(
        status=order.status,
        target=OrderStatus.ACCEPTED.value,
        fulfilment=order.fulfilment,
        is_complete=order.is_complete,
    )
    if wrong:
        raise RuleViolation(" ".join(wrong))
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


def is_being_accepted(order: Order) -> bool:
    """Whether our acceptance is on its way to the marketplace."""
    return Order.objects.new().filter(IS_BEING_ACCEPTED, pk=order.pk).exists()


@transaction.atomic
def accept_order(order: Order, *, by: User | None, is_awaited: bool = False) -> None:
    """Ask the marketplace to take our acceptance. Asking again while it waits changes nothing.

    The order stays new until the marketplace has said yes: until then its customer may cancel it.
    `is_awaited`: a person stands before this very order, see outbox.services.request().
    """
    order = Order.objects.locked().select_related("account").get(pk=order.pk)
    check_acceptable(order)
    if not is_being_accepted(order):
        audit.record("order.accept_requested", order, by=by)
        live.touch("orders", order.pk)
    outbox.request(
        AcceptOrder(order.pk),
        executor=order.account.platform,
        account=order.account,
        subject=order,
        by=by,
        is_awaited=is_awaited,
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
    the rest of their facts, or for a person. The oldest order gets the stock first. What was asked
    for before and refused or stopped is a person's: it is neither accepted nor counted here.
    """
    waiting = Order.objects.new().filter(~ASKED, account=account)
    if not account.accepts_automatically or account.is_paused:
        return 0, waiting.count()
    due = timezone.now() - timedelta(minutes=account.accept_after)
    ready = waiting.filter(is_complete=True, has_problem=False, ordered_at__lte=due)
    chosen = _taken(ready, _fitting(account, ready))
    pks = [order.pk for order in chosen]
    outbox.request_many(
        [(AcceptOrder(order.pk), order) for order in chosen],
        executor=account.platform,
        account=account,
    )
    audit.record_rows(
        "order.accept_requested", Order, ((order.pk, str(order), {}) for order in chosen), by=None
    )
    if pks:
        live.touch("orders", *pks)
    return len(pks), waiting.count()


def _taken(ready: OrderQuerySet, pks: Iterable[int]) -> list[Order]:
    """Those of these orders that are ours now: nobody changes or accepts them until we are through.

    Looked at again under their locks, since people accept orders, too.
    """
    mine = (
        Order.objects.filter(pk__in=pks).locked().select_for_update(of=("self",), skip_locked=True)
    )
    return list(ready.filter(pk__in=[order.pk for order in mine]).order_by("ordered_at", "pk"))


def _fitting(account: MarketplaceAccount, ready: OrderQuerySet) -> list[int]:
    """The oldest that may go now, MOST_AT_ONCE of them: what does not fit holds up nobody."""
    oldest = ready.order_by("ordered_at", "pk").values_list("pk", flat=True)
    if not account.accepts_only_in_stock:
        return list(oldest[:MOST_AT_ONCE])
    return _in_stock(account, list(oldest))[:MOST_AT_ONCE]


def _in_stock(account: MarketplaceAccount, orders: list[int]) -> list[int]:
    """Those whose every product is there, when the oldest order takes its share first."""
    wanted: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    lines = OrderLine.objects.filter(order__in=orders, status=LineStatus.ACTIVE)
    for order_id, number, quantity in lines.values_list(
        "order_id", "offer_external_id", "quantity"
    ):
        wanted[order_id][number] += quantity
    left = _free_stock(account, {number for need in wanted.values() for number in need})
    found = []
    for pk in orders:
        need = wanted[pk]
        # What is no offer of ours is not known to be there; an order of nothing is for a person.
        if need and all(left.get(number, 0) >= quantity for number, quantity in need.items()):
            for number, quantity in need.items():
                left[number] -= quantity
            found.append(pk)
    return found


def _free_stock(account: MarketplaceAccount, numbers: Iterable[str]) -> dict[str, int]:
    """What offers still have for orders that nobody has accepted.

    A marketplace takes an accepted order off its stock, which we know as of the last look: what was
    accepted after that, or is being accepted, is taken off here.
    """
    stock: dict[str, int] = {}
    known_at: dict[str, datetime] = {}
    for number, (pieces, at) in stock_known(account, numbers).items():
        stock[number], known_at[number] = pieces, at
    promised = Order.objects.filter(
        Q(accepted_at__isnull=False) | IS_BEING_ACCEPTED,
        account=account, fulfilment=Fulfilment.OWN, status__in=OPEN,
    )  # fmt: skip
    lines = OrderLine.objects.filter(
        order__in=promised, offer_external_id__in=stock, status=LineStatus.ACTIVE
    )
    for number, pieces, accepted_at in lines.values_list(
        "offer_external_id", "quantity", "order__accepted_at"
    ):
        if accepted_at is None or accepted_at > known_at[number]:
            stock[number] -= pieces
    return stock
