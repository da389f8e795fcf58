"""Our accounts on marketplaces."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import platforms
from accounts.filters import MarketplaceAccountFilter
from accounts.forms import MarketplaceAccountForm, PauseForm
from accounts.models import Company, MarketplaceAccount
from accounts.services import marketplaces
from accounts.tables import MarketplaceAccountTable
from accounts.views._dialogs import ask, edit
from core.pages import AuthedRequest, done, is_partial, render_page
from core.tables import Empty, table_page


@permission_required("accounts.view_marketplaceaccount", raise_exception=True)
def marketplace_account_list(request: AuthedRequest) -> HttpResponseBase:
    may_add = request.user.has_perm("accounts.change_marketplaceaccount")
    return table_page(
        request,
        page="accounts.marketplace_account_list",
        title=_("Marketplace accounts"),
        table=MarketplaceAccountTable,
        filterset=MarketplaceAccountFilter,
        queryset=MarketplaceAccount.objects.all(),
        live="accounts",
        template="accounts/marketplace_account_list.html",
        empty=Empty(
            _("No marketplace account yet"),
            _("Each shop you have on a marketplace: its country, who ships, its currency."),
            icon="building-store",
            button=_("Add an account"),
            url=reverse("accounts:marketplace_account_add") if may_add else "",
        ),
    )


@permission_required("accounts.change_marketplaceaccount", raise_exception=True)
def marketplace_account_add(request: AuthedRequest) -> HttpResponse:
    """Without a marketplace or a company to choose, the page says what has to come first."""
    context = {
        "title": _("Add a marketplace account"),
        "cancel": reverse("accounts:marketplace_account_list"),
        "has_platforms": bool(platforms.choices()),
        "has_companies": Company.objects.exists(),
    }
    return edit(
        request,
        MarketplaceAccountForm(request.POST or None),
        lambda **facts: marketplaces.connect_account(**facts, by=request.user),
        template="accounts/marketplace_account_form.html",
        message=_("The account is added."),
        context=context,
        then=_where_it_is_connected,
    )


def _where_it_is_connected(account: MarketplaceAccount) -> str:
    """An account is of no use before it has credentials, so these come next."""
    platform = platforms.get(account.platform)
    url = platform.connect_url(account.pk) if platform else ""
    return url or account.get_absolute_url()


@require_safe
@permission_required("accounts.view_marketplaceaccount", raise_exception=True)
def marketplace_account_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(MarketplaceAccount.objects.select_related("company"), pk=pk)
    platform = platforms.get(account.platform)
    context = {
        "account": account,
        "connect_url": platform.connect_url(account.pk) if platform else "",
        "is_installed": platform is not None,
    }
    partial = "accounts/_marketplace_account.html"
    template = partial if is_partial(request) else "accounts/marketplace_account_detail.html"
    return render_page(request, template, context)


@permission_required("accounts.change_marketplaceaccount", raise_exception=True)
def marketplace_account_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(MarketplaceAccount, pk=pk)
    return edit(
        request,
        MarketplaceAccountForm(request.POST or None, instance=account),
        lambda **facts: marketplaces.change_account(account, **facts, by=request.user),
        template="accounts/marketplace_account_form.html",
        message=_("Saved."),
        context={
            "title": _("Change %(name)s") % {"name": account.name},
            "cancel": account.get_absolute_url(),
            "has_platforms": True,
            "has_companies": True,
        },
    )


@permission_required("accounts.pause_marketplaceaccount", raise_exception=True)
def marketplace_account_pause(request: AuthedRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(MarketplaceAccount, pk=pk)
    return ask(
        request,
        PauseForm(request.POST or None),
        lambda reason: marketplaces.pause_account(account, reason=reason, by=request.user),
        title=_("Pause %(name)s") % {"name": account},
        says=_(
            "Nothing is read from or sent to the marketplace until you resume it. Orders that"
            " arrive there meanwhile are read afterwards."
        ),
        button=_("Pause"),
        message=_("%(name)s is paused.") % {"name": account},
        url=account.get_absolute_url(),
    )


@require_POST
@permission_required("accounts.pause_marketplaceaccount", raise_exception=True)
def marketplace_account_resume(request: AuthedRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(MarketplaceAccount, pk=pk)
    account = marketplaces.resume_account(account, by=request.user)
    return done(request, _("%(name)s works again.") % {"name": account}, account.get_absolute_url())
