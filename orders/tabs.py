"""The tabs of the list of orders: where an order waits for somebody, and how many do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import MarketplaceAccount
from core.filters import BaseFilterSet
from core.tabs import Tab, own_filters
from orders import counts
from orders.choices import CLOSED, OrderStatus
from orders.counts import Kind

_OWN = "fulfilment=own"
_SOONEST = "ship_by"  # what matters first is what has to leave first


@dataclass(frozen=True, slots=True)
class Part:
    """A tab, and which orders stand in it."""

    name: str
    label: Any
    query: str
    belongs: Callable[[Kind], bool]
    sort: str = ""
    level: str = ""

    def tab(self, kept: counts.Counts | None) -> Tab:
        """With its number, or without where nobody keeps the number of what is filtered."""
        count = None if kept is None else counts.total(kept, self.belongs)
        return Tab(
            self.label, self.query, count, self.level, name=self.name, sort=self.sort, is_kept=True
        )


def _waits(name: str, label: Any, status: OrderStatus) -> Part:
    def belongs(kind: Kind) -> bool:
        return kind.status == status and kind.is_own

    return Part(name, label, f"status={status.value}&{_OWN}", belongs, _SOONEST)


PARTS = (
    _waits("new", pgettext_lazy("orders", "New"), OrderStatus.NEW),
    _waits("to_pick", pgettext_lazy("orders", "To pick"), OrderStatus.ACCEPTED),
    _waits("to_pack", pgettext_lazy("orders", "To pack"), OrderStatus.PICKING),
    _waits("to_ship", pgettext_lazy("orders", "To ship"), OrderStatus.PACKED),
    Part(
        "on_hold", pgettext_lazy("orders", "On hold"), "status=on_hold",
        lambda kind: kind.status == OrderStatus.ON_HOLD, _SOONEST,
    ),
    Part("problems", _("Problems"), "has_problem=true", lambda kind: kind.has_problem, "", "bad"),
    Part(
        "done", pgettext_lazy("orders", "Done"),
        "&".join(f"status={status.value}" for status in OrderStatus if status in CLOSED),
        lambda kind: kind.status in CLOSED,
    ),
    Part("all", _("All"), "", lambda kind: True),
)  # fmt: skip
_NARROWED_BY_TABS = own_filters([part.tab(None) for part in PARTS])
_NARROWED_BY_ACCOUNT = {"account", "country"}


def tabs(filters: BaseFilterSet) -> list[Tab]:
    """The tabs for a list that is filtered like this.

    Numbers are kept by account, so they follow a filter of accounts; under any other they would say
    what is not to be seen behind the tab, and are left out.
    """
    kept = None
    if filters.filters.keys() <= _NARROWED_BY_TABS | _NARROWED_BY_ACCOUNT:
        kept = counts.kept(_accounts(filters))
    return [part.tab(kept) for part in PARTS]


def _accounts(filters: BaseFilterSet) -> Collection[int] | None:
    """The accounts that the list is narrowed to; None for all."""
    chosen = filters.data.getlist("account")
    countries = filters.data.getlist("country")
    if not chosen and not countries:
        return None
    found = MarketplaceAccount.objects.order_by()
    if chosen:
        found = found.filter(pk__in=[pk for pk in chosen if pk.isdecimal()])
    if countries:
        found = found.filter(country__in=countries)
    return list(found.values_list("pk", flat=True))
