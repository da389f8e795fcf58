"""Who buys: Romanian customers and companies with addresses, made from a stream of chance."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from emag.simulator.seeds.places import localities

WOMEN = (
    "Ioana Maria Elena Andreea Alexandra Cristina Mihaela Gabriela Daniela Simona Raluca "
    "Bianca Denisa Roxana Larisa Anca Oana Laura Adriana Irina Corina Diana Monica Carmen "
    "Teodora Ștefania Ilinca Mălina Anamaria Georgiana Nicoleta Loredana Paula Sorina "
    "Valentina"
).split()
MEN = (
    "Andrei Mihai Alexandru Ionuț Cristian Gabriel Adrian Bogdan Ștefan Vlad Radu Florin "
    "Marius Răzvan Cătălin Dragoș Sorin Octavian Tudor Matei Lucian Ovidiu Silviu Dănuț "
    "Călin Horia Nicolae Gheorghe Vasile Constantin Emil Liviu Eduard Robert Sebastian"
).split()
SURNAMES = (
    "Popescu Ionescu Popa Radu Dumitru Stan Stoica Gheorghe Matei Rusu Munteanu Țepeș "
    "Moldovan Mureșan Constantinescu Dobre Ene Nistor Șerban Lazăr Cojocaru Ciobanu Bălan "
    "Tănase Enache Păun Mocanu Ungureanu Bîrsan Grigore Vlad Sandu Voicu Anghel Toma Iliescu "
    "Cristea Nedelcu Manole Niculae Preda Ștefănescu Avram Dinu Ursu Olteanu Barbu Neagu "
    "Zamfir Văcărescu Crăciun Filip Țurcanu Sârbu Oprea Marinescu"
).split()
STREETS = (
    "Str. Mihai Eminescu|Bd. Unirii|Str. Ștefan cel Mare|Calea Victoriei|Str. Florilor|"
    "Aleea Castanilor|Str. Gării|Bd. Independenței|Str. Avram Iancu|Str. Nicolae Bălcescu|"
    "Șos. Pantelimon|Str. Livezilor|Str. Teiului|Bd. 1 Decembrie 1918|"
    "Str. Alexandru Ioan Cuza|Str. Viilor|Calea Moților|Str. Crângului|Str. Principală|"
    "Str. Decebal|Bd. Timișoara|Str. Păcii|Str. Zorilor|Aleea Trandafirilor"
).split("|")
COMPANIES = (
    "Lumen Construct|Agro Vest Prod|Nordis Media|Carpat Trans Log|Digital Atelier|"
    "Brutăria Veche|Medica Plus|Alfa Instal|Pixel Birou|Eco Grădina|Montaj Rapid|"
    "Delta Service Auto|Școala Verde|Hidro Proiect|Vinoteca Sud"
).split("|")
LOCKERS = (
    "Penny|Mega Image|Profi|Lukoil|OMV|Kaufland|Carrefour Express|Rompetrol|La Doi Pași|"
    "Piața Centrală"
).split("|")
BANKS = (("BTRL", "Banca Transilvania"), ("RNCB", "BCR"), ("BRDE", "BRD"), ("INGB", "ING Bank"))
CUI_WEIGHTS = (7, 5, 3, 2, 1, 7, 5, 3, 2)
COUNTRY_NAMES = {
    "ro": "Romania",
    "bg": "Bulgaria",
    "hu": "Hungary",
    "fd-ro": "Romania",
    "fd-bg": "Bulgaria",
}


class Place(NamedTuple):
    id: int
    city: str
    county: str
    zipcode: str
    country: str


class Locker(NamedTuple):
    id: str
    name: str
    number: int
    street: str
    place: Place


@cache
def places(country: str) -> tuple[Place, ...]:
    found = tuple(
        Place(row["emag_id"], row["name"], row["region2"], row["zipcode"], row["country_code"])
        for row in localities()
        if row["country_code"] == country
    )
    return found or places("RO")


def place(rng: Random, platform: str) -> Place:
    """Most people live in the places that come first: county seats."""
    known = places({"bg": "BG", "fd-bg": "BG", "hu": "HU"}.get(platform, "RO"))
    return known[
        min(int(rng.paretovariate(0.6)) - 1, len(known) - 1)
        if rng.random() < 0.3
        else rng.randrange(len(known))
    ]


def street(rng: Random) -> str:
    number = rng.randint(1, 180)
    name = rng.choice(STREETS)
    if rng.random() < 0.5:
        return f"{name} nr. {number}"
    block = f"bl. {rng.choice('ABCDEMPS')}{rng.randint(1, 40)}, sc. {rng.randint(1, 4)}"
    return f"{name} nr. {number}, {block}, ap. {rng.randint(1, 80)}"


def locker(rng: Random, platform: str) -> Locker:
    number = rng.randint(10_001, 19_999)
    where = place(rng, platform)
    host = rng.choice(LOCKERS)
    id = str(UUID(int=rng.getrandbits(128), version=4))
    return Locker(
        id,
        f"easybox {host} {where.city}",
        number,
        f"{rng.choice(STREETS)} nr. {rng.randint(1, 200)}",
        where,
    )


def fiscal_code(rng: Random) -> str:
    """A CUI whose check digit is right."""
    digits = [rng.randint(1, 4), *(rng.randint(0, 9) for _ in range(6))]
    padded = [0] * (9 - len(digits)) + digits
    check = (
        sum(weight * digit for weight, digit in zip(CUI_WEIGHTS, padded, strict=True))
        * 10
        % 11
        % 10
    )
    return "".join(map(str, digits)) + str(check)


def bank_account(rng: Random, bank: str) -> str:
    """An IBAN whose check digits are right."""
    rest = f"{bank}{rng.randrange(10**16):016d}"
    number = int("".join(str(int(sign, 36)) for sign in f"{rest}RO00"))
    return f"RO{98 - number % 97:02d}{rest}"


def trade_number(rng: Random) -> str:
    return f"J{rng.randint(1, 40)}/{rng.randint(10, 9_999)}/{rng.randint(1998, 2025)}"


def phone(rng: Random) -> str:
    return f"07{rng.choice('023456')}{rng.randint(0, 9)}{rng.randint(100_000, 999_999)}"


def customer(
    rng: Random, *, platform: str, stamp: str, legal: bool, to: Locker | None
) -> dict[str, Any]:
    """The customer of one order, every key present. With `to` the parcel goes to a locker."""
    woman = rng.random() < 0.55
    person = f"{rng.choice(WOMEN if woman else MEN)} {rng.choice(SURNAMES)}"
    number = phone(rng)
    home = place(rng, platform)
    billing_street = street(rng)
    ship, shipping_street = home, billing_street
    if to is not None:
        ship, shipping_street = to.place, f"{to.street} [EasyBox #{to.number}]"
    elif rng.random() < 0.15:
        ship, shipping_street = place(rng, platform), street(rng)
    country = COUNTRY_NAMES[platform] if rng.random() < 0.2 else home.country
    company = f"{rng.choice(COMPANIES)} SRL" if legal else person
    bank, bank_name = rng.choice(BANKS)
    id = rng.randint(20_000_000, 29_999_999)
    return {
        "id": id,
        "mkt_id": rng.randint(9_000_000, 9_999_999),
        "name": person,
        "email": f"{rng.getrandbits(40):010x}@emag.example",
        "company": company,
        "gender": "F" if woman else "M",
        "code": f"RO{fiscal_code(rng)}" if legal else "",
        "registration_number": trade_number(rng) if legal else "",
        "bank": bank_name if legal else "",
        "iban": (bank_account(rng, bank) if rng.random() < 0.6 else "-") if legal else "",
        "fax": "",
        "legal_entity": int(legal),
        "is_vat_payer": int(legal and rng.random() < 0.7),
        "phone_1": number,
        "phone_2": "",
        "phone_3": "",
        "billing_name": company,
        "billing_phone": number,
        "billing_country": country,
        "billing_suburb": home.county,
        "billing_city": home.city,
        "billing_locality_id": str(home.id),
        "billing_street": billing_street,
        "billing_postal_code": home.zipcode if rng.random() < 0.5 else "",
        "liable_person": person if legal else None,
        "shipping_country": country,
        "shipping_suburb": ship.county,
        "shipping_city": ship.city,
        "shipping_locality_id": str(ship.id),
        "shipping_street": shipping_street,
        "shipping_postal_code": ship.zipcode if rng.random() < 0.5 else "",
        "shipping_contact": person,
        "shipping_phone": number,
        "created": stamp,
        "modified": stamp,
    }
