"""The list of orders. How single cells look is in orders.cells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.clock import Clock
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
from orders import cells, tagging, under_way
from orders.choices import REMOTE_BADGES, OrderStatus, RemoteState
from orders.customers import marks as customer_marks
from orders.due import due_html
from orders.items import ITEMS
from orders.models import Order


class NumberAndDateColumn(LinkColumn):
    """The number of an order, and when it was placed."""

    def writer(self) -> Callable[[Any, Any], str]:
        link, tell = super().writer(), Clock().html

        def cell(value: str, record: Order) -> str:
            return f'{link(value, record)}<div class="sub">{tell(record.ordered_at)}</div>'

        return cell


class DueColumn(Column):
    """How long there still is to hand the parcel over; of an order that is over, nothing."""

    css = "when"

    def cell(self, value: datetime, record: Order) -> str:
        return self.writer()(value, record)

    def writer(self) -> Callable[[Any, Any], str]:
        now, tell = timezone.now(), Clock()
        return lambda value, record: due_html(value, now, tell)


class CellColumn(Column):
    """A cell whose look is made ready once for all rows: `html` returns what writes it."""

    def __init__(
        self,
        verbose_name: Any = None,
        *,
        html: Callable[[], Callable[[Any], str]],
        plain: Callable[[Any], Any] | None = None,
        css: str = "",
        **options: Any,
    ) -> None:
        super().__init__(verbose_name, css=css, **{"empty_values": (), **options})
        self.html = html
        self._plain = plain

    def cell(self, value: Any, record: Any) -> str:
        return self.html()(record)

    def writer(self) -> Callable[[Any, Any], str]:
        write = self.html()
        return lambda value, record: write(record)

    def plain(self, value: Any) -> Any:
        return self._plain(value) if self._plain else value

    @property
    def exports_as_is(self) -> bool:
        return self._plain is None


class OrderTable(BaseTable):
    select = SelectColumn()
    external_id = NumberAndDateColumn(
        pgettext_lazy("one order", "Order"), view="orders:order_detail", orderable=True,
        also_exports=((_("Ordered"), "ordered_at"),),
    )  # fmt: skip
    account = CellColumn(
        _("Account"), html=cells.account, accessor="account__name", keep=True, css="narrow",
        select_related=("account",), also_exports=((_("Country"), "account__country"),),
    )  # fmt: skip
    customer_name = CellColumn(
        _("Customer"), html=cells.customer, keep=True, annotations=customer_marks.COLUMNS
    )
    first_item = CustomColumn(
        _("Items"), html=cells.items, accessor="items", keep=True, annotations={"items": ITEMS}
    )
    pieces = NumberColumn(_("Pcs"))
    status = CellColumn(
        _("Status"), html=cells.status, plain=cells.said(OrderStatus.choices), keep=True,
        annotations={"under_way": under_way.UNDER_WAY},
    )  # fmt: skip
    ship_by = DueColumn(_("Hand over in"), accessor="due_at", orderable=True, keep=True)
    delivery = CellColumn(
        _("Delivery"), html=cells.delivery, plain=cells.said(cells.DELIVERIES), keep=True,
        css="narrow",
        also_exports=((_("Courier"), "courier"), (_("AWB"), "awb")),
    )  # fmt: skip
    total = CellColumn(
        _("Customer pays"), html=cells.total, css="num", orderable=True, keep=True,
        also_exports=((_("Currency"), "currency"),),
    )  # fmt: skip
    # --- What must be asked for -----------------------------------------------------------------
    fulfilment = CellColumn(
        _("Who ships"), html=cells.fulfilment, plain=cells.said(cells.FULFILMENTS),
        select_related=("account",), start_hidden=True,
    )  # fmt: skip
    payment = CellColumn(
        _("Payment"), html=cells.payment, plain=cells.said(cells.PAYMENTS), start_hidden=True
    )
    awb = TextColumn(_("AWB"), start_hidden=True)
    shipped_at = WhenColumn(_("Shipped"), start_hidden=True)
    invoice_number = TextColumn(_("Invoice"), start_hidden=True)
    tags = CellColumn(
        _("Tags"), html=lambda: _tags(tagging.chips()), plain=", ".join, start_hidden=True
    )
    problems = CustomColumn(
        _("Problems"), html=cells.problems, start_hidden=True, plain=cells.problem_words
    )
    hold_reason = TextColumn(_("Why on hold"), start_hidden=True)
    cancel_code = CellColumn(_("Cancelled because"), html=cells.cancelled, start_hidden=True)
    remote_state = BadgeColumn(
        _("Status there"), choices=RemoteState.choices, badges=REMOTE_BADGES, start_hidden=True
    )
    lines_count = NumberColumn(_("Lines"), start_hidden=True)
    ordered_at = WhenColumn(
        _("Ordered"), orderable=True, initial_sort_descending=True, start_hidden=True
    )
    city = TextColumn(_("Town"), start_hidden=True)
    locker_name = TextColumn(_("Locker"), start_hidden=True)
    currency = TextColumn(_("Currency"), start_hidden=True)

    class Meta:
        order_by = "-ordered_at"

    def __init__(self, queryset: QuerySet[Any], **options: Any) -> None:
        super().__init__(queryset, **options)
        self.now = timezone.now()

    def row_class(self, record: Order) -> str:
        return "late" if record.due_at is not None and record.due_at < self.now else ""


def _tags(chips: Callable[[list[str]], str]) -> Callable[[Order], str]:
    return lambda order: chips(order.tags) or str(EMPTY)
