"""Localities a seller ships to: every Romanian county, and some cities of the other countries."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

_LATIN = str.maketrans("ăâîșțĂÂÎȘȚşţáéíóöőúüűłÁÉÍÓÖŐÚÜŰŁ", "aaistAAISTstaeiooouuulAEIOOOUUUL")


def latin(text: str) -> str:
    """The same name without the marks of its language: Iași → Iasi."""
    return text.translate(_LATIN)


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with Path(__file__).with_name("places.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def localities() -> Iterator[dict[str, Any]]:
    """Every locality as `locality/read` shows it."""
    for place, row in enumerate(_rows()):
        yield {
            "emag_id": int(row["id"]),
            "name": row["name"],
            "name_latin": row["name_latin"],
            "region1": "",
            "region1_latin": "",
            "region2": row["county"],
            "region2_latin": latin(row["county"]),
            "region3": "",
            "region3_latin": "",
            "region4": "",
            "region4_latin": "",
            "geoid": int(row["geoid"]),
            "modified": f"2025-{1 + place % 12:02d}-10 09:00:00",
            "zipcode": row["zipcode"],
            "country_code": row["country"],
            "iso2": f"{row['country']}-{row['county_code']}",
        }
