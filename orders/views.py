"""The list of orders, and the page of each."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from core import audit, jobs, paging
from core.errors import SetupNeeded
from core.pages import AuthedRequest, done, is_partial, render_page
from core.tables import Empty, Tab, table_page
from orders import detail, refresh, services
from orders.choices import OrderStatus
from orders.filters import OrderFilter
from orders.items import ITEMS
from orders.models import Order
from orders.services.accepting import IS_BEING_ACCEPTED
from orders.tables import OrderTable

PULL = ".pull_orders"  # what every adapter calls the job that reads its orders


@permission_required("orders.view_order", raise_exception=True)
def order_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="orders.order_list",
        title=_("Orders"),
        table=OrderTable,
        filterset=OrderFilter,
        queryset=Order.objects.for_list().annotate(
            items=ITEMS, is_being_accepted=IS_BEING_ACCEPTED
        ),
        live="orders",
        tabs=_tabs(),
        template="orders/order_list.html",
        empty=Empty(
            _("No orders yet"),
            _("Orders are read from your marketplace accounts every few minutes."),
            icon="shopping-cart",
            button=_("Marketplace accounts"),
            url=reverse("accounts:marketplace_account_list"),
        ),
        context={"can_sync": bool(_pulls())},
    )


def _tabs() -> list[Tab]:
    orders = Order.objects.all()
    waiting = {
        "new": orders.new(),
        "accepted": orders.to_prepare(),
        "packed": orders.filter(status=OrderStatus.PACKED, fulfilment="own"),
        "on_hold": orders.filter(status=OrderStatus.ON_HOLD),
        "problems": orders.problems(),
    }
    counts = paging.bounded(waiting)
    own = "fulfilment=own"
    return [
        Tab(pgettext("orders", "New"), f"status=new&{own}", counts["new"]),
        Tab(
            pgettext("orders", "Accepted"),
            f"status=accepted&status=picking&{own}",
            counts["accepted"],
        ),
        Tab(pgettext("orders", "Packed"), f"status=packed&{own}", counts["packed"]),
        Tab(pgettext("orders", "On hold"), "status=on_hold", counts["on_hold"]),
        Tab(_("Problems"), "has_problem=true", counts["problems"], level="bad"),
        Tab(pgettext("orders", "Shipped"), "status=shipped&status=delivered"),
        Tab(_("All"), "", paging.count(orders).number),
    ]


def _pulls() -> list[str]:
    return [spec.name for spec in jobs.all_jobs() if spec.name.endswith(PULL)]


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(detail.with_everything(), pk=pk)
    template = "orders/_order_detail.html" if is_partial(request) else "orders/order_detail.html"
    return render_page(request, template, {**detail.context_of(order)})


@require_POST
@permission_required("orders.accept_order", raise_exception=True)
def order_accept(request: AuthedRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk)
    services.accept_order(order, by=request.user, is_awaited=True)
    return done(request, _("The marketplace is being told."), order.get_absolute_url())


@require_POST
@permission_required("orders.refresh_order", raise_exception=True)
def order_refresh(request: AuthedRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("account"), pk=pk)
    refresh.read_again(order, request.user)
    audit.record("order.refresh_requested", order, by=request.user)
    return done(request, _("The order is being read again."), order.get_absolute_url())


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
