"""The states of an order, ours and the marketplace's, and how each looks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrderStatus(models.TextChoices):
    """Where an order stands with us. It moves only along ALLOWED."""

    NEW = "new", pgettext_lazy("order", "New")
    ACCEPTED = "accepted", pgettext_lazy("order", "Accepted")
    PICKING = "picking", pgettext_lazy("order", "Picking")
    PACKED = "packed", pgettext_lazy("order", "Packed")
    SHIPPED = "shipped", pgettext_lazy("order", "Shipped")
    DELIVERED = "delivered", pgettext_lazy("order", "Delivered")
    ON_HOLD = "on_hold", pgettext_lazy("order", "On hold")
    CANCELLED = "cancelled", pgettext_lazy("order", "Cancelled")
    RETURNED = "returned", pgettext_lazy("order", "Returned")


class RemoteState(models.TextChoices):
    """What the marketplace's own status means, whatever its code for it is."""

    NEW = "new", pgettext_lazy("order", "New")
    ACCEPTED = "accepted", pgettext_lazy("order", "Accepted")
    PACKED = "packed", pgettext_lazy("order", "Packed")
    SHIPPED = "shipped", pgettext_lazy("order", "Shipped")
    CANCELLED = "cancelled", pgettext_lazy("order", "Cancelled")
    RETURNED = "returned", pgettext_lazy("order", "Returned")
    UNKNOWN = "unknown", pgettext_lazy("order", "Not known")


_S = OrderStatus

# One step of our own. The marketplace may have taken several between two looks: see `leads_to`.
ALLOWED: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.NEW: frozenset({_S.ACCEPTED, _S.ON_HOLD, _S.CANCELLED}),
    _S.ACCEPTED: frozenset({_S.PICKING, _S.PACKED, _S.SHIPPED, _S.ON_HOLD, _S.CANCELLED}),
    _S.PICKING: frozenset({_S.ACCEPTED, _S.PACKED, _S.ON_HOLD, _S.CANCELLED}),
    _S.PACKED: frozenset({_S.PICKING, _S.SHIPPED, _S.ON_HOLD, _S.CANCELLED}),
    # A parcel that was announced may still lie here: it can be taken back, or never leave.
    _S.SHIPPED: frozenset({_S.PACKED, _S.DELIVERED, _S.CANCELLED, _S.RETURNED}),
    _S.DELIVERED: frozenset({_S.RETURNED}),
    _S.ON_HOLD: frozenset({_S.NEW, _S.ACCEPTED, _S.PICKING, _S.PACKED, _S.CANCELLED}),
    # Marketplaces let a cancelled order come back for a while.
    _S.CANCELLED: frozenset({_S.ACCEPTED, _S.PACKED, _S.SHIPPED}),
    _S.RETURNED: frozenset(),
}

OPEN = frozenset({_S.NEW, _S.ACCEPTED, _S.PICKING, _S.PACKED, _S.ON_HOLD})
CLOSED = frozenset(OrderStatus) - OPEN
UNDECIDED = frozenset({_S.NEW, _S.ON_HOLD})  # whether we take it is still somebody's decision

_ROAD = (_S.NEW, _S.ACCEPTED, _S.PICKING, _S.PACKED, _S.SHIPPED, _S.DELIVERED, _S.RETURNED)


def leads_to(status: str, target: str) -> bool:
    """Whether the marketplace may have gone from `status` to `target` since the last look.

    One step of ALLOWED, or several forward along the ordinary road.

    >>> leads_to("new", "shipped"), leads_to("delivered", "new")
    (True, False)
    """
    here, there = OrderStatus(status), OrderStatus(target)
    if there in ALLOWED[here]:
        return True
    return here in _ROAD and there in _ROAD and _ROAD.index(here) < _ROAD.index(there)


# The status with which an order begins that we see for the first time, and the one it moves to
# when the marketplace moves. What nobody understands waits for a person.
STATUS_FOR: dict[RemoteState, OrderStatus] = {
    RemoteState.NEW: _S.NEW,
    RemoteState.ACCEPTED: _S.ACCEPTED,
    RemoteState.PACKED: _S.PACKED,
    RemoteState.SHIPPED: _S.SHIPPED,
    RemoteState.CANCELLED: _S.CANCELLED,
    RemoteState.RETURNED: _S.RETURNED,
    RemoteState.UNKNOWN: _S.ON_HOLD,
}

