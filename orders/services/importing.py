"""Orders as a marketplace told them become rows: a page in one transaction, set-based."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount, User
from core import audit, live
from core.errors import RuleViolation
from core.locks import hold_in_transaction
from orders import events
from orders.intake import OrderIn
from orders.models import Order
from orders.services import writing
from orders.services.differences import Update
from orders.services.rows import Key, Prepared
from orders.services.states import first_state
from orders.services.stored import Known, forgotten_among, known_orders, stored_orders
from orders.validation import validate_order

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a page. Orders are named by the marketplace's number; `pks` finds the rows."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()  # a newer version is here already
    pks: Mapping[Key, int] = field(default_factory=dict)
    # Stored without who bought, since that was erased: whoever keeps a copy leaves it out, too.
    forgotten: frozenset[Key] = frozenset()


class OrdersRefused(RuleViolation):
    """Some of the orders cannot be stored, and so none was.

    `bad` says which, and why. It is empty where only the database knows: then take them one by one.
    """

    def __init__(self, message: str, bad: Mapping[Key, list[str]] | None = None) -> None:
        super().__init__(message)
        self.bad = dict(bad or {})


def import_orders(
    account: MarketplaceAccount, orders: Sequence[OrderIn], *, by: User | None = None
) -> ImportReport:
    """Store what a marketplace told of these orders: all of them, or none and OrdersRefused.

    Twice the same changes nothing, an older version never replaces a newer one, an order that is
    unchanged writes nothing. Only what the marketplace says is overwritten; our status follows
    where it may. Imports of one account wait for each other: call this before touching other rows
    in the same transaction.

        try:
            import_orders(account, page)
        except OrdersRefused as refusal:
            ...  # set aside those in refusal.bad and take the rest; if it is empty, one by one
    """
    bad = {
        (order.fulfilment, order.external_id): messages
        for order in orders
        if (messages := validate_order(order))
    }
    if bad:
        first = next(message for messages in bad.values() for message in messages)
        raise OrdersRefused(first, bad)
    try:
        with transaction.atomic():
            return _import(account, [Prepared(order) for order in _newest(orders)], by)
    except (DataError, IntegrityError, UnicodeError) as error:
        raise OrdersRefused(
            _("The database does not take this: %(error)s") % {"error": error}
        ) from error


def _newest(orders: Sequence[OrderIn]) -> list[OrderIn]:
    """A page may list an order twice: its newest version counts."""
    found: dict[Key, OrderIn] = {}
    for order in orders:
        key = (order.fulfilment, order.external_id)
        if key not in found or _version(order) >= _version(found[key]):
            found[key] = order
    return list(found.values())


def _version(order: OrderIn) -> tuple[datetime, datetime]:
    return order.changed_at or _EARLIEST, order.read_at


def _import(account: MarketplaceAccount, prepared: list[Prepared], by: User | None) -> ImportReport:
    if not prepared:
        return ImportReport()
    hold_in_transaction("import orders", str(account.pk))
    known = known_orders(account.pk, prepared)
    new = [one for one in prepared if one.key not in known]
    differing: list[tuple[Prepared, Known]] = []
    unchanged, stale = [], []
    for one in prepared:
        here = known.get(one.key)
        if here is None:
            continue
        if here.digest == one.digest:
            unchanged.append(one)
        elif here.is_newer:
            differing.append((one, here))
        else:
            stale.append(one)

    pks = {key: here.pk for key, here in known.items()}
    pks.update(_add(account, new, by))
    changed = _change(account, differing, by)
    forgotten = {one.key for one in prepared if one.is_forgotten}
    if unchanged:
        ids = forgotten_among(known[one.key].pk for one in unchanged)
        forgotten |= {one.key for one in unchanged if known[one.key].pk in ids}
    unchanged += [one for one, _here in differing if one.key not in changed]
    return ImportReport(
        new=_numbers(new),
        changed=_numbers(one for one, _here in differing if one.key in changed),
        unchanged=_numbers(unchanged),
        stale=_numbers(stale),
        pks=pks,
        forgotten=frozenset(forgotten),
    )


def _numbers(prepared: Iterable[Prepared]) -> tuple[str, ...]:
    return tuple(one.order.external_id for one in prepared)


def _add(account: MarketplaceAccount, prepared: list[Prepared], by: User | None) -> dict[Key, int]:
    """Write orders that were not here; returns their primary keys."""
    if not prepared:
        return {}
    customers = writing.write_customers(account, prepared)
    states = [first_state(one.order) for one in prepared]
    pks = writing.add_orders(account, prepared, customers, states)
    audit.record_rows(
        "order.imported",
        Order,
        (
            (pk, one.order.external_id, {"status": ("", state.status)})
            for pk, one, state in zip(pks, prepared, states, strict=True)
        ),
        by=by,
    )
    events.orders_imported.send(Order, account=account, pks=pks)
    live.touch("orders", *pks)
    return {one.key: pk for one, pk in zip(prepared, pks, strict=True)}


def _change(
    account: MarketplaceAccount, differing: list[tuple[Prepared, Known]], by: User | None
) -> set[Key]:
    """Write what is newer than what is here; returns the orders in which something differed."""
    if not differing:
        return set()
    customers = writing.write_customers(account, [one for one, _here in differing])
    stored = stored_orders([here.pk for _one, here in differing])
    updates = [
        Update.of(one, stored[here.pk], customers[one.customer[0]]) for one, here in differing
    ]
    taken = writing.change_orders(updates)
    told = [update for update in updates if update.stored.pk in taken and update.changes]
    audit.record_rows(
        "order.changed",
        Order,
        ((one.stored.pk, one.prepared.order.external_id, one.changes) for one in told),
        by=by,
    )
    if told:
        pks = [update.stored.pk for update in told]
        left = {one.stored.customer_id for one in told if one.customer_id != one.stored.customer_id}
        events.orders_changed.send(Order, account=account, pks=pks, customers_left=left)
        live.touch("orders", *pks)
    return {update.prepared.key for update in told}
