"""What the list of orders can be filtered by."""

from django.utils.translation import gettext_lazy as _

from accounts.choices import Country, Fulfilment
from accounts.models import MarketplaceAccount
from core.filters import BaseFilterSet, Choice, Flag, Number, Text, When
from orders.choices import DeliveryMode, OrderStatus, PaymentMethod, RemoteState
from orders.models import Order
from orders.searching import OrderSearch


class OrderFilter(BaseFilterSet):
    q = OrderSearch(
        _("Order, phone, name, SKU, product…"),
        told=_(
            "Searched are: order number, phone, email, names, company and its tax number, town,"
            " locker, SKU, catalogue key and name of the products."
        ),
    )
    account = Choice(_("Account"), choices=MarketplaceAccount.objects.choices, is_main=True)
    payment = Choice(_("Payment"), choices=PaymentMethod.choices, is_main=True)
    delivery = Choice(_("Delivery"), choices=DeliveryMode.choices, is_main=True)
    status = Choice(_("Status"), choices=OrderStatus.choices)
    remote_state = Choice(_("Status there"), choices=RemoteState.choices)
    fulfilment = Choice(_("Who ships"), choices=Fulfilment.choices)
    country = Choice(_("Country"), field_name="account__country", choices=Country.choices)
    has_problem = Flag(_("Needs a look"))
    ordered_at = When(_("Ordered"))
    ship_by = When(_("Hand over by"))
    total = Number(_("Customer pays"))
    lines_count = Number(_("Lines"))
    city = Text(_("Town"))
    sku = Text(_("SKU"), field_name="lines__sku")
    is_paid = Flag(_("Paid"))
    is_complete = Flag(_("Complete"))

    class Meta:
        model = Order
        fields: tuple[str, ...] = ()