# What the marketplace may say while we say this, without the two being apart.
AGREES: dict[OrderStatus, frozenset[RemoteState]] = {
    _S.NEW: frozenset({RemoteState.NEW}),
    _S.ACCEPTED: frozenset({RemoteState.ACCEPTED}),
    _S.PICKING: frozenset({RemoteState.ACCEPTED}),
    _S.PACKED: frozenset({RemoteState.PACKED}),
    _S.SHIPPED: frozenset({RemoteState.SHIPPED}),
    _S.DELIVERED: frozenset({RemoteState.SHIPPED}),
    _S.ON_HOLD: frozenset({RemoteState.NEW, RemoteState.ACCEPTED, RemoteState.PACKED}),
    _S.CANCELLED: frozenset({RemoteState.CANCELLED}),
    _S.RETURNED: frozenset({RemoteState.RETURNED}),
}


class PaymentMethod(models.TextChoices):
    COD = "cod", _("Cash on delivery")
    TRANSFER = "transfer", _("Bank transfer")
    CARD = "card", _("Card")
    OTHER = "other", pgettext_lazy("payment", "Other")


class DeliveryMode(models.TextChoices):
    COURIER = "courier", _("Courier")
    PICKUP = "pickup", _("Pick-up point")
    OTHER = "other", pgettext_lazy("delivery", "Other")


class VoucherPayer(models.TextChoices):
    """Who bears a discount."""

    MARKETPLACE = "marketplace", _("The marketplace")
    SELLER = "seller", _("We")


class VoucherScope(models.TextChoices):
    """What a discount, or a share of one, falls on."""

    ORDER = "order", _("Whole order")
    LINE = "line", _("Product")
    DEPOSIT = "deposit", _("Deposit")
    SHIPPING = "shipping", _("Shipping")


class AttachmentKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    WARRANTY = "warranty", _("Warranty")
    MANUAL = "manual", _("Manual")
    GUIDE = "guide", _("Guide")
    AWB = "awb", _("AWB")
    PROFORMA = "proforma", _("Pro-forma invoice")
    OTHER = "other", pgettext_lazy("attachment", "Other")


class AddressKind(models.TextChoices):
    BILLING = "billing", _("Billing address")
    SHIPPING = "shipping", _("Shipping address")


class LineStatus(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("order line", "Active")
    CANCELLED = "cancelled", pgettext_lazy("order line", "Cancelled")


class Problem(models.TextChoices):
    """Why a person should look at an order. The words for one order are in orders.problems."""

    STATUS = "status", _("Statuses apart")
    UNKNOWN_STATUS = "unknown_status", _("Unknown status")
    CANCEL_REQUESTED = "cancel_requested", _("Customer asks to cancel")
    MONEY = "money", _("Amounts do not add up")
    BLOCKED = "blocked", _("Blocked customer")
    REMARK = "remark", _("Something odd")


# Tone and icon, the same everywhere.
STATUS_BADGES: dict[str, tuple[str, str]] = {
    _S.NEW: ("blue", "sparkles"),
    _S.ACCEPTED: ("blue", "checks"),
    _S.PICKING: ("blue", "progress"),
    _S.PACKED: ("blue", "package"),
    _S.SHIPPED: ("green", "truck-delivery"),
    _S.DELIVERED: ("green", "check"),
    _S.ON_HOLD: ("amber", "player-pause"),
    _S.CANCELLED: ("red", "x"),
    _S.RETURNED: ("grey", "arrow-back-up"),
}
REMOTE_BADGES: dict[str, tuple[str, str]] = {
    RemoteState.NEW: ("grey", "sparkles"),
    RemoteState.ACCEPTED: ("grey", "checks"),
    RemoteState.PACKED: ("grey", "package"),
    RemoteState.SHIPPED: ("grey", "truck-delivery"),
    RemoteState.CANCELLED: ("red", "x"),
    RemoteState.RETURNED: ("grey", "arrow-back-up"),
    RemoteState.UNKNOWN: ("amber", "help-circle"),
}


class CustomerTier(models.TextChoices):
    """How much a customer is worth keeping, by the loyalty score; see orders.scoring."""

    GOLD = "gold", pgettext_lazy("customer", "Gold")
    SILVER = "silver", pgettext_lazy("customer", "Silver")
    BRONZE = "bronze", pgettext_lazy("customer", "Bronze")
    STANDARD = "standard", pgettext_lazy("customer", "Standard")


TIER_BADGES: dict[str, tuple[str, str]] = {
    CustomerTier.GOLD: ("amber", "star"),
    CustomerTier.SILVER: ("blue", "star"),
    CustomerTier.BRONZE: ("green", "star"),
    CustomerTier.STANDARD: ("grey", "user"),
}
