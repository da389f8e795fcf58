"""Connecting an account: credentials, our address, the test, the first reading."""

from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Company, MarketplaceAccount
from core import jobs
from core.errors import MagFlowError, RuleViolation
from core.models.jobs import JobTrigger
from core.pages import AuthedRequest, done, render_page
from emag.forms import ConnectForm, CredentialForm
from emag.models.credentials import Credential
from emag.services import accounts, callbacks
from emag.services.causes import words_of
from emag.services.connection import outgoing
from emag.services.difference import difference
from emag.services.usage import reset_usage
from emag.sites import SITES, site, site_of

MAY_CHANGE = "accounts.change_marketplaceaccount"
FIRST_READING = ("emag.pull_orders", "emag.pull_offers")


@permission_required(MAY_CHANGE, raise_exception=True)
def connect_start(request: AuthedRequest) -> HttpResponse:
    """A new account with its credentials; the page that follows tests them."""
    form = ConnectForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            account = _add(form.cleaned_data, by=request.user)
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            return redirect("emag:connect_account", account.pk)
    context = {"form": form, "has_companies": Company.objects.exists()}
    status = 422 if form.is_bound else 200
    return render_page(request, "emag/connect_start.html", context, status=status)


@transaction.atomic
def _add(data: dict[str, object], *, by: object) -> MarketplaceAccount:
    account = accounts.add_account(
        site=site(str(data["site"])),
        role=str(data["role"]),
        name=str(data["name"]),
        company=data["company"],  # type: ignore[arg-type]
        by=by,  # type: ignore[arg-type]
    )
    accounts.connect(account, **_credentials(data), by=by)  # type: ignore[arg-type]
    return account


def _credentials(data: dict[str, object]) -> dict[str, str]:
    return {name: str(data[name]) for name in ("username", "password", "base_url")}


@require_safe
@permission_required(MAY_CHANGE, raise_exception=True)
def connect_account(request: AuthedRequest, pk: int) -> HttpResponse:
    """Where an account stands on its way to the first orders."""
    account = _account(pk)
    credential = Credential.objects.filter(account=account).first()
    if credential is None:
        return redirect("emag:connect_credentials", pk)
    credential.account = account
    context = {
        "account": account,
        "credential": credential,
        "trouble": words_of(credential),
        "site": site_of(account),
        "outgoing": outgoing(credential),
        "callbacks": callbacks.addresses(credential),
        "is_reachable": callbacks.is_reachable(),
    }
    return render_page(request, "emag/connect_account.html", context)


@permission_required(MAY_CHANGE, raise_exception=True)
def connect_credentials(request: AuthedRequest, pk: int) -> HttpResponse:
    """User, password and address of an account there is."""
    account = _account(pk)
    credential = Credential.objects.filter(account=account).first()
    form = CredentialForm(request.POST or None, credential=credential)
    if form.is_bound and form.is_valid():
        try:
            accounts.connect(account, **_credentials(form.cleaned_data), by=request.user)
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            return done(request, _("Saved."), reverse("emag:connect_account", args=[pk]))
    context = {"form": form, "account": account, "credential": credential}
    status = 422 if form.is_bound else 200
    return render_page(request, "emag/connect_credentials.html", context, status=status)


@require_POST
@permission_required(MAY_CHANGE, raise_exception=True)
def connect_test(request: AuthedRequest, pk: int) -> HttpResponse:
    """Make the call that proves user, password, rights and address at once."""
    credential = get_object_or_404(Credential.objects.select_related("account"), account_id=pk)
    check = accounts.check_connection(credential, by=request.user)
    level = "success" if check.ok else "error"
    return done(request, check.words, reverse("emag:connect_account", args=[pk]), level=level)


@require_safe
@permission_required(MAY_CHANGE, raise_exception=True)
def connect_difference(request: AuthedRequest, pk: int) -> HttpResponse:
    """How much there is at eMAG and how much of it is here."""
    account = _account(pk)
    context: dict[str, object] = {"account": account}
    try:
        context["lines"] = difference(account)
    except MagFlowError as error:
        context["error"] = str(error)
    return render_page(request, "emag/_connect_difference.html", context)


@require_POST
@permission_required(MAY_CHANGE, raise_exception=True)
def connect_read(request: AuthedRequest, pk: int) -> HttpResponse:
    """Read orders and offers for the first time, or again; this only reads."""
    account = _account(pk)
    for name in FIRST_READING:
        jobs.enqueue(name, key=str(account.pk), by=request.user, trigger=JobTrigger.PERSON)
    message = _("Reading orders and offers has begun. It goes on when you leave the page.")
    return done(request, message, reverse("emag:connect_account", args=[pk]))


@require_POST
@permission_required(MAY_CHANGE, raise_exception=True)
def usage_reset(request: AuthedRequest, pk: int) -> HttpResponse:
    account = _account(pk)
    reset_usage(account, by=request.user)
    return done(request, _("Calls are counted anew from now on."), account.get_absolute_url())


def _account(pk: int) -> MarketplaceAccount:
    places = {one.platform for one in SITES}
    accounts_here = MarketplaceAccount.objects.select_related("company")
    return get_object_or_404(accounts_here, pk=pk, platform__in=places)
