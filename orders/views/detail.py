"""The page of one order."""

from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.pages import AuthedRequest, done, is_partial, render_page
from orders import beside, detail, services, timeline
from orders.models import Order


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(detail.with_facts(), pk=pk)
    is_again = is_partial(request)
    context = {**detail.facts_of(order, request.user), "is_again": is_again}
    if is_again:
        context |= _rest(request, order)
        return render_page(request, "orders/_order_detail.html", context)
    query = _came_from(request)
    context |= {
        "came_from": query,
        "list_url": reverse("orders:order_list") + (f"?{query}" if query else ""),
        "since": timezone.now(),
        "count": _count(request),
        "is_waiting": True,  # for the rest
    }
    return render_page(request, "orders/order_detail.html", context)


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_rest(request: AuthedRequest, pk: int) -> HttpResponse:
    """What follows the page by itself, each part to its place."""
    order = get_object_or_404(Order.objects.select_related("account", "customer"), pk=pk)
    return render_page(request, "orders/_order_rest.html", _rest(request, order))


def _rest(request: AuthedRequest, order: Order) -> dict[str, object]:
    since, count = _since(request), _count(request)
    return {**detail.rest_of(order, request.user, since=since, count=count)}


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_timeline(request: AuthedRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("account"), pk=pk)
    told = detail.timeline_of(order, request.user, _count(request))
    return render_page(request, "orders/_order_timeline.html", {"order": order, "told": told})


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_beside(request: AuthedRequest, pk: int) -> HttpResponse:
    """The orders before and after this one, in the list that one came from."""
    query = QueryDict(request.GET.get("from", ""))
    before, after = beside.neighbours(get_object_or_404(Order, pk=pk), query, request)
    origin = urlencode({"from": query.urlencode()})
    context = {
        name: f"{reverse('orders:order_detail', args=[one])}?{origin}" if one else ""
        for name, one in (("before", before), ("after", after))
    }
    return render_page(request, "orders/_order_beside.html", context)


def _since(request: AuthedRequest) -> datetime:
    """When the person opened the page that reads itself again, or last said that they know."""
    try:
        said = parse_datetime(request.GET.get("since", "").replace(" ", "+"))
    except ValueError:
        said = None
    return said if said is not None and timezone.is_aware(said) else timezone.now()


def _count(request: AuthedRequest) -> int:
    """How many events of the timeline the person has before them."""
    said = request.GET.get("count", "")
    return min(int(said), 10_000) if said.isdecimal() and len(said) < 6 else timeline.SHOWN


def _came_from(request: AuthedRequest) -> str:
    """The query of the list that one came from, also over several orders and what was done there.

    The browser says from which page of ours it comes (settings.SECURE_REFERRER_POLICY).
    """
    if "from" in request.GET:
        return request.GET["from"]
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return ""
    if page.path == reverse("orders:order_list"):
        return page.query
    return parse_qs(page.query).get("from", [""])[0]


@require_POST
@permission_required("orders.refresh_order", raise_exception=True)
def order_refresh(request: AuthedRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("account"), pk=pk)
    services.read_again(order, by=request.user)
    return done(request, _("The order is being read again."), order.get_absolute_url())
