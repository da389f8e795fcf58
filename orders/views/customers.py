"""The customers: their list, the page of one, and what is done about them."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.views._dialogs import ask
from core.html import number
from core.pages import AuthedRequest, done, is_partial, render_page
from core.tables import Empty, Tab, table_page
from orders.choices import CustomerTier
from orders.customers import page as customer_page
from orders.customers.filters import CustomerFilter
from orders.customers.forms import LinkForm, ReasonForm
from orders.customers.tables import CustomerTable
from orders.models import Customer
from orders.services import (
    customer_blocking,
    customer_figures,
    customer_forgetting,
    customer_linking,
)

DETAIL, DETAIL_PART = "orders/customers/customer_detail.html", "orders/customers/_customer.html"


@permission_required("orders.view_customer", raise_exception=True)
def customer_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="orders.customer_list",
        title=_("Customers"),
        table=CustomerTable,
        filterset=CustomerFilter,
        queryset=Customer.objects.for_list(),
        live="customers",
        tabs=_tabs(),
        template="orders/customers/customer_list.html",
        empty=Empty(
            _("No customers yet"),
            _("Whoever orders is listed here, seconds after the order arrives."),
            icon="users",
        ),
    )


def _tabs() -> list[Tab]:
    counts = customer_figures.count_tabs()
    risky = f"risk__gt={counts.risky_from - 1}"  # "or more" has no operator of its own
    return [
        Tab(_("All"), "", sum(counts.tiers.values())),
        *(Tab(tier.label, f"tier={tier.value}", counts.tiers[tier.value]) for tier in CustomerTier),
        Tab(_("Risky"), risky, counts.risky),
        Tab(_("Blocked"), "is_blocked=true", counts.blocked, level="bad"),
    ]


@require_safe
@permission_required("orders.view_customer", raise_exception=True)
def customer_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    customer = _customer(pk)
    context = customer_page.context_of(
        customer, everywhere="everywhere" in request.GET, at=request.GET.get("page", "")
    )
    return render_page(request, DETAIL_PART if is_partial(request) else DETAIL, {**context})


@permission_required("orders.block_customer", raise_exception=True)
def customer_block(request: AuthedRequest, pk: int) -> HttpResponse:
    customer = _customer(pk)
    return ask(
        request,
        ReasonForm(request.POST or None),
        lambda reason: customer_blocking.block_customer(customer, reason=reason, by=request.user),
        title=_("Block %(customer)s") % {"customer": customer},
        button=_("Block"),
        message=_("The customer is blocked."),
        url=customer.get_absolute_url(),
        says=_about_blocking(customer),
        danger=True,
    )


def _about_blocking(customer: Customer) -> str:
    waiting = customer_blocking.undecided([customer]).count()
    says = [_("Their new orders stand under Problems and are not accepted by themselves.")]
    if waiting:
        words = ngettext("%(n)s order waits now.", "%(n)s orders wait now.", waiting)
        says.append(words % {"n": number(waiting)})
    if customer.person_id is not None:
        says.append(_("The customers they are linked with are blocked, too."))
    return " ".join(says)


@require_POST
@permission_required("orders.block_customer", raise_exception=True)
def customer_unblock(request: AuthedRequest, pk: int) -> HttpResponse:
    customer = _customer(pk)
    customer_blocking.unblock_customer(customer, by=request.user)
    return done(request, _("The block is lifted."), customer.get_absolute_url())


@permission_required("orders.link_customer", raise_exception=True)
def customer_link(request: AuthedRequest, pk: int) -> HttpResponse:
    """Ask for the other one, or take the one that was suggested."""
    customer = _customer(pk)
    return ask(
        request,
        LinkForm(request.POST or None),
        lambda other: customer_linking.link_customers(customer, other, by=request.user),
        title=_("Who is %(customer)s elsewhere?") % {"customer": customer},
        button=_("Link"),
        message=_("The two are linked."),
        url=customer.get_absolute_url(),
        says=_(
            "Their pages show the joint history; each account keeps its own figures. If one of them"
            " is blocked, so is the other from now on."
        ),
    )


@require_POST
@permission_required("orders.link_customer", raise_exception=True)
def customer_confirm(request: AuthedRequest, pk: int, other: int) -> HttpResponse:
    """Yes, the suggested one is the same person."""
    customer = _customer(pk)
    customer_linking.link_customers(customer, _customer(other), by=request.user)
    return done(request, _("The two are linked."), customer.get_absolute_url())


@require_POST
@permission_required("orders.link_customer", raise_exception=True)
def customer_reject(request: AuthedRequest, pk: int, other: int) -> HttpResponse:
    """No, the suggested one is somebody else."""
    customer = _customer(pk)
    customer_linking.reject_match(customer, _customer(other), by=request.user)
    message = _("They are told apart and not suggested again.")
    return done(request, message, customer.get_absolute_url())


@require_POST
@permission_required("orders.link_customer", raise_exception=True)
def customer_unlink(request: AuthedRequest, pk: int) -> HttpResponse:
    customer = _customer(pk)
    customer_linking.unlink_customer(customer, by=request.user)
    return done(request, _("The link is taken away."), customer.get_absolute_url())


@permission_required("orders.forget_customer", raise_exception=True)
def customer_forget(request: AuthedRequest, pk: int) -> HttpResponse:
    customer = _customer(pk)

    def forget(reason: str) -> Any:
        return customer_forgetting.forget_customer(customer, reason=reason, by=request.user)

    return ask(
        request,
        ReasonForm(request.POST or None),
        forget,
        title=_("Erase the personal data of %(customer)s") % {"customer": customer},
        button=_("Erase for ever"),
        message=_("The personal data is erased."),
        url=customer.get_absolute_url(),
        says=_(
            "Name, phones, email, addresses and notes go for ever, here and in what the"
            " marketplace sent. What was sold and for how much stays."
        ),
        danger=True,
    )


def _customer(pk: int) -> Customer:
    return get_object_or_404(Customer.objects.select_related("account", "blocked_by"), pk=pk)
