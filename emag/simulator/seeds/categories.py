"""The tree of categories with their characteristics, as `category/read` shows it."""

import csv
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

LANGUAGES = ("ro", "en", "hu", "bg")

# type_id of a characteristic, as the marketplace numbers them.
NUMBER, UNIT, TEXT, YES_NO, RESOLUTION, VOLUME, SIZE = 1, 2, 11, 20, 30, 40, 60


class Characteristic(NamedTuple):
    """One entry of the pool; a category says whether it is mandatory there."""

    id: int
    ro: str
    en: str
    type_id: int
    values: tuple[str, ...] = ()
    may_add: bool = True
    tags: tuple[str, ...] = ()


class Category(NamedTuple):
    """A leaf, where sellers publish, or a heading (`parent` 0)."""

    id: int
    parent: int
    names: dict[str, str]
    is_allowed: bool
    needs_ean: bool
    needs_warranty: bool
    characteristics: tuple[tuple[Characteristic, bool], ...]  # with "is mandatory"


_MATERIALS = (
    "Bumbac Poliester Piele Silicon Inox Aluminiu Ceramică Plastic Lemn Sticlă Microfibră "
    "Cauciuc Textil"
)
_COLOURS = "Negru Alb Gri Roșu Albastru Verde Galben Portocaliu Roz Mov Maro Bej Argintiu Auriu"
_SHOE_SIZES = [str(size) for size in range(34, 48)]
_PHONES = tuple(
    f"{maker} {model}{version}"
    for maker, models in (
        ("Samsung Galaxy", ("S21", "S22", "S23", "S24", "S25", "A14", "A25", "A35", "A55")),
        ("Apple iPhone", ("11", "12", "13", "14", "15", "16", "17")),
        ("Xiaomi Redmi", ("10", "12", "13", "14", "Note 11", "Note 12", "Note 13", "Note 14")),
        ("Motorola Moto", ("G54", "G55", "G84", "G85", "Edge 40", "Edge 50")),
        ("Huawei", ("P30", "P40", "P50", "P60", "Nova 11", "Nova 12", "Pura 70")),
        ("Honor", ("90", "200", "400", "Magic 5", "Magic 6", "Magic 7", "X8")),
        ("Google Pixel", ("6", "7", "8", "9", "10")),
        ("OnePlus", ("10", "11", "12", "13", "Nord 3", "Nord 4")),
        ("Oppo", ("Reno 10", "Reno 11", "Reno 12", "A60", "A80")),
        ("Realme", ("11", "12", "13", "C55", "C67")),
    )
    for model in models
    for version in ("", " Pro", " Plus", " Ultra", " Lite")
)

_POOL = {
    entry.id: entry
    for entry in (
        Characteristic(5401, "Culoare", "Colour", TEXT, tuple(_COLOURS.split())),
        Characteristic(
            5402,
            "Material",
            "Material",
            TEXT,
            tuple(_MATERIALS.split()),
        ),
        Characteristic(
            5403, "Greutate", "Weight", UNIT, ("250 g", "500 g", "1 kg", "3 kg", "15 kg")
        ),
        Characteristic(5404, "Dimensiuni", "Dimensions", VOLUME, ("30 x 40 x 50", "20 x 20 x 30")),
        Characteristic(
            5405, "Putere", "Power", UNIT, ("10 W", "45 W", "900 W", "1500 W", "2200 W")
        ),
        Characteristic(5406, "Capacitate", "Capacity", UNIT, ("330 ml", "500 ml", "1.5 l", "20 l")),
        Characteristic(5407, "Număr piese", "Number of pieces", NUMBER),
        Characteristic(5408, "Fără fir", "Cordless", YES_NO, ("Yes", "No", "N/A"), False),
        Characteristic(
            5409,
            "Rezoluție",
            "Resolution",
            RESOLUTION,
            ("1280 x 720", "1920 x 1080", "2560 x 1440", "3840 x 2160"),
        ),
        Characteristic(5410, "Compatibil cu", "Compatible with", TEXT, _PHONES, False),
        Characteristic(
            5411,
            "Vârstă recomandată",
            "Recommended age",
            TEXT,
            ("0 - 1 ani", "1 - 3 ani", "3 - 6 ani", "6 - 12 ani", "12 ani +"),
        ),
        Characteristic(
            5412, "Tip ambalaj", "Packaging", TEXT, ("Plastic", "Metal", "Sticlă"), False
        ),
        Characteristic(5414, "Tensiune", "Voltage", UNIT, ("12 V", "18 V", "20 V", "230 V")),
        Characteristic(5415, "Lungime", "Length", UNIT, ("1 m", "2 m", "5 m", "20 m", "30 m")),
        Characteristic(
            5416, "Aromă", "Flavour", TEXT, ("Natur", "Pui", "Vită", "Lămâie", "Lavandă")
        ),
        Characteristic(5418, "Număr pagini", "Number of pages", NUMBER),
        Characteristic(5419, "Capacitate baterie", "Battery", UNIT, ("10000 mAh", "20000 mAh")),
        Characteristic(5420, "Diametru", "Diameter", UNIT, ("14 cm", "20 cm", "24 cm", "28 cm")),
        Characteristic(
            6506,
            "Mărime",
            "Size",
            SIZE,
            tuple(f"{size} EU" for size in _SHOE_SIZES)
            + tuple(f"{size} intl" for size in _SHOE_SIZES),
            False,
            ("original", "converted"),
        ),
        Characteristic(6507, "Mărime", "Size", SIZE, ("S", "M", "L", "XL", "XXL"), False),
    )
}

