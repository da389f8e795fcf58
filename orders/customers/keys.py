"""By what a customer is found, and by what two are taken for one. Pure: no Django, no database."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.text import fold
from orders.phones import digits_of, national

# What stands for a phone where nobody gave one says nothing of who it is.
_NO_PHONE = re.compile(r"(\d)\1*")


def search_words(
    external_id: str, name: str, company: str, email: str, phones: Iterable[str], tax_id: str
) -> str:
    """What a customer is found by, folded: every text once.

    A phone stands there as it is written, as its digits, and with the zero people dial.
    """
    words = [external_id, name, company, email, tax_id]
    for phone in phones:
        words += (phone, digits_of(phone))
        if local := national(phone):
            words.append(f"0{local}")
    return " ".join(filter(None, dict.fromkeys(map(fold, words))))


def match_keys(email: str, phones: Iterable[str], tax_id: str) -> list[str]:
    """What tells that two customers may be one: "p:766859386", "e:ana@shop.ro", "t:12345674".

    >>> match_keys("Ana@Shop.ro", ["+40 766 859 386", "0766859386"], "RO 12345674")
    ['e:ana@shop.ro', 'p:766859386', 't:12345674']
    """
    found = {f"p:{local}" for phone in phones if (local := national(phone)) and _is_real(local)}
    if "@" in email:
        found.add(f"e:{fold(email)}")
    number = "".join(filter(str.isalnum, fold(tax_id)))
    number = number[2:] if number[:2].isalpha() else number
    if len(number) >= 6 and _is_real(number):
        found.add(f"t:{number}")
    return sorted(found)


def _is_real(digits: str) -> bool:
    return not _NO_PHONE.fullmatch(digits[1:])
