"""The statements of an import: COPY for what is new, one UPDATE a table for what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from django.utils import timezone

from accounts.models import MarketplaceAccount
from core import failpoints
from core.setwise import copy_rows, next_ids, update_rows
from orders.choices import CLOSED, STATUS_FOR, LineStatus, OrderStatus, RemoteState
from orders.models import (
    Customer,
    LineDeposit,
    Order,
    OrderAddress,
    OrderAttachment,
    OrderLine,
    OrderProforma,
    OrderVoucher,
)
from orders.services import rows
from orders.services.differences import Update
from orders.services.rows import Cells, Prepared
from orders.services.states import State
from orders.services.stored import IS_NEWER, known_customers

# --- Customers --------------------------------------------------------------------------------


def write_customers(
    account: MarketplaceAccount, prepared: Sequence[Prepared]
) -> dict[str, tuple[int, bool]]:
    """Store the customers of these orders; number → (primary key, whether something changed).

    The facts are those of the latest look: an order read earlier leaves them alone. So does one
    from before their personal data was erased; if it is over, it is stored without them, too.
    """
    known = known_customers(account.pk, list({one.customer[0] for one in prepared}))
    latest: dict[str, Prepared] = {}
    for one in prepared:
        number = one.customer[0]
        forgotten_at = known[number].forgotten_at if number in known else None
        if forgotten_at is not None and one.order.ordered_at <= forgotten_at:
            if STATUS_FOR[RemoteState(one.order.status)] in CLOSED:  # else the parcel needs them
                one.forget_person()
            continue
        before = latest.get(number)
        if before is None or one.order.read_at >= before.order.read_at:
            latest[number] = one
    new = [one for number, one in latest.items() if number not in known]
    changed = [
        (known[number].pk, one)
        for number, one in latest.items()
        if number in known
        and known[number].cells != one.customer
        and known[number].read_at <= one.order.read_at
    ]
    found = {number: (here.pk, False) for number, here in known.items()}
    if new:
        [pks] = next_ids((Customer, len(new)))
        copy_rows(
            Customer,
            ("id", "account_id", "read_at", *rows.CUSTOMER),
            (
                (pk, account.pk, one.order.read_at, *one.customer)
                for pk, one in zip(pks, new, strict=True)
            ),
        )
        found |= {one.customer[0]: (pk, False) for pk, one in zip(pks, new, strict=True)}
    update_rows(
        Customer,
        ("id", "read_at", *rows.CUSTOMER),
        [(pk, one.order.read_at, *one.customer) for pk, one in changed],
    )
    return found | {one.customer[0]: (pk, True) for pk, one in changed}


# --- New orders -------------------------------------------------------------------------------

_OURS = ("status", "problems", "has_problem", "digest", "read_at", "customer_id")
_NEW_ORDER = (
    "id", "account_id", "fulfilment", "external_id", "imported_at", "accepted_at",
    *_OURS, *rows.FACTS, *rows.DERIVED,
)  # fmt: skip


def add_orders(
    account: MarketplaceAccount,
    prepared: Sequence[Prepared],
    customers: dict[str, tuple[int, bool]],
    states: Sequence[State],
) -> list[int]:
    """Write orders with all their parts; returns their primary keys, in the same order."""
    now = timezone.now()
    order_pks, line_pks = next_ids(
        (Order, len(prepared)), (OrderLine, sum(len(one.lines) for one in prepared))
    )
    copy_rows(
        Order,
        _NEW_ORDER,
        (
            (pk, account.pk, one.order.fulfilment, one.order.external_id, now, None,
             state.status, state.in_order(), bool(state.problems), one.digest, one.order.read_at,
             customers[one.customer[0]][0], *one.facts, *one.derive())
            for pk, one, state in zip(order_pks, prepared, states, strict=True)
        ),
    )  # fmt: skip
    failpoints.hit("import.orders_written")
    copy_rows(
        OrderAddress,
        ("order_id", "kind", *rows.ADDRESS),
        (
            (pk, kind, *cells)
            for pk, one in zip(order_pks, prepared, strict=True)
            for kind, cells in one.addresses.items()
        ),
    )
    lines = [(pk, c) for pk, one in zip(order_pks, prepared, strict=True) for c in one.lines]
    add_lines(lines, line_pks)
    pk_of = {(pk, cells[0]): own for (pk, cells), own in zip(lines, line_pks, strict=True)}
    add_parts(list(zip(order_pks, prepared, strict=True)), pk_of)
    return order_pks


def add_lines(lines: Sequence[tuple[int, Cells]], pks: Sequence[int]) -> None:
    if lines:
        copy_rows(
            OrderLine,
            ("id", "order_id", *rows.LINE),
            ((own, pk, *cells) for own, (pk, cells) in zip(pks, lines, strict=True)),
        )


LinePks = dict[tuple[int, str], int]  # (order's primary key, line's number there) → primary key


def add_parts(orders: Sequence[tuple[int, Prepared]], line_pks: LinePks) -> None:
    """Write deposits, vouchers, attachments and pro-forma invoices of these orders."""
    deposits = [(pk, *cells) for pk, one in orders for cells in one.deposits]
    deposit_pks: dict[tuple[int, str, int], int] = {}
    if deposits:
        [pks] = next_ids((LineDeposit, len(deposits)))
        copy_rows(
            LineDeposit,
            ("id", "line_id", *rows.DEPOSIT),
            (
                (own, line_pks[pk, number], *cells)
                for own, (pk, number, *cells) in zip(pks, deposits, strict=True)
            ),
        )
        for own, (pk, number, at, *_rest) in zip(pks, deposits, strict=True):
            deposit_pks[pk, number, at] = own
    _copy_some(
        OrderVoucher,
        ("order_id", "line_id", "deposit_id", *rows.VOUCHER),
        (
            (pk, line_pks.get((pk, number)), deposit_pks.get((pk, number, at)), *cells)
            for pk, one in orders
            for number, at, *cells in one.vouchers
        ),
    )
    _copy_some(
        OrderAttachment,
        ("order_id", "line_id", *rows.ATTACHMENT),
        (
            (pk, line_pks.get((pk, number)), *cells)
            for pk, one in orders
            for number, *cells in one.attachments
        ),
    )
    _copy_some(
        OrderProforma,
        ("order_id", *rows.PROFORMA),
        ((pk, *cells) for pk, one in orders for cells in one.proformas),
    )


def _copy_some(model: Any, columns: Sequence[str], made: Iterable[Sequence[Any]]) -> None:
    """COPY, if there is anything: most orders have neither attachment nor pro-forma invoice."""
    made = iter(made)
    first = next(made, None)
    if first is not None:
        copy_rows(model, columns, chain([first], made))


# --- Changed orders ---------------------------------------------------------------------------


def change_orders(updates: Sequence[Update]) -> set[int]:
    """Write newer versions over stored ones; returns the primary keys of those that were newer."""
    taken = set(
        update_rows(
            Order,
            ("id", *_OURS, "accepted_at", *rows.FACTS, *rows.DERIVED),
            [
                (one.stored.pk, one.state.status, one.state.in_order(), bool(one.state.problems),
                 one.prepared.digest, one.prepared.order.read_at, one.customer_id,
                 one.accepted_at, *one.prepared.facts, *one.prepared.derive())
                for one in updates
            ],
            where=IS_NEWER,
        )
    )  # fmt: skip
    updates = [one for one in updates if one.stored.pk in taken]
    _end_holds(updates)
    update_rows(
        OrderAddress,
        ("id", *rows.ADDRESS),
        [
            (one.stored.address_pks[kind], *one.prepared.addresses[kind])
            for one in updates
            for kind in one.addresses
        ],
    )
    line_pks = _change_lines(updates)
    _replace_parts([one for one in updates if one.has_other_parts], line_pks)
    return taken


def _end_holds(updates: Sequence[Update]) -> None:
    """Why an order waits is known as long as it does: here the marketplace moved it on."""
    held = [one.stored.pk for one in updates if one.stored.status == OrderStatus.ON_HOLD]
    if held:
        Order.objects.filter(pk__in=held).exclude(status=OrderStatus.ON_HOLD).update(
            held_from="", hold_reason=""
        )


def _change_lines(updates: Sequence[Update]) -> LinePks:
    now = timezone.now()
    pk_of = {(one.stored.pk, n): own for one in updates for n, own in one.stored.line_pks.items()}
    update_rows(
        OrderLine,
        ("id", "vanished_at", *rows.LINE),
        [
            (pk_of[one.stored.pk, cells[0]], None, *cells)
            for one in updates
            for cells in one.changed_lines
        ],
    )
    OrderLine.objects.filter(
        pk__in=[pk_of[one.stored.pk, number] for one in updates for number in one.vanished]
    ).update(status=LineStatus.CANCELLED, vanished_at=now)
    added = [(one.stored.pk, cells) for one in updates for cells in one.new_lines]
    if added:
        [pks] = next_ids((OrderLine, len(added)))
        add_lines(added, pks)
        pk_of |= {(pk, cells[0]): own for own, (pk, cells) in zip(pks, added, strict=True)}
    return pk_of


def _replace_parts(updates: Sequence[Update], line_pks: LinePks) -> None:
    """Parts have no number that would tell one from the next: all of an order are written anew."""
    if not updates:
        return
    pks = [one.stored.pk for one in updates]
    for model in (OrderVoucher, OrderAttachment, OrderProforma):
        model._default_manager.filter(order__in=pks)._raw_delete("default")
    LineDeposit.objects.filter(line__order__in=pks)._raw_delete("default")
    add_parts([(one.stored.pk, one.prepared) for one in updates], line_pks)
