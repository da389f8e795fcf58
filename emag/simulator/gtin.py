"""Barcodes: the check digit that all GTIN lengths share."""

import re

_CODE = re.compile(r"\d{6,14}\Z")
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})


def check_digit(body: str) -> str:
    """The last digit of the code that begins with `body`.

    >>> check_digit("590123412345")
    '7'
    """
    total = sum(int(sign) * (3 if place % 2 == 0 else 1) for place, sign in enumerate(body[::-1]))
    return str(-total % 10)


def with_check_digit(body: str) -> str:
    """The whole code."""
    return body + check_digit(body)


def is_code(text: str, *, checked: bool) -> bool:
    """Whether this may be sent as `ean`: 6 to 14 digits, and with `checked` the digit right.

    UPC-E, ISBN-10 and other lengths have rules of their own, or none; they pass on length.
    """
    if not _CODE.match(text):
        return False
    if not checked or len(text) not in _GTIN_LENGTHS:
        return True
    return text[-1] == check_digit(text[:-1])
