"""How people look for an order: by words, or by a phone number in any way of writing it."""

from __future__ import annotations

from django.db.models import Q

from core.filters import Search
from core.text import fold
from orders.phones import searched_digits


def found_by(text: str) -> Q:
    """Every word occurs, or the whole is a phone number of the order."""
    condition = Q()
    for word in fold(text).split():
        condition &= Q(search_text__contains=word) | Q(papers_text__contains=word)
    if digits := searched_digits(text):
        condition |= Q(search_text__contains=digits)
    return condition


class OrderSearch(Search):
    """The search field of the list of orders."""

    def condition(self, value: str) -> Q:
        return found_by(value)
