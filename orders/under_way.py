"""What of an order is on its way to the marketplace: the outbox knows, and there is one answer.

    Order.objects.annotate(under_way=UNDER_WAY)      # a column of a list
    under_way.words(order.under_way)                 # "cancelling…", or nothing

A list asks once for all its rows, a page with of().
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, OuterRef, QuerySet, Subquery, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from core.html import StrOrPromise
from orders.choices import OrderStatus
from orders.intents import (
    AcceptOrder,
    CancelOrder,
    EditLines,
    MoveOrder,
    RestoreOrder,
    ReturnOrder,
    StornoLines,
)
from orders.models import Order
from outbox.choices import UNDER_WAY as STATUSES
from outbox.choices import CommandStatus
from outbox.models import Command
from outbox.services import for_subject

# While one of these is under way nothing else is asked of the marketplace for the order.
EXCLUSIVE = (
    AcceptOrder, MoveOrder, CancelOrder, RestoreOrder, ReturnOrder, EditLines, StornoLines,
)  # fmt: skip
KINDS = tuple(one.spec.kind for one in EXCLUSIVE)
# Wishes about the status: a later decision about it takes the place of all of them.
MOVES = tuple(
    one.spec.kind for one in (AcceptOrder, MoveOrder, CancelOrder, RestoreOrder, ReturnOrder)
)

# Kind, and what it is to become where that is told → what stands beside the status meanwhile.
WORDS: dict[str, StrOrPromise] = {
    f"{AcceptOrder.spec.kind}:": _("accepting…"),
    f"{MoveOrder.spec.kind}:packed": _("marking as packed…"),
    f"{MoveOrder.spec.kind}:shipped": _("marking as shipped…"),
    f"{CancelOrder.spec.kind}:": _("cancelling…"),
    f"{RestoreOrder.spec.kind}:accepted": _("undoing…"),
    f"{RestoreOrder.spec.kind}:packed": _("undoing…"),
    f"{RestoreOrder.spec.kind}:shipped": _("undoing…"),
    f"{ReturnOrder.spec.kind}:": _("returning…"),
    f"{EditLines.spec.kind}:": _("changing quantities…"),
    f"{StornoLines.spec.kind}:": _("taking back pieces…"),
}

_STATUS_BY = {
    AcceptOrder.spec.kind: OrderStatus.ACCEPTED,
    CancelOrder.spec.kind: OrderStatus.CANCELLED,
    ReturnOrder.spec.kind: OrderStatus.RETURNED,
}

_KEY = Concat(
    "kind",
    Value(":", output_field=TextField()),
    Coalesce(KeyTextTransform("target", "payload"), Value("", output_field=TextField())),
    output_field=TextField(),
)  # fmt: skip
_OF_ROW = Command.objects.filter(
    subject_type=Order._meta.label_lower,
    subject_id=OuterRef("pk"),
    kind__in=KINDS,
    status__in=STATUSES,
)
UNDER_WAY = Subquery(_OF_ROW.order_by("-pk").annotate(key=_KEY).values("key")[:1])


def commands(order: Order) -> QuerySet[Command]:
    """What was asked of the marketplace about its status and its lines; the newest first."""
    return for_subject(order).filter(kind__in=KINDS)


def latest(order: Order) -> Command | None:
    """What is on its way, and otherwise what was asked last, however it ended."""
    is_under_way = Case(When(status__in=STATUSES, then=Value(0)), default=Value(1))
    return commands(order).order_by(is_under_way, "-pk").first()


def of(order: Order) -> Command | None:
    """What is on its way, if anything is."""
    return commands(order).filter(status__in=STATUSES).first()


def failed(order: Order, kinds: Iterable[str]) -> QuerySet[Command]:
    """What of these kinds was asked for and stands in the error queue."""
    return commands(order).filter(kind__in=kinds, status=CommandStatus.FAILED)


def key(command: Command) -> str:
    """As UNDER_WAY says it."""
    return f"{command.kind}:{command.payload.get('target', '')}"


def leads_to(command: Command) -> str:
    """The status that the order gets by it; empty where it keeps its own."""
    return str(command.payload.get("target") or _STATUS_BY.get(command.kind, ""))


def doing(command: Command | None) -> str:
    """What to say of latest() beside the status; empty where it is over."""
    is_on_its_way = command is not None and command.status in STATUSES
    return words(key(command)) if command and is_on_its_way else ""


def words(key: str | None) -> str:
    """What to say beside the status; empty where nothing is under way."""
    return str(WORDS.get(key, "")) if key else ""
