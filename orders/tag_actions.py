"""Putting tags on many orders at once, and taking them off."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from core.actions import BulkAction
from core.registry import register_action
from orders.models import Order
from orders.services import tag_order, untag_order
from orders.tag_forms import TagsForm


def add(pk: int, *, tags: Iterable[str], by: User) -> None:
    tag_order(Order(pk=pk), tags, by=by)


def take_off(pk: int, *, tags: Iterable[str], by: User) -> None:
    untag_order(Order(pk=pk), tags, by=by)


def register() -> None:
    page = "orders.order_list"
    register_action(
        page,
        BulkAction(
            name="tag", label=_("Tag"), icon="tag", permission="orders.tag_order", model=Order,
            run=add, form=TagsForm, heading=ngettext_lazy("Tag {n} order", "Tag {n} orders", "n"),
        ),
    )  # fmt: skip
    register_action(
        page,
        BulkAction(
            name="untag", label=_("Take tags off"), icon="tags", permission="orders.tag_order",
            model=Order, run=take_off, form=TagsForm,
            heading=ngettext_lazy("Take tags off {n} order", "Take tags off {n} orders", "n"),
        ),
    )  # fmt: skip
