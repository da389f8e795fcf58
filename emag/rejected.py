"""The table, the filter and the bulk actions of rejected payloads."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from accounts.models import User
from core.actions import BulkAction
from core.columns import (
    BadgeColumn,
    LinkColumn,
    NumberColumn,
    SelectColumn,
    TextColumn,
    WhenColumn,
)
from core.errors import RuleViolation
from core.filters import BaseFilterSet, Choice, Search, When
from core.registry import register_action
from core.tables import BaseTable
from emag.call_log import accounts
from emag.models import PayloadStatus, RejectedPayload
from emag.services import payloads

PAYLOAD_BADGES: dict[str, tuple[str, str]] = {
    PayloadStatus.OPEN: ("red", "alert-circle"),
    PayloadStatus.RESOLVED: ("green", "check"),
    PayloadStatus.IGNORED: ("grey", "eye-off"),
}
KINDS = (
    ("order:3", _("Orders we ship")),
    ("order:2", _("Orders eMAG ships")),
    ("offer", _("Offers")),
)


class NumberOfPayload(LinkColumn):
    """What it is and which one; leads to it."""

    def writer(self) -> Any:
        write = super().writer()
        return lambda value, row: write(str(row), row)


class RejectedPayloadTable(BaseTable):
    select = SelectColumn()
    external_id = NumberOfPayload(_("What"), view="emag:rejected_payload_page")
    account = TextColumn(_("Account"), accessor="account__name", select_related=("account",))
    why = TextColumn(_("Why"), accessor="why", css="why", keep=True)
    status = BadgeColumn(
        _("Status"), choices=PayloadStatus.choices, badges=PAYLOAD_BADGES, keep=True
    )
    times = NumberColumn(_("Times"))
    first_at = WhenColumn(_("First seen"), start_hidden=True)
    last_at = WhenColumn(
        pgettext_lazy("payload", "Last seen"),
        orderable=True, initial_sort_descending=True, keep=True,
    )  # fmt: skip

    class Meta:
        order_by = "-last_at"


class RejectedPayloadFilter(BaseFilterSet):
    q = Search(_("Number…"), columns=("external_id",))
    status = Choice(_("Status"), choices=PayloadStatus.choices, is_main=True)
    account = Choice(_("Account"), choices=accounts, field_name="account_id", is_main=True)
    kind = Choice(_("Kind"), choices=KINDS, is_main=True)
    last_at = When(pgettext_lazy("payload", "Last seen"), is_main=True)

    class Meta:
        model = RejectedPayload
        fields: tuple[str, ...] = ()


def read_again(pk: int, *, by: User) -> None:
    payloads.read_again(RejectedPayload.objects.get(pk=pk), by=by)


def ignore(pk: int, *, by: User) -> None:
    payloads.ignore(RejectedPayload(pk=pk), by=by)


def may_read_again(row: RejectedPayload, by: Any) -> None:
    payloads.check_can_be_read(row)


def may_ignore(row: RejectedPayload, by: Any) -> None:
    if row.status == PayloadStatus.RESOLVED:
        raise RuleViolation(_("It could be read meanwhile; nothing is left to do."))


def register_actions() -> None:
    page = "emag.rejected_payload_list"
    register_action(
        page,
        BulkAction(
            name="read_again",
            label=_("Read again"),
            heading=ngettext_lazy("Read {n} payload again", "Read {n} payloads again", "n"),
            icon="refresh",
            permission="emag.resolve_payload",
            model=RejectedPayload,
            run=read_again,
            check=may_read_again,
        ),
    )
    register_action(
        page,
        BulkAction(
            name="ignore",
            label=_("Ignore"),
            heading=ngettext_lazy("Ignore {n} payload", "Ignore {n} payloads", "n"),
            icon="eye-off",
            permission="emag.resolve_payload",
            model=RejectedPayload,
            run=ignore,
            check=may_ignore,
        ),
    )
