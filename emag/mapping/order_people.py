"""Who bought, and where the parcel and the invoice go."""

from __future__ import annotations

from emag.reading import Raw, flag, ident, text
from orders.intake import AddressIn, CustomerIn

COUNTRIES = {
    "romania": "RO", "românia": "RO", "rou": "RO",
    "bulgaria": "BG", "българия": "BG", "bgr": "BG",
    "hungary": "HU", "magyarország": "HU", "ungaria": "HU", "hun": "HU",
}  # fmt: skip


def customer_in(raw: Raw) -> CustomerIn:
    name = text(raw, "name")
    is_company = flag(raw, "legal_entity") or False
    company = text(raw, "company")
    phones = (text(raw, "phone_1", 32), text(raw, "phone_2", 32), text(raw, "phone_3", 32))
    return CustomerIn(
        external_id=ident(raw, "id"),
        name=name,
        # For a person eMAG repeats the name here.
        company=company if is_company or company != name else "",
        email=text(raw, "email"),
        phones=tuple(dict.fromkeys(phone for phone in phones if phone)),
        gender=text(raw, "gender", 8),
        is_company=is_company,
        is_vat_payer=flag(raw, "is_vat_payer") or False,
        tax_id=_stated(raw, "code"),
        trade_register=_stated(raw, "registration_number"),
        bank=_stated(raw, "bank"),
        iban=_stated(raw, "iban"),
        fax=_stated(raw, "fax"),
        liable_person=_stated(raw, "liable_person"),
        catalogue_id=ident(raw, "mkt_id"),
    )


def _stated(raw: Raw, key: str) -> str:
    """A text, where there is one: people fill what must be filled with a dash."""
    found = text(raw, key)
    return "" if found == "-" else found


def billing_in(raw: Raw) -> AddressIn:
    return AddressIn(
        name=text(raw, "billing_name"),
        phone=text(raw, "billing_phone", 32),
        country=country_in(raw, "billing_country"),
        county=text(raw, "billing_suburb"),
        city=text(raw, "billing_city"),
        street=text(raw, "billing_street"),
        postal_code=text(raw, "billing_postal_code", 16),
        locality_external_id=ident(raw, "billing_locality_id"),
    )


def shipping_in(raw: Raw) -> AddressIn:
    return AddressIn(
        name=text(raw, "shipping_contact"),
        phone=text(raw, "shipping_phone", 32),
        country=country_in(raw, "shipping_country"),
        county=text(raw, "shipping_suburb"),
        city=text(raw, "shipping_city"),
        street=text(raw, "shipping_street"),
        postal_code=text(raw, "shipping_postal_code", 16),
        locality_external_id=ident(raw, "shipping_locality_id"),
    )


def country_in(raw: Raw, key: str) -> str:
    """The country as two letters where the name is known; else as written."""
    found = text(raw, key, 64)
    return found.upper() if len(found) == 2 else COUNTRIES.get(found.casefold(), found)
