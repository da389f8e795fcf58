"""What a person does to one order. Whether it may be done says orders.rules, and nobody else."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core import shared
from core.errors import RuleViolation, StaleData
from core.pages import AuthedRequest, done, is_partial, render_page, toast
from orders import consequences, rules, services
from orders.acts import ACTIONS
from orders.choices import OrderStatus
from orders.forms import (
    AttachForm,
    CancelForm,
    HoldForm,
    LinesForm,
    OrderForm,
    RestoreForm,
    StornoForm,
)
from orders.models import Order
from orders.services import accepting

Change = Callable[..., object]


# --- At once ----------------------------------------------------------------------------------


def _do(request: AuthedRequest, pk: int, change: Change, message: str, *args: str) -> HttpResponse:
    """Done by pressing the button; a refusal, or that somebody was first, is told over the page."""
    order = get_object_or_404(Order, pk=pk)
    change(order, *args, by=request.user, stamp=request.POST.get("stamp", ""))
    return done(request, message, order.get_absolute_url())


def _awaited(change: Change) -> Change:
    """A person stands before this very order: it goes first, see outbox.services.request()."""

    def asked(*args: Any, **kwargs: Any) -> object:
        return change(*args, is_awaited=True, **kwargs)

    return asked


@require_POST
@permission_required("orders.accept_order", raise_exception=True)
def order_accept(request: AuthedRequest, pk: int) -> HttpResponse:
    return _do(request, pk, _awaited(services.accept_order), _("The marketplace is being told."))


@require_POST
@permission_required("orders.move_order", raise_exception=True)
def order_pick(request: AuthedRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.move_order, _("Picking has begun."), OrderStatus.PICKING)


@require_POST
@permission_required("orders.move_order", raise_exception=True)
def order_unpick(request: AuthedRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.move_order, _("Nobody picks it any more."),
               OrderStatus.ACCEPTED)  # fmt: skip


@require_POST
@permission_required("orders.move_order", raise_exception=True)
def order_pack(request: AuthedRequest, pk: int) -> HttpResponse:
    return _do(request, pk, _awaited(services.move_order), _("The marketplace is being told."),
               OrderStatus.PACKED)  # fmt: skip


@require_POST
@permission_required("orders.move_order", raise_exception=True)
def order_ship(request: AuthedRequest, pk: int) -> HttpResponse:
    return _do(request, pk, _awaited(services.move_order), _("The marketplace is being told."),
               OrderStatus.SHIPPED)  # fmt: skip


@require_POST
@permission_required("orders.move_order", raise_exception=True)
def order_release(request: AuthedRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.release_order, _("The order goes on."))


@require_POST
@permission_required("orders.move_order", raise_exception=True)
def order_follow(request: AuthedRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.follow_marketplace, _("The order stands as it does there."))


# --- After a question -------------------------------------------------------------------------


def _ask(
    request: AuthedRequest,
    pk: int,
    action: str,
    form_class: type[OrderForm],
    change: Change,
    *,
    title: str,
    message: str,
) -> HttpResponse:
    """Show the form in the dialog; once it is filled in, do it.

    A refusal, and that somebody was first, is told in the form: what was typed is still there, and
    sending it again is meant for the order as it is now.
    """
    order = get_object_or_404(Order.objects.select_related("account"), pk=pk)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = form_class(*sent, order=order)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            change(order, **form.values, by=request.user)
        except RuleViolation as refusal:
            form.add_error(None, str(refusal))
        except StaleData as error:
            form.add_error(None, str(error))
            order.refresh_from_db()
            form.look_again(order)
            status = 422 if is_partial(request) else StaleData.status  # a dialog shows only 422
        else:
            return done(request, message, order.get_absolute_url())
    context = {
        "form": form,
        "order": order,
        "title": title,
        "action": ACTIONS[action],
        "why_not": rules.why_not(order, action),
        "says": consequences.of(order, action),
        "is_multipart": form.is_multipart(),
    }
    template = "orders/acting/_ask.html" if is_partial(request) else "orders/acting/ask_page.html"
    return render_page(request, template, context, status=status)


@permission_required("orders.move_order", raise_exception=True)
def order_hold(request: AuthedRequest, pk: int) -> HttpResponse:
    return _ask(
        request, pk, "hold", HoldForm, services.hold_order,
        title=_("Put on hold?"), message=_("The order waits."),
    )  # fmt: skip


@permission_required("orders.cancel_order", raise_exception=True)
def order_cancel(request: AuthedRequest, pk: int) -> HttpResponse:
    return _ask(
        request, pk, "cancel", CancelForm, _awaited(services.cancel_order),
        title=_("Cancel this order?"), message=_("The marketplace is being told."),
    )  # fmt: skip


@permission_required("orders.move_order", raise_exception=True)
def order_unship(request: AuthedRequest, pk: int) -> HttpResponse:
    return _ask(
        request, pk, "unship", OrderForm,
        partial(services.restore_order, target=OrderStatus.PACKED, is_awaited=True),
        title=_("Not shipped yet?"), message=_("The marketplace is being told."),
    )  # fmt: skip


@permission_required("orders.cancel_order", raise_exception=True)
def order_restore(request: AuthedRequest, pk: int) -> HttpResponse:
    return _ask(
        request, pk, "restore", RestoreForm, _awaited(services.restore_order),
        title=_("Undo the cancellation?"), message=_("The marketplace is being told."),
    )  # fmt: skip


@permission_required("orders.edit_order", raise_exception=True)
def order_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    return _ask(
        request, pk, "edit", LinesForm, _awaited(services.edit_lines),
        title=_("Change quantities"), message=_("The marketplace is being told."),
    )  # fmt: skip


@permission_required("orders.storno_order", raise_exception=True)
def order_storno(request: AuthedRequest, pk: int) -> HttpResponse:
    return _ask(
        request, pk, "storno", StornoForm, _awaited(services.storno_lines),
        title=_("Take back pieces"), message=_("The marketplace is being told."),
    )  # fmt: skip


@permission_required("orders.storno_order", raise_exception=True)
def order_return(request: AuthedRequest, pk: int) -> HttpResponse:
    return _ask(
        request, pk, "return", OrderForm, _awaited(services.return_order),
        title=_("Return the whole order?"), message=_("The marketplace is being told."),
    )  # fmt: skip


@permission_required("orders.attach_document", raise_exception=True)
def order_attach(request: AuthedRequest, pk: int) -> HttpResponse:
    return _ask(
        request, pk, "attach", AttachForm, _awaited(services.attach_document),
        title=_("Attach a document"), message=_("The marketplace is being told."),
    )  # fmt: skip


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_why_not(request: AuthedRequest, pk: int) -> HttpResponse:
    """ "Why can't I…?": what nobody can do to the order now, each with its reasons."""
    order = get_object_or_404(Order.objects.select_related("account"), pk=pk)
    refused = [one for one in rules.actions_for(order, request.user) if one.why_not]
    context = {"order": order, "refused": refused, "title": _("Why can't I…?")}
    template = (
        "orders/acting/_why_not.html" if is_partial(request) else "orders/acting/why_not.html"
    )
    return render_page(request, template, context)


# --- All that are in stock --------------------------------------------------------------------


@permission_required("orders.accept_order", raise_exception=True)
def order_accept_in_stock(request: AuthedRequest) -> HttpResponse:
    """The button with its number, read beside the list; pressed, it accepts them."""
    if request.method != "POST":
        context = {"n": shared.value(request, "in stock", "orders", accepting.in_stock)}
        return render_page(request, "orders/acting/_accept_in_stock.html", context)
    n = services.accept_in_stock(by=request.user)
    if not n:
        raise RuleViolation(_("No new order has all its products in stock now."))
    message = ngettext("%(n)s order is being accepted.", "%(n)s orders are being accepted.", n)
    if is_partial(request):  # the list re-reads itself, and stays where it is
        return toast(HttpResponse(status=204), message % {"n": n})
    return done(request, message % {"n": n}, reverse("orders:order_list"))
