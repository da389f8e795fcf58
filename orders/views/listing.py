"""The list of orders."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import jobs, shared
from core.errors import SetupNeeded
from core.pages import AuthedRequest, done
from core.tables import Empty, table_page
from orders.filters import OrderFilter
from orders.models import Order
from orders.tables import OrderTable
from orders.tabs import tabs

PULL = ".pull_orders"  # what every adapter calls the job that reads its orders


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
        context={"can_sync": bool(_pulls())},
    )


def _pulls() -> list[str]:
    return [spec.name for spec in jobs.all_jobs() if spec.name.endswith(PULL)]


@require_POST
@permission_required("orders.refresh_order", raise_exception=True)
def order_sync(request: AuthedRequest) -> HttpResponse:
    """Read new orders now, for every account there is."""
    names = _pulls()
    if not names:
        raise SetupNeeded(_("No marketplace that could be read is installed."))
    runs = [run for name in names for run in jobs.run_now(name, by=request.user)]
    if not runs:
        raise SetupNeeded(_("There is no marketplace account to read. Add one first."))
    return done(request, _("Orders are being read."), reverse("orders:order_list"))
