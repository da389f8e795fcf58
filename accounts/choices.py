"""Who may be what, and the facts that come with a country."""

import datetime as dt
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    PICKER = "picker", _("Picker")
    PACKER = "packer", _("Packer")
    ACCOUNTANT = "accountant", _("Accountant")
    VIEWER = "viewer", _("Viewer")


class Theme(models.TextChoices):
    SYSTEM = "system", _("Like the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Density(models.TextChoices):
    COMFORTABLE = "comfortable", _("Comfortable")
    COMPACT = "compact", _("Compact")


class PersonStatus(models.TextChoices):
    """Where somebody stands; read from the row, never stored."""

    INVITED = "invited", _("Invited")
    ACTIVE = "active", _("Active")
    DEACTIVATED = "deactivated", _("Deactivated")


# How a status looks, the same everywhere: its tone and its icon.
PERSON_STATUS_BADGES: dict[str, tuple[str, str]] = {
    PersonStatus.INVITED: ("blue", "mail"),
    PersonStatus.ACTIVE: ("green", "check"),
    PersonStatus.DEACTIVATED: ("grey", "ban"),
}


class Country(models.TextChoices):
    ROMANIA = "RO", _("Romania")
    BULGARIA = "BG", _("Bulgaria")
    HUNGARY = "HU", _("Hungary")


class Currency(models.TextChoices):
    RON = "RON", _("RON, Romanian leu")
    EUR = "EUR", _("EUR, euro")
    HUF = "HUF", _("HUF, Hungarian forint")


class Fulfilment(models.TextChoices):
    """Whose hands the parcel leaves from."""

    OWN = "own", _("We ship")
    MARKETPLACE = "marketplace", _("The marketplace ships")


class InvoiceOn(models.TextChoices):
    """The moment at which an order of the account gets its invoice."""

    SHIPPED = "shipped", _("When the parcel is handed over")
    DELIVERED = "delivered", _("When the parcel is delivered")
    BY_HAND = "by_hand", _("Only when somebody asks for it")


@dataclass(frozen=True, slots=True)
class CountryFacts:
    """What a new account in this country starts with; the account keeps its own copy."""

    time_zone: str
    # Oldest first: the day from which each currency has been the country's money.
    currencies: tuple[tuple[dt.date, str], ...]

    def currency_on(self, day: dt.date) -> str:
        return [code for start, code in self.currencies if start <= day][-1]


COUNTRY_FACTS: dict[str, CountryFacts] = {
    Country.ROMANIA: CountryFacts("Europe/Bucharest", ((dt.date(2005, 7, 1), "RON"),)),
    Country.BULGARIA: CountryFacts(
        "Europe/Sofia", ((dt.date(1999, 7, 5), "BGN"), (dt.date(2026, 1, 1), "EUR"))
    ),
    Country.HUNGARY: CountryFacts("Europe/Budapest", ((dt.date(1946, 8, 1), "HUF"),)),
}
