"""Offers: the list, one of them, and changing it."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.filters import OfferFilter
from catalog.forms import OfferForm
from catalog.models import Offer
from catalog.panels import offer_facts
from catalog.services import change_offer, withdraw_change
from catalog.tables import OfferTable
from core.errors import RuleViolation, StaleData
from core.pages import AuthedRequest, done, is_partial, render_page
from core.tables import Empty, Tab, table_page


@permission_required("catalog.view_offer", raise_exception=True)
def offer_list(request: AuthedRequest) -> HttpResponseBase:
    waiting = Offer.objects.what_waits()
    return table_page(
        request,
        page="catalog.offer_list",
        title=_("Offers"),
        table=OfferTable,
        filterset=OfferFilter,
        queryset=Offer.objects.for_list(),
        live="offers",
        tabs=(
            Tab(_("All"), ""),
            Tab(pgettext("offers", "Active"), "status=active"),
            Tab(
                pgettext("offers", "Not sellable"),
                "situation=blocked",
                waiting["blocked"],
                level="bad",
            ),
            Tab(_("Out of stock"), "situation=out_of_stock", waiting["out_of_stock"]),
            Tab(_("Lost the buy button"), "situation=beaten", waiting["beaten"]),
            Tab(pgettext("offers", "Inactive"), "status=inactive&status=ended"),
        ),
        empty=Empty(
            _("No offers yet"),
            _("What you sell on each marketplace account is read from there every hour."),
            icon="tags",
        ),
    )


@require_safe
@permission_required("catalog.view_offer", raise_exception=True)
def offer_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(Offer.objects.select_related("account", "wanted_by"), pk=pk)
    if is_partial(request):
        context = offer_facts(offer) | {"is_part": True}
        return render_page(request, "catalog/_offer.html", context)
    return _page(request, offer, OfferForm(offer=offer))


@require_http_methods(["GET", "POST"])
@permission_required("catalog.change_offer", raise_exception=True)
def offer_change(request: AuthedRequest, pk: int) -> HttpResponse:
    """A refusal is shown in the form, where what was typed is still there.

    Whoever opens that address anew, from the history of the browser, gets the page of the offer.
    """
    if request.method == "GET":
        return redirect("catalog:offer_detail", pk)
    offer = get_object_or_404(Offer.objects.select_related("account", "wanted_by"), pk=pk)
    form = OfferForm(request.POST, offer=offer)
    status = 422
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            change_offer(offer, **form.wishes, version=version, by=request.user)
        except RuleViolation as error:
            form.add_error(None, str(error))
        except StaleData as error:
            form.add_error(None, str(error))
            status = StaleData.status
        else:
            return done(request, _("Saved. It is on its way."), offer.get_absolute_url())
    return _page(request, offer, form, status=status)


@require_POST
@permission_required("catalog.change_offer", raise_exception=True)
def offer_withdraw(request: AuthedRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(Offer, pk=pk)
    withdraw_change(offer, by=request.user)
    return done(request, _("Nothing is sent for it any more."), offer.get_absolute_url())


def _page(
    request: AuthedRequest, offer: Offer, form: OfferForm, *, status: int = 200
) -> HttpResponse:
    context = offer_facts(offer) | {"form": form}
    return render_page(request, "catalog/offer_detail.html", context, status=status)
