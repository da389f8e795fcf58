"""One phone number in all its ways of writing: "+40 766…", "0040-766…" and "0766…" are one.

Pure: no Django, no database.
"""

from __future__ import annotations

import re

# What is left without the prefix of the country or the zero before it.
NATIONAL_DIGITS = 9
LEAST_DIGITS = 6  # of a part of a number: less would be found in everything
LEAST_AFTER_A_COUNTRY = 3  # which only a number has before it
_PHONE = re.compile(r"\+?[\d\s().\-/]+", re.ASCII)
_BEFORE = re.compile(r"(?:(?:\+|00)(?:40|359|36|48|380|49|43|39|44|373))?0?")


def digits_of(phone: str) -> str:
    return "".join(filter(str.isdecimal, phone)) if phone.isascii() else ""


def national(phone: str) -> str:
    """The digits that a whole number has in every way of writing it; empty where it is none.

    >>> national("+40 766 859 386") == national("0766-859-386") == "766859386"
    True
    >>> national("0700000000"), national("112")
    ('700000000', '')
    """
    digits = digits_of(phone)[-NATIONAL_DIGITS:]
    return digits if len(digits) == NATIONAL_DIGITS else ""


def searched_digits(text: str) -> str:
    """What to look for where somebody typed a number, or the part of one that they have.

    Empty where it is none, or where it is written as it is searched anyway.

    >>> searched_digits("+40 766 859 386") == searched_digits("0766859386") == "766859386"
    True
    >>> searched_digits("0766-859"), searched_digits("000-001"), searched_digits("Ana 5")
    ('766859', '000001', '')
    >>> searched_digits("512340077"), searched_digits("+40 736")
    ('', '736')
    """
    text = text.strip()
    if not _PHONE.fullmatch(text):
        return ""
    dialled = re.sub(r"[^\d+]", "", text)
    digits = _BEFORE.sub("", dialled, count=1).lstrip("+")[-NATIONAL_DIGITS:]
    if dialled.startswith("+") and len(digits) >= LEAST_AFTER_A_COUNTRY:
        return digits
    if len(digits) < LEAST_DIGITS:  # from the middle of a number, where a zero is no prefix
        digits = digits_of(dialled.lstrip("+"))
    return digits if len(digits) >= LEAST_DIGITS and digits != text else ""
