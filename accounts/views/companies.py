"""The companies that sell."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import legal
from accounts.choices import Country
from accounts.filters import CompanyFilter
from accounts.forms import BankAccountForm, CompanyForm
from accounts.models import BankAccount, Company
from accounts.services import companies
from accounts.tables import CompanyTable
from accounts.views._dialogs import ask, edit
from core.pages import AuthedRequest, done, is_partial, render_page
from core.tables import Empty, table_page


@permission_required("accounts.view_company", raise_exception=True)
def company_list(request: AuthedRequest) -> HttpResponseBase:
    may_add = request.user.has_perm("accounts.change_company")
    return table_page(
        request,
        page="accounts.company_list",
        title=_("Companies"),
        table=CompanyTable,
        filterset=CompanyFilter,
        queryset=Company.objects.all(),
        live="accounts",
        template="accounts/company_list.html",
        empty=Empty(
            _("No company yet"),
            _("The legal persons that sell: their name, numbers and address go on every invoice."),
            icon="building",
            button=_("Add a company"),
            url=reverse("accounts:company_add") if may_add else "",
        ),
    )


@permission_required("accounts.change_company", raise_exception=True)
def company_add(request: AuthedRequest) -> HttpResponse:
    return edit(
        request,
        CompanyForm(request.POST or None),
        lambda **facts: companies.create_company(**facts, by=request.user),
        template="accounts/company_form.html",
        message=_("The company is added."),
        context={"title": _("Add a company"), "cancel": reverse("accounts:company_list")},
    )


@require_safe
@permission_required("accounts.view_company", raise_exception=True)
def company_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, pk=pk)
    context = {
        "company": company,
        "tax_id_name": legal.TAX_ID_NAMES[Country(company.country)],
        "bank_accounts": company.bank_accounts.all(),
        "accounts": company.accounts.all(),
    }
    template = "accounts/_company.html" if is_partial(request) else "accounts/company_detail.html"
    return render_page(request, template, context)


@permission_required("accounts.change_company", raise_exception=True)
def company_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, pk=pk)
    return edit(
        request,
        CompanyForm(request.POST or None, instance=company),
        lambda **facts: companies.change_company(company, **facts, by=request.user),
        template="accounts/company_form.html",
        message=_("Saved."),
        context={
            "title": _("Change %(name)s") % {"name": company.name},
            "cancel": company.get_absolute_url(),
        },
    )


@permission_required("accounts.change_company", raise_exception=True)
def bank_account_add(request: AuthedRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, pk=pk)
    return ask(
        request,
        BankAccountForm(request.POST or None),
        lambda **facts: companies.add_bank_account(company, **facts, by=request.user),
        title=_("Add a bank account"),
        button=_("Add"),
        message=_("The account is added."),
        url=company.get_absolute_url(),
    )


@require_POST
@permission_required("accounts.change_company", raise_exception=True)
def bank_account_main(request: AuthedRequest, pk: int) -> HttpResponse:
    account = companies.choose_main_bank_account(_bank_account(pk), by=request.user)
    message = _("Documents in %(currency)s now show this account.") % {"currency": account.currency}
    return done(request, message, account.company.get_absolute_url())


@require_POST
@permission_required("accounts.change_company", raise_exception=True)
def bank_account_remove(request: AuthedRequest, pk: int) -> HttpResponse:
    account = _bank_account(pk)
    companies.remove_bank_account(account, by=request.user)
    return done(request, _("The account is removed."), account.company.get_absolute_url())


def _bank_account(pk: int) -> BankAccount:
    return get_object_or_404(BankAccount.objects.select_related("company"), pk=pk)
