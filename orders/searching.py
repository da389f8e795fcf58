"""How people look for an order: by words, or by a phone number in any way of writing it."""

from __future__ import annotations

import re

from django.db.models import Q

from core.filters import Search
from core.text import fold

# Without the prefix of the country or the zero before it, numbers are nine digits long: +40 766…,
# 0040 766… and 0766… are one.
NATIONAL_DIGITS = 9
_PHONE = re.compile(r"(?:\+|0)[\d\s().\-/]{8,}", re.ASCII)


def found_by(text: str) -> Q:
    """Every word occurs, or the whole is a phone number of the order."""
    condition = Q()
    for word in fold(text).split():
        condition &= Q(search_text__contains=word)
    if digits := phone_digits(text):
        condition |= Q(search_text__contains=digits)
    return condition


def phone_digits(text: str) -> str:
    """The digits that a phone number has in every way of writing it; empty where it is none.

    >>> phone_digits("+40 766 859 386") == phone_digits("0766859386") == "766859386"
    True
    >>> phone_digits("512340077")
    ''
    """
    if not _PHONE.fullmatch(text.strip()):
        return ""
    digits = "".join(filter(str.isdigit, text))
    return digits[-NATIONAL_DIGITS:] if len(digits) > NATIONAL_DIGITS else ""


class OrderSearch(Search):
    """The search field of the list of orders."""

    def condition(self, value: str) -> Q:
        return found_by(value)
