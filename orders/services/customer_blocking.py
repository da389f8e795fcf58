"""Blocking customers: their new orders wait for a person, and are not accepted by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.choices import Fulfilment
from accounts.models import User
from core import audit, live
from core.errors import RuleViolation
from core.locks import hold_in_transaction
from orders.choices import UNDECIDED, Problem
from orders.models import Customer, Order, OrderQuerySet


@transaction.atomic
def block_customer(customer: Customer, *, reason: str, by: User | None) -> int:
    """Have a person look at every order of this customer, here and where they are linked.

    Those that wait already are flagged now. Returns how many customers are blocked by it: none
    where all of them are.
    """
    reason = reason.strip()
    if not reason:
        raise RuleViolation(_("Say why: whoever gets the next order has to know."))
    free = [one for one in _locked(customer) if not one.is_blocked]
    _block(free, Block(timezone.now(), by, reason), by=by)
    return len(free)


@transaction.atomic
def unblock_customer(customer: Customer, *, by: User | None) -> int:
    """Let their orders go their way again, here and where they are linked; returns how many.

    Where somebody blocked them for another reason, that one stays.
    """
    them = _locked(customer)
    lifted = next(one.blocked_at for one in them if one.pk == customer.pk)
    blocked = [one for one in them if one.is_blocked and one.blocked_at == lifted]
    for one in blocked:
        one.blocked_at, one.blocked_by, one.block_reason = None, None, ""
        one.save(update_fields=["blocked_at", "blocked_by", "block_reason"])
        audit.record("customer.unblocked", one, by=by, label=one.external_id)
    if blocked:
        _set_problem(undecided(blocked), is_blocked=False)
        live.touch("customers", *(one.pk for one in blocked))
    return len(blocked)


def share_block(
    some: Sequence[Customer], others: Sequence[Customer], *, by: User | None
) -> Sequence[Customer]:
    """Where only one side of a new link is blocked, the other is from now on; returns whom it hit.

    Both are locked.
    """
    for blocked, free in ((some, others), (others, some)):
        blocks = [Block.of(one) for one in blocked if one.is_blocked]
        if blocks and not any(one.is_blocked for one in free):
            _block(free, max(blocks, key=lambda block: block.at), by=by)
            return free
    return ()


class Block(NamedTuple):
    """One decision to block somebody, wherever it holds: its moment tells it from others."""

    at: datetime
    by: User | None
    reason: str

    @classmethod
    def of(cls, customer: Customer) -> Block:
        assert customer.blocked_at is not None  # noqa: S101 - asked of the blocked only
        return cls(customer.blocked_at, customer.blocked_by, customer.block_reason)


def _block(free: Sequence[Customer], block: Block, *, by: User | None) -> None:
    for one in free:
        one.blocked_at, one.blocked_by, one.block_reason = block
        one.save(update_fields=["blocked_at", "blocked_by", "block_reason"])
        audit.record("customer.blocked", one, by=by, note=block.reason, label=one.external_id)
    if free:
        flag_orders(undecided(free).values_list("pk", flat=True))
        live.touch("customers", *(one.pk for one in free))


def flag_orders(pks: Iterable[int]) -> None:
    """Tell on these orders that their customer is blocked."""
    _set_problem(Order.objects.filter(pk__in=list(pks)), is_blocked=True)


def _locked(customer: Customer) -> list[Customer]:
    """The customer and all that are linked, as they are now."""
    fresh = Customer.objects.only("person_id").get(pk=customer.pk)
    them = Customer.objects.same_person(fresh)
    hold_imports(them.values_list("account", flat=True))
    return list(them.locked())


def hold_imports(accounts: Iterable[int]) -> None:
    """Wait for the imports of these accounts, and let none begin before this transaction ends.

    So an order that is on its way in has not looked at its customer yet, or is here already.
    """
    for account in sorted(set(accounts)):
        hold_in_transaction("import orders", str(account))  # as services.importing does


def undecided(customers: Iterable[Customer]) -> OrderQuerySet:
    return Order.objects.filter(
        customer__in=list(customers), status__in=UNDECIDED, fulfilment=Fulfilment.OWN
    )


def _set_problem(orders: OrderQuerySet, *, is_blocked: bool) -> None:
    changed = []
    for order in orders.locked():
        problems = set(order.problems) - {Problem.BLOCKED}
        order.refresh_problems(problems | ({Problem.BLOCKED} if is_blocked else set()))
        order.save(update_fields=["problems", "has_problem"])
        changed.append(order.pk)
    if changed:
        live.touch("orders", *changed)
