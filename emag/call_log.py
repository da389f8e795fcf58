"""The call log's table and filters."""

from typing import Any

from django.db.models import Q
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.columns import BadgeColumn, Column, CustomColumn, NumberColumn, TextColumn, WhenColumn
from core.columns import LinkColumn as Link
from core.filters import BaseFilterSet, Choice, Flag, Number, Search, Text, When
from core.html import number
from core.tables import BaseTable
from emag.client.routes import ROUTES
from emag.models.calls import OUTCOME_BADGES, ApiCall, Outcome
from emag.services.usage import LABELS


class CallColumn(Link):
    """The resource and action; leads to the call."""

    def writer(self) -> Any:
        write = super().writer()
        return lambda value, call: write(str(call), call)


def milliseconds(call: Any) -> str:
    return f"{number(call.took_ms)} ms"


def budget(bucket: str) -> str:
    return str(dict(buckets()).get(bucket, bucket))


def budget_html(call: Any) -> str:
    return escape(budget(call.bucket))


class ApiCallTable(BaseTable):
    at = WhenColumn(_("When"), orderable=True, initial_sort_descending=True, keep=True)
    resource = CallColumn(_("Call"), view="emag:api_call_page")
    account = TextColumn(_("Account"), accessor="account__name", select_related=("account",))
    outcome = BadgeColumn(_("Outcome"), choices=Outcome.choices, badges=OUTCOME_BADGES, keep=True)
    message = TextColumn(_("Message"), css="why")
    items = NumberColumn(_("Items"))
    took_ms = CustomColumn(
        _("Took"), html=milliseconds, accessor="took_ms", css="num",
        orderable=True, initial_sort_descending=True,
    )  # fmt: skip
    status = Column(_("HTTP"), start_hidden=True)
    bucket = CustomColumn(_("Budget"), html=budget_html, plain=budget, start_hidden=True)
    error_code = TextColumn(_("Kind of error"), start_hidden=True)
    call_id = TextColumn(_("Number"), start_hidden=True)

    class Meta:
        order_by = "-at"


class Mentioned(Search):
    """An order number, a SKU, a waybill: whole, since that is how calls are kept."""

    def condition(self, value: str) -> Q:
        word = value.strip()
        return Q(mentions__contains=[word.upper()]) | Q(call_id=word.lower())


def accounts() -> list[tuple[str, str]]:
    return MarketplaceAccount.objects.filter(emag_credential__isnull=False).choices()


def resources() -> list[tuple[str, str]]:
    return sorted({(route.resource, route.resource) for route in ROUTES})


def buckets() -> list[tuple[str, Any]]:
    return [(str(bucket), label) for bucket, label in LABELS.items()]


class ApiCallFilter(BaseFilterSet):
    q = Mentioned(_("Order number, SKU, waybill…"))
    outcome = Choice(_("Outcome"), choices=Outcome.choices, is_main=True)
    account = Choice(_("Account"), choices=accounts, field_name="account_id", is_main=True)
    resource = Choice(_("Resource"), choices=resources, is_main=True)
    at = When(_("When"), is_main=True)
    action = Text(_("Action"))
    took_ms = Number(_("Took, in milliseconds"))
    bucket = Choice(_("Budget"), choices=buckets)
    status = Number(_("HTTP status"))
    is_read = Flag(_("Changes nothing"))
    error_code = Text(_("Kind of error"))

    class Meta:
        model = ApiCall
        fields: tuple[str, ...] = ()
