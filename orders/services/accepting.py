"""Accepting new orders: asked for by a person or by the account's rule, done at the marketplace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from django.db import transaction
from django.db.models import Exists, Q
from django.utils import timezone

from accounts.choices import Fulfilment
from accounts.models import MarketplaceAccount, User
from catalog.services import stock_known
from core import audit, live
from orders import events, rules
from orders.choices import OPEN, LineStatus, OrderStatus, Problem
from orders.intents import AcceptOrder
from orders.models import Order, OrderLine, OrderQuerySet
from orders.services.asking import check_stamp, locked
from outbox import services as outbox
from outbox.choices import UNDER_WAY

MOST_AT_ONCE = 500  # of one account in one run of the job; the rest comes ten minutes later
LOOKED_AT = 5_000  # of all accounts, where a person accepts what is in stock: the oldest
OfferKey: TypeAlias = tuple[int, str]  # pk of the account, number there

# Whether an order is being accepted is known to the outbox alone, so that there is one answer.
ASKED = Exists(outbox.asked_of(Order, AcceptOrder))
IS_BEING_ACCEPTED = Exists(outbox.asked_of(Order, AcceptOrder).filter(status__in=UNDER_WAY))


def is_being_accepted(order: Order) -> bool:
    """Whether our acceptance is on its way to the marketplace."""
    return Order.objects.new().filter(IS_BEING_ACCEPTED, pk=order.pk).exists()


@transaction.atomic
def accept_order(
    order: Order, *, by: User | None, stamp: str = "", is_awaited: bool = False
) -> None:
    """Ask the marketplace to take our acceptance. Asking again while it waits changes nothing.

    The order stays new until the marketplace has said yes: until then its customer may cancel it.
    `is_awaited`: a person stands before this very order, see outbox.services.request().
    """
    order = locked(order)
    is_asked = is_being_accepted(order)
    if not is_asked:
        check_stamp(order, stamp)
    rules.check(order, "accept")
    if not is_asked:
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
    asked = _ask_for(account, _taken(ready, _fitting(account, ready)), by=None)
    return asked, waiting.count()


def in_stock() -> int:
    """How many new orders could be accepted now because all their products are there.

    Read beside every list, so it is six statements, however many orders and accounts there are.
    """
    return sum(len(pks) for _account, _ready, pks in _all_in_stock())


def accept_in_stock(*, by: User | None) -> int:
    """Ask for the acceptance of every new order whose products are all there; how many they are.

    The oldest order gets the stock first. What a person should look at before is left to them.
    """
    return sum(_accept_these(account, ready, pks, by) for account, ready, pks in _all_in_stock())


@transaction.atomic
def _accept_these(
    account: MarketplaceAccount, ready: OrderQuerySet, pks: list[int], by: User | None
) -> int:
    return _ask_for(account, _taken(ready, pks), by=by)


def _all_in_stock() -> Iterator[tuple[MarketplaceAccount, OrderQuerySet, list[int]]]:
    """Account by account: its new orders that nobody has to look at, and which of them may go."""
    ready = Order.objects.new().filter(~ASKED, is_complete=True, has_problem=False)
    ready = ready.filter(account__is_paused=False)
    oldest = ready.order_by("ordered_at", "pk").values_list("pk", flat=True)[:LOOKED_AT]
    found: dict[int, list[int]] = defaultdict(list)
    for account_id, pk in _in_stock(list(oldest)):
        found[account_id].append(pk)
    for account in MarketplaceAccount.objects.filter(pk__in=found):
        yield account, ready.filter(account=account), found[account.pk][:MOST_AT_ONCE]


def _ask_for(account: MarketplaceAccount, chosen: Sequence[Order], *, by: User | None) -> int:
    pks = [order.pk for order in chosen]
    outbox.request_many(
        [(AcceptOrder(order.pk), order) for order in chosen],
        executor=account.platform,
        account=account,
        by=by,
    )
    audit.record_rows(
        "order.accept_requested", Order, ((order.pk, str(order), {}) for order in chosen), by=by
    )
    if pks:
        live.touch("orders", *pks)
    return len(pks)


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
    return [pk for _account_id, pk in _in_stock(list(oldest))[:MOST_AT_ONCE]]


def _in_stock(orders: list[int]) -> list[tuple[int, int]]:
    """Those whose every product is there, when the oldest order takes its share first.

    Each as (pk of its account, pk); the orders may be of many accounts.
    """
    wanted: dict[int, dict[OfferKey, int]] = defaultdict(lambda: defaultdict(int))
    lines = OrderLine.objects.filter(order__in=orders, status=LineStatus.ACTIVE)
    for order_id, account_id, number, quantity in lines.values_list(
        "order_id", "order__account_id", "offer_external_id", "quantity"
    ):
        wanted[order_id][account_id, number] += quantity
    left = _free_stock({key for need in wanted.values() for key in need})
    found = []
    for pk in orders:
        need = wanted[pk]
        # What is no offer of ours is not known to be there; an order of nothing is for a person.
        if need and all(left.get(key, 0) >= quantity for key, quantity in need.items()):
            for key, quantity in need.items():
                left[key] -= quantity
            [account_id] = {account_id for account_id, _number in need}
            found.append((account_id, pk))
    return found


def _free_stock(wanted: Collection[OfferKey]) -> dict[OfferKey, int]:
    """What offers still have for orders that nobody has accepted.

    A marketplace takes an accepted order off its stock, which we know as of the last look: what was
    accepted after that, or is being accepted, is taken off here.
    """
    stock: dict[OfferKey, int] = {}
    known_at: dict[OfferKey, datetime] = {}
    for key, (pieces, at) in stock_known(wanted).items():
        stock[key], known_at[key] = pieces, at
    promised = Order.objects.filter(
        Q(accepted_at__isnull=False) | IS_BEING_ACCEPTED,
        account__in={account_id for account_id, _number in stock},
        fulfilment=Fulfilment.OWN, status__in=OPEN,
    )  # fmt: skip
    lines = OrderLine.objects.filter(
        order__in=promised,
        offer_external_id__in={number for _account_id, number in stock},
        status=LineStatus.ACTIVE,
    )
    for account_id, number, pieces, accepted_at in lines.values_list(
        "order__account_id", "offer_external_id", "quantity", "order__accepted_at"
    ):
        key = account_id, number
        if key in stock and (accepted_at is None or accepted_at > known_at[key]):
            stock[key] -= pieces
    return stock
