"""What a seller's account is set up with: couriers, addresses, parcel sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .vat import country_of

FOR_RETURNS, FOR_ORDERS, FOR_BOTH, OUTSIDE = 1, 2, 3, 4
HOME, LOCKERS, OFFICES, CROSS_BORDER = 0, 2, 6, 8
RETURN_ADDRESS, PICKUP_ADDRESS, INVOICE_ADDRESS, DELIVERY_ADDRESS = 1, 2, 3, 4

_COURIERS = (
    (11001, "Sameday HD", FOR_BOTH, "Sameday", [HOME, LOCKERS], 1),
    (11002, "Sameday easybox", FOR_ORDERS, "Sameday", [LOCKERS], 1),
    (11003, "FAN Courier", FOR_ORDERS, "FAN Courier", [HOME], 1),
    (11004, "Cargus retur", FOR_RETURNS, "Cargus", [HOME], 1),
    (11005, "DPD vechi", FOR_ORDERS, "DPD", [HOME, OFFICES], 0),
    (11006, "Curier propriu", OUTSIDE, "Curier propriu", [HOME], 1),
    (11007, "Sameday Cross Border", FOR_ORDERS, "Sameday", [HOME, CROSS_BORDER], 1),
)
_CITIES = {
    "RO": (5, "Cluj", "Cluj-Napoca", "Str. Fabricii 1", "400001"),
    "BG": (1252, "Sofia", "София", "ul. Industrialna 1", "1000"),
    "HU": (1263, "Budapest", "Budapest XI. kerület", "Gyár utca 1", "1111"),
}


def couriers(platform: str) -> Iterator[dict[str, Any]]:
    for id, name, kind, courier, properties, status in _COURIERS:
        yield {
            "account_id": id,
            "account_display_name": name,
            "courier_account_type": kind,
            "courier_name": courier,
            "courier_account_properties": properties,
            "created": "2024-02-01 10:00:00",
            "status": status,
            "pickup_country_code": country_of(platform),
        }


def addresses(platform: str) -> Iterator[dict[str, Any]]:
    country = country_of(platform)
    locality, county, city, street, zipcode = _CITIES[country]
    for number, (kind, is_default) in enumerate(
        (
            (PICKUP_ADDRESS, True),
            (RETURN_ADDRESS, True),
            (INVOICE_ADDRESS, True),
            (DELIVERY_ADDRESS, True),
            (PICKUP_ADDRESS, False),
        )
    ):
        yield {
            "address_id": str(70001 + number),
            "country_id": {"RO": 1, "BG": 2, "HU": 3}[country],
            "country_code": country,
            "address_type_id": kind,
            "locality_id": locality,
            "suburb": county,
            "city": city,
            "address": street if is_default else f"{street}, Hala B",
            "zipcode": zipcode,
            "quarter": "",
            "floor": "",
            "is_default": is_default,
        }


def parcels() -> Iterator[dict[str, Any]]:
    for label, length, width, height, weight in (
        ("XS", 20, 15, 8, 0.5),
        ("S", 30, 21, 12, 1),
        ("M", 40, 30, 20, 3),
        ("L", 60, 40, 40, 10),
        ("XL", 100, 60, 60, 30),
    ):
        yield {
            "label": label,
            "length": length,
            "width": width,
            "height": height,
            "weight": weight,
            "is_default": label == "S",
        }
