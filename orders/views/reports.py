"""The sales figures above the list of orders: a fragment that is read after the page."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from core import bounded, preferences
from core.bounded import TooMuch
from core.pages import AuthedRequest, is_partial, render_page
from core.tables import canonical
from orders import sales

PERIODS = (("7d", _("7 days")), ("30d", _("30 days")))
CURRENCY = "_currency"


@require_safe
@permission_required("orders.view_sales", raise_exception=True)
def order_sales(request: AuthedRequest) -> HttpResponse:
    """The figures of the orders that the list shows for the same query."""
    query = canonical(request.GET)
    wanted = (query.pop(CURRENCY, None) or [""])[0]
    context = {"span": sales.span_of(query), "periods": _periods(query)}
    try:
        found = bounded.once(
            f"sales {sales.question(query)}", lambda: sales.figures(query, request.user)
        )
    except TooMuch as error:
        return render_page(request, "orders/sales/_figures.html", {**context, "too_much": error})
    shown = next((one for one in found if one.currency == wanted), found[0] if found else None)
    if shown is not None:
        context |= _details(request, query, shown)
    return render_page(
        request, "orders/sales/_figures.html", {**context, "figures": found, "shown": shown}
    )


def _details(request: AuthedRequest, query: QueryDict, shown: sales.Figures) -> dict[str, Any]:
    """The chart and the products of one currency. What is too much for one is left out alone."""
    found: dict[str, Any] = {"buckets": sales.buckets(shown, sales.span_of(query))}
    try:
        found["products"] = bounded.once(
            f"products {shown.currency} {sales.question(query)}",
            lambda: sales.top_products(query, request.user, shown.currency),
        )
    except TooMuch as error:
        found["products_too_much"] = error
    return found


def _periods(query: QueryDict) -> list[dict[str, Any]]:
    """The list for the last days, with its other filters as they are."""
    found = []
    for days, label in PERIODS:
        other = query.copy()
        for name in [n for n in other if n == "page" or n.partition("__")[0] == sales.WHEN]:
            del other[name]
        other[sales.WHEN] = days
        url = f"{reverse('orders:order_list')}?{other.urlencode()}"
        found.append({"label": label, "url": url, "is_current": query.get(sales.WHEN) == days})
    return found


@require_POST
@permission_required("orders.view_sales", raise_exception=True)
def order_sales_toggle(request: AuthedRequest) -> HttpResponse:
    """Show the figures above the list from now on, or no longer."""
    preferences.remember(request.user, figures=request.POST.get("figures", ""))
    if not is_partial(request):
        return HttpResponseRedirect(reverse("orders:order_list"))
    return render_page(request, "orders/sales/_place.html", {"is_toggled": True})
