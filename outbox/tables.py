"""The table of the error queue."""

from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.columns import (
    BadgeColumn,
    Column,
    CustomColumn,
    LinkColumn,
    NumberColumn,
    SelectColumn,
    TextColumn,
    WhenColumn,
)
from core.html import EMPTY
from core.tables import BaseTable
from outbox import intents, links, words
from outbox.choices import STATUS_BADGES, CommandStatus
from outbox.models import Command


class KindColumn(LinkColumn):
    """What is to happen, in words; leads to the message."""

    def text(self, value: Any) -> str:
        return super().text(intents.title_of(value))

    def plain(self, value: Any) -> Any:
        return intents.title_of(value)


class SubjectColumn(Column):
    """What it is about; leads to its page."""

    def cell(self, value: Any, record: Command) -> str:
        text = super().cell(value, record)
        url = links.subject_url(record.subject_type, record.subject_id)
        return f'<a href="{escape(url)}">{text}</a>' if url else text


class ReasonColumn(Column):
    """Why it stands where it stands."""

    css = "why"

    def cell(self, value: Any, record: Command) -> str:
        text = words.reason(record)
        return super().cell(text, record) if text else str(EMPTY)


class CommandTable(BaseTable):
    select = SelectColumn()
    kind = KindColumn(_("What"), view="outbox:command_detail")
    subject_label = SubjectColumn(pgettext_lazy("sent", "On which"), keep=True)
    account = TextColumn(
        _("Account"), accessor="account__name", select_related=("account",), keep=True
    )
    status = BadgeColumn(
        _("Status"), choices=CommandStatus.choices, badges=STATUS_BADGES, keep=True
    )
    error = ReasonColumn(_("Why"), empty_values=(), keep=True)
    attempts = NumberColumn(_("Attempts"))
    next_attempt_at = CustomColumn(_("Next try"), html=words.next_try, css="when")
    created_at = CustomColumn(pgettext_lazy("sent", "Age"), html=words.age, css="num", keep=True)
    ended_at = WhenColumn(_("Settled"), start_hidden=True)

    class Meta:
        order_by = "-pk"
