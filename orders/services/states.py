"""What a new look at the marketplace means for our own status, and what a person should look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orders.choices import (
    AGREES,
    OPEN,
    STATUS_FOR,
    UNDECIDED,
    OrderStatus,
    Problem,
    RemoteState,
    leads_to,
)
from orders.intake import OrderIn
from orders.totals import shares_add_up

_ALL = tuple(Problem.values)


@dataclass(frozen=True, slots=True)
class State:
    """Our side of an order."""

    status: str
    problems: frozenset[str] = frozenset()

    def in_order(self) -> list[str]:
        return [one for one in _ALL if one in self.problems] if self.problems else []


def first_state(order: OrderIn) -> State:
    """Where an order begins that was not here before."""
    status = STATUS_FOR[RemoteState(order.status)]
    return State(status.value, _seen(order, status.value, frozenset()))


def next_state(now: State, before: str, order: OrderIn) -> State:
    """Our side after a newer look; `before` is what the marketplace's status meant until then.

    Only a move of the marketplace moves us: where it merely has not followed us yet, we stay.
    A move that ours cannot follow is left to a person; the flag goes when the two agree again.
    """
    state = RemoteState(order.status)
    status, problems = now.status, now.problems - {Problem.STATUS}
    was_ours_to_hold = before == RemoteState.UNKNOWN and status == OrderStatus.ON_HOLD
    if state == RemoteState.UNKNOWN:
        pass  # told by a flag of its own
    elif was_ours_to_hold:
        status = STATUS_FOR[state].value
    elif state in AGREES[OrderStatus(status)]:
        pass
    elif state == before:
        problems |= now.problems & {Problem.STATUS}
    elif leads_to(status, STATUS_FOR[state]):
        status = STATUS_FOR[state].value
    else:
        problems |= {Problem.STATUS}
    return State(status, _seen(order, status, problems))


def left_when_agreed(status: str, problems: Iterable[str]) -> set[str]:
    """What is still to be looked at once our status is the marketplace's again."""
    left = set(problems) - {Problem.STATUS.value}
    if status not in UNDECIDED:
        left.discard(Problem.BLOCKED)
    return left if status in OPEN else left & {Problem.UNKNOWN_STATUS.value}


def _seen(order: OrderIn, status: str, kept: frozenset[str]) -> frozenset[str]:
    """The problems that can be read from an order as it is now, and those of before that stay."""
    found = {Problem.STATUS.value} & kept
    if status in UNDECIDED:
        found |= {Problem.BLOCKED.value} & kept
    if order.status == RemoteState.UNKNOWN:
        found.add(Problem.UNKNOWN_STATUS.value)
    if status in OPEN:  # what is over needs nobody's decision any more
        if order.cancel_requested:
            found.add(Problem.CANCEL_REQUESTED.value)
        if order.remarks:
            found.add(Problem.REMARK.value)
        if not shares_add_up(order):
            found.add(Problem.MONEY.value)
    return frozenset(found)