# Where variants of one product may form a family, and by which characteristic they differ.
FAMILY_TYPES = {
    2735: (95, "Mărime", 6506, 2),
    2736: (96, "Mărime", 6507, 2),
    2721: (97, "Model telefon", 5410, 2),
    2744: (98, "Culoare", 5401, 1),
}


@cache
def categories() -> dict[int, Category]:
    """Every category by id."""
    with Path(__file__).with_name("categories.csv").open(encoding="utf-8", newline="") as file:
        return {int(row["id"]): _category(row) for row in csv.DictReader(file)}


def _category(row: dict[str, str]) -> Category:
    return Category(
        id=int(row["id"]),
        parent=int(row["parent"]),
        names={language: row[language] for language in LANGUAGES},
        is_allowed=row["allowed"] == "1",
        needs_ean=row["ean"] == "1",
        needs_warranty=row["warranty"] == "1",
        characteristics=tuple(
            (_POOL[int(entry.rstrip("!"))], entry.endswith("!"))
            for entry in row["characteristics"].split()
        ),
    )


def characteristic(category: Category, number: int) -> Characteristic | None:
    """The characteristic of that number, where the category has it."""
    return next((one for one, _ in category.characteristics if one.id == number), None)


def shown(category: Category, language: str, *, is_allowed: bool) -> dict[str, Any]:
    """One element of `category/read`; `details()` adds what only a single read shows."""
    return {
        "id": category.id,
        "name": category.names.get(language, category.names["en"]),
        "is_allowed": int(is_allowed),
        "parent_id": category.parent or None,
        "is_ean_mandatory": int(category.needs_ean),
        "is_warranty_mandatory": int(category.needs_warranty),
        "characteristics": [],
        "family_types": [],
    }


def details(category: Category, language: str, *, page: int, per_page: int) -> dict[str, Any]:
    """Characteristics with one page of their values, and the family types."""
    start = (page - 1) * per_page
    characteristics = [
        {
            "id": one.id,
            "name": one.ro if language == "ro" else one.en,
            "type_id": one.type_id,
            "display_order": place,
            "is_mandatory": int(is_mandatory),
            "is_filter": int(one.type_id in (TEXT, SIZE)),
            "allow_new_value": int(one.may_add),
            "values": list(one.values[start : start + per_page]),
            "tags": list(one.tags),
        }
        for place, (one, is_mandatory) in enumerate(category.characteristics, start=1)
    ]
    families = []
    if category.id in FAMILY_TYPES:
        number, name, differs_by, display = FAMILY_TYPES[category.id]
        families.append(
            {
                "id": number,
                "name": name,
                "characteristics": [
                    {
                        "characteristic_id": differs_by,
                        "characteristic_family_type_id": display,
                        "is_foldable": 1,
                        "display_order": 1,
                    }
                ],
            }
        )
    return {"characteristics": characteristics, "family_types": families}
