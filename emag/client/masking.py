"""Takes people out of what is logged. Pure.

What stays is what one needs to understand a call: numbers, states, amounts, country, county and
town. What goes is who it was and how to reach them: names, addresses, telephone, bank.
"""

import re

from core.http.redaction import MASK

__all__ = ["MASK", "mask"]

# Of a value that was cut off, what is there counts. Possessive (`*+`), so that no body, however
# odd, takes long.
_STRING = r'"(?:[^"\\]|\\.)*+"?'
_WITHIN = rf'(?:[^"{{}}\[\]]++|{_STRING})'
# Lists and objects inside each other; what is nested deeper than eMAG does counts to the very end.
_NESTED = r"[{\[].*\Z"
for _level in range(5):
    _NESTED = rf"[{{\[](?:{_WITHIN}|{_NESTED})*+(?:[}}\]]|\Z)"
_VALUE = rf"{_STRING}|\d+|{_NESTED}"

# Telling anywhere.
_PERSONAL = (
    r"(?:billing|shipping)_(?:name|phone|street|contact|postal_code)"
    r"|customer_(?:name|company|phone|email|account_\w+)"
    r"|pickup_(?:address|zipcode)"
    r"|phone\w*|email|iban|bank|fax|street|contact|liable_person|locker_pin"
    r"|cancellation_request|observations?|return_address_snapshot"
)
_ANYWHERE = re.compile(rf'"({_PERSONAL})"(\s*:\s*)({_VALUE})', re.S)
# Telling only inside somebody: products have a name, too.
_SOMEBODY = re.compile(rf'"(?:customer|sender|receiver)"\s*:\s*{_NESTED}', re.S)
_OF_SOMEBODY = re.compile(
    rf'"(name|company|code|cif|tax_code|registration_number|register_number|address|zipcode|gender)"'
    rf"(\s*:\s*)({_VALUE})",
    re.S,
)
_EMPTY = {'""', "[]", "{}"}


def mask(text: str) -> str:
    """A body of JSON without the people in it; empty values stay empty.

    >>> mask('{"name": "Bec LED", "customer": {"id": 7, "name": "Ana Pop", "phone_2": ""}}')
    '{"name": "Bec LED", "customer": {"id": 7, "name": "•••", "phone_2": ""}}'
    """
    return _ANYWHERE.sub(_masked, _SOMEBODY.sub(_mask_somebody, text))


def _mask_somebody(found: re.Match[str]) -> str:
    return _OF_SOMEBODY.sub(_masked, found[0])


def _masked(found: re.Match[str]) -> str:
    return found[0] if found[3] in _EMPTY else f'"{found[1]}"{found[2]}"{MASK}"'
