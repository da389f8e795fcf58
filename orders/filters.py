"""What the list of orders can be filtered by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import platforms
from accounts.choices import Country, Fulfilment
from accounts.models import MarketplaceAccount
from core.filters import BaseFilterSet, Choice, Flag, Number, Text, When
from orders import reasons, tagging
from orders.choices import DeliveryMode, OrderStatus, PaymentMethod, RemoteState
from orders.models import Order
from orders.searching import OrderSearch


class TagChoice(Choice):
    """One of these tags, under any name it ever had: orders get a new one in the background."""

    hunts = True

    def value_field(self) -> forms.Field:
        former = ((name, name) for name in tagging.former_names())
        return forms.MultipleChoiceField(required=False, choices=[*self.choices, *former])

    def show(self, value: list[str]) -> str:
        return ", ".join(tagging.current_names(value))

    def condition(self, value: list[str]) -> Q:
        # Said so that the index, which holds only orders with tags, is seen to be enough.
        return Q(tags__overlap=tagging.all_names(value)) & ~Q(tags=[])


class Filled(Flag):
    """Whether a text is there at all."""

    def condition(self, value: bool) -> Q:
        is_empty = Q((self.field_name, ""))
        return ~is_empty if value else is_empty


class Held(Flag):
    def condition(self, value: bool) -> Q:
        is_held = Q(status=OrderStatus.ON_HOLD)
        return is_held if value else ~is_held


class Late(Flag):
    """Whether the parcel should have left and has not."""

    hunts = True

    def condition(self, value: bool) -> Q:
        now = timezone.now()
        return Q(due_at__lt=now) if value else Q(due_at__gte=now) | Q(due_at=None)


def cancel_reasons() -> Iterator[tuple[str, str]]:
    """What every marketplace calls its reasons; one code may mean something else on another."""
    told: dict[str, list[str]] = {}
    for slug, _label in platforms.choices():
        for code, label in reasons.choices(slug):
            words = told.setdefault(code, [])
            if str(label) not in words:
                words.append(str(label))
    return ((code, f"{code} · {' / '.join(words)}") for code, words in told.items())


def _within(label: Any, field_name: str | None = None, text: str = "search_text") -> Text:
    """A text that is part of what orders are searched by."""
    return Text(label, field_name=field_name, within=text)


class OrderFilter(BaseFilterSet):
    q = OrderSearch(
        _("Order, AWB, phone, name, SKU…"),
        told=_(
            "Searched are: order number, AWB, invoice, phone, email, names, company and its tax"
            " number, town, locker, SKU, catalogue key and name of the products."
        ),
    )
    account = Choice(_("Account"), choices=MarketplaceAccount.objects.choices, is_main=True)
    payment = Choice(_("Payment"), choices=PaymentMethod.choices, is_main=True)
    delivery = Choice(_("Delivery"), choices=DeliveryMode.choices, is_main=True)
    tag = TagChoice(_("Tag"), choices=tagging.choices, is_main=True)
    country = Choice(_("Country"), field_name="account__country", choices=Country.choices)
    fulfilment = Choice(_("Who ships"), choices=Fulfilment.choices)
    status = Choice(_("Status"), choices=OrderStatus.choices)
    remote_state = Choice(_("Status there"), choices=RemoteState.choices)
    cancel_code = Choice(_("Cancelled because"), choices=cancel_reasons)
    held = Held(_("On hold"))
    has_problem = Flag(_("Needs a look"))
    late = Late(_("Late"))
    ship_by = When(_("Hand over by"), field_name="due_at")
    ordered_at = When(_("Ordered"))
    shipped_at = When(_("Shipped"))
    external_id = _within(_("Order number"))
    customer_name = _within(_("Customer"))
    customer_number = Text(_("Customer's number"), field_name="customer__external_id")
    city = _within(_("Town"))
    sku = _within(_("SKU"), "lines__sku")
    product = _within(_("Product"), "lines__name")
    courier = Text(_("Courier"))
    awb = _within(_("AWB"), text="papers_text")
    has_awb = Filled(_("Has an AWB"), field_name="awb")
    invoice = _within(_("Invoice"), "invoice_number", "papers_text")
    has_invoice = Filled(_("Has an invoice"), field_name="invoice_number")
    total = Number(_("Customer pays"))
    pieces = Number(_("Pieces"))
    lines_count = Number(_("Lines"))
    is_paid = Flag(_("Paid"))
    is_complete = Flag(_("Complete"))

    class Meta:
        model = Order
        fields: tuple[str, ...] = ()
