"""The list of tags."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.columns import LinkColumn, NumberColumn
from core.filters import BaseFilterSet, Search
from core.html import badge
from core.tables import BaseTable
from orders.models import Tag


class TagColumn(LinkColumn):
    """The tag as it stands on orders."""

    def cell(self, value: Any, record: Tag) -> str:
        return f'<a href="{record.get_absolute_url()}">{badge(value, record.colour, "tag")}</a>'

    def writer(self) -> Any:
        return self.cell


class TagTable(BaseTable):
    name = TagColumn(_("Tag"), view="orders:tag_edit", orderable=True)
    position = NumberColumn(_("Place"), orderable=True, keep=True)

    class Meta:
        order_by = "position"


class TagFilter(BaseFilterSet):
    q = Search(_("Name"), columns=("name",))

    class Meta:
        model = Tag
        fields: tuple[str, ...] = ()
