"""The numbers that the law and the banks give to a company, checked by their check digits."""

import re

from django.utils.translation import gettext as _
from stdnum import iban as iban_rules
from stdnum.bg import vat as bulgarian
from stdnum.exceptions import (
    InvalidChecksum,
    InvalidFormat,
    InvalidLength,
    ValidationError,
)
from stdnum.hu import anum as hungarian
from stdnum.ro import cui as romanian
from stdnum.ro import onrc

from accounts.choices import Country
from core.errors import RuleViolation

# 8 digits, and on Hungarian documents also the VAT code and the county: 12892312-2-41
HUNGARIAN = re.compile(r"(?:HU)?(\d{8})(?:-?([1-5])-?(\d{2}))?")

TAX_ID_NAMES = {Country.ROMANIA: "CUI", Country.BULGARIA: "EIK", Country.HUNGARY: "adószám"}


def tax_id(country: str, text: str) -> str:
    """The tax number as it is stored, or a refusal that says what is wrong with it."""
    try:
        match country:
            case Country.ROMANIA:
                return str(romanian.validate(text.upper()))
            case Country.BULGARIA:
                return str(bulgarian.validate(text.upper()))
            case Country.HUNGARY:
                return _hungarian(text)
    except ValidationError as error:
        raise RuleViolation(_refusal(error, TAX_ID_NAMES[Country(country)], text)) from error
    raise RuleViolation(_("Companies of this country are not supported yet."))


def vat_number(country: str, tax_id: str) -> str:
    """The number with the country in front, as it is valid across the Union."""
    return f"{country}{tax_id[:8] if country == Country.HUNGARY else tax_id}"


def iban(text: str) -> str:
    """The IBAN in capitals without blanks, or a refusal that says what is wrong with it."""
    try:
        return str(iban_rules.validate(text.upper()))
    except ValidationError as error:
        raise RuleViolation(_refusal(error, "IBAN", text)) from error


def trade_register(country: str, text: str) -> str:
    """Romanian numbers are checked; elsewhere the form of the number is not known well enough."""
    text = text.strip().upper()
    if not text or country != Country.ROMANIA:
        return text
    try:
        return str(onrc.validate(text))
    except ValidationError as error:
        raise RuleViolation(
            _("“%(number)s” is not a trade register number such as J40/1234/2016.")
            % {"number": text}
        ) from error


def _hungarian(text: str) -> str:
    found = HUNGARIAN.fullmatch(re.sub(r"\s", "", text.upper()))
    if found is None:
        raise InvalidFormat
    hungarian.validate(found[1])
    return f"{found[1]}-{found[2]}-{found[3]}" if found[2] else found[1]


def _refusal(error: ValidationError, kind: str, text: str) -> str:
    words = {"kind": kind, "number": text.strip()}
    if isinstance(error, InvalidChecksum):
        return _("“%(number)s” is not a valid %(kind)s: a digit is wrong or swapped.") % words
    if isinstance(error, InvalidLength):
        return _("“%(number)s” is not a valid %(kind)s: it is too short or too long.") % words
    return _("“%(number)s” is not a valid %(kind)s.") % words
