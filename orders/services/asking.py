"""What every change of an order begins and ends with: lock it, look at it again, ask, tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from core import audit, live
from core.errors import StaleData
from core.models import AuditEntry
from core.registry import verb_label
from orders import events, rules, under_way
from orders.choices import OrderStatus
from orders.models import Order
from outbox import services as outbox
from outbox.intents import Intent


def locked(order: Order) -> Order:
    """The order as it is now, and as it stays until our transaction is over."""
    return Order.objects.locked().select_related("account").get(pk=order.pk)


def check_stamp(order: Order, stamp: str) -> None:
    """Raise StaleData where the order is not what the person decided upon; "" is not asked."""
    if not stamp or stamp == order.stamp:
        return
    told = {"order": order, "status": order.get_status_display()}
    trail = AuditEntry.objects.filter(subject_type=Order._meta.label_lower, subject_id=order.pk)
    last = trail.order_by("-pk").first()
    if last is None:  # its months were taken out of the trail
        raise StaleData(
            _(
                "Order %(order)s changed while you were looking at it. It is “%(status)s” now."
                " Nothing was done. Look again, then decide."
            )
            % told
        )
    raise StaleData(
        _(
            "Order %(order)s changed while you were looking at it: “%(what)s” (%(who)s). It is"
            " “%(status)s” now. Nothing was done. Look again, then decide."
        )
        % {**told, "what": verb_label(last.verb), "who": last.actor_name or "MagFlow"}
    )


def is_asked(order: Order, wanted: Intent) -> bool:
    """Whether exactly this is on its way already: then a second click changes nothing."""
    asked = under_way.of(order)
    return (
        asked is not None and asked.kind == wanted.spec.kind and asked.payload == wanted.payload()
    )


def check(order: Order, action: str, stamp: str) -> None:
    """Raise where the order is not what was decided upon, or where this may not be done to it."""
    check_stamp(order, stamp)
    rules.check(order, action)


def is_news(order: Order, wanted: Intent, action: str, stamp: str) -> bool:
    """False where exactly this is on its way already; raises where it may not be asked for."""
    if is_asked(order, wanted):
        return False
    check(order, action, stamp)
    return True


def ask(
    order: Order,
    wanted: Intent,
    verb: str,
    *,
    by: User | None,
    is_awaited: bool,
    note: str = "",
    changes: Mapping[str, tuple[Any, Any]] | None = None,
) -> None:
    """Have the marketplace told, and write down who wanted it. The order itself stays as it is.

    What failed before in the same way is settled by it, and leaves the error queue.
    """
    kind = wanted.spec.kind
    overtake(order, under_way.MOVES if kind in under_way.MOVES else (kind,), by=by)
    audit.record(verb, order, by=by, note=note, changes=changes or {})
    outbox.request(
        wanted,
        executor=order.account.platform,
        account=order.account,
        subject=order,
        by=by,
        is_awaited=is_awaited,
    )
    live.touch("orders", order.pk)


def overtake(order: Order, kinds: Iterable[str], *, by: User | None) -> None:
    """A later decision takes the place of what failed: nobody sends that again by mistake."""
    for failed in under_way.failed(order, kinds):
        outbox.cancel(failed, by=by, note=_("A later decision took its place."))


def write(
    order: Order,
    verb: str,
    *,
    by: User | None,
    before: Mapping[str, Any],
    fields: list[str],
    note: str = "",
) -> None:
    """Save what is ours of an order, and tell everybody.

    Why it waits is known as long as it does. What failed at the marketplace was decided before.
    """
    if order.status != OrderStatus.ON_HOLD:
        order.held_from = order.hold_reason = ""
    after = {name: getattr(order, name) for name in before}
    order.save(update_fields=[*fields, "held_from", "hold_reason"])
    audit.record(verb, order, by=by, note=note, changes=audit.changed(before, after))
    events.orders_changed.send(Order, account=order.account, pks=[order.pk])
    live.touch("orders", order.pk)
