"""The list of orders."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import jobs, shared
from core.errors import SetupNeeded
from core.pages import AuthedRequest, done, render_page
from core.tables import Empty, table_page
from orders.filters import OrderFilter
from orders.last_look import last_look, pulls
from orders.models import Order
from orders.tables import OrderTable
from orders.tabs import tabs


@permission_required("orders.view_order", raise_exception=True)
def order_list(request: AuthedRequest) -> HttpResponseBase:
    return shared.answer(request, "orders", lambda: _order_list(request))


def _order_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="orders.order_list",
        title=_("Orders"),
        table=OrderTable,
        filterset=OrderFilter,
        queryset=Order.objects.for_list(),
        live="orders",
        tabs=tabs,
        template="orders/order_list.html",
        peek="orders:order_peek",
        shares_rows=True,
        empty=Empty(
            _("No orders yet"),
            _("Orders are read from your marketplace accounts every few minutes."),
            icon="shopping-cart",
            button=_("Marketplace accounts"),
            url=reverse("accounts:marketplace_account_list"),
        ),
        context={"can_sync": bool(pulls())},
    )


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_last_look(request: AuthedRequest) -> HttpResponse:
    """When orders were read last, beside the list."""
    look = shared.value(request, "last look", "", last_look)
    return render_page(request, "orders/_last_look.html", {"look": look})


@require_POST
@permission_required("orders.refresh_order", raise_exception=True)
def order_sync(request: AuthedRequest) -> HttpResponse:
    """Read new orders now, for every account there is."""
    names = pulls()
    if not names:
        raise SetupNeeded(_("No marketplace that could be read is installed."))
    runs = [run for name in names for run in jobs.run_now(name, by=request.user)]
    if not runs:
        raise SetupNeeded(_("There is no marketplace account to read. Add one first."))
    return done(request, _("Orders are being read."), reverse("orders:order_list"))
