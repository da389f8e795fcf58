"""A look at an order beside the list."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from core.pages import AuthedRequest, render_page
from orders import peek
from orders.models import Order


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_peek(request: AuthedRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("account", "customer"), pk=pk)
    return render_page(request, "orders/_order_peek.html", {**peek.context_of(order, request.user)})
