"""The shops of eMAG and Fashion Days, as data: where each one's interface is, and how it counts."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.choices import COUNTRY_FACTS, Country
from accounts.models import MarketplaceAccount

EMAG, FASHION_DAYS = "emag", "fashiondays"
PLATFORMS = (EMAG, FASHION_DAYS)


@dataclass(frozen=True, slots=True)
class Site:
    """One shop in one country. Each has its own accounts, offers, numbers and limits."""

    name: str  # what --platform takes: "emag-ro"
    platform: str  # what accounts.platforms knows it by
    country: str
    label: str | Promise
    base_url: str
    seller_url: str  # where people sign in to grant rights and register addresses

    @property
    def time_zone(self) -> str:
        """The zone of the times in its answers.

        Nothing official says so. For Romania it is seen in practice; for the others it is a guess
        that an account may correct with a time zone of its own.
        """
        return COUNTRY_FACTS[self.country].time_zone

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def currency_on(self, day: dt.date) -> str:
        """The money of its prices on that day; Bulgaria changed over to the euro with 2026.

        >>> site("emag-bg").currency_on(dt.date(2025, 12, 31))
        'BGN'
        >>> site("fashiondays-bg").currency_on(dt.date(2026, 1, 1))
        'EUR'
        """
        return COUNTRY_FACTS[self.country].currency_on(day)


SITES: tuple[Site, ...] = (
    Site(
        "emag-ro", EMAG, Country.ROMANIA, _("eMAG Romania"),
        "https://marketplace-api.emag.ro/api-3", "https://marketplace.emag.ro",
    ),
    Site(
        "emag-bg", EMAG, Country.BULGARIA, _("eMAG Bulgaria"),
        "https://marketplace-api.emag.bg/api-3", "https://marketplace.emag.bg",
    ),
    Site(
        "emag-hu", EMAG, Country.HUNGARY, _("eMAG Hungary"),
        "https://marketplace-api.emag.hu/api-3", "https://marketplace.emag.hu",
    ),
    Site(
        "fashiondays-ro", FASHION_DAYS, Country.ROMANIA, _("Fashion Days Romania"),
        "https://marketplace-ro-api.fashiondays.com/api-3",
        "https://marketplace-ro.fashiondays.com",
    ),
    Site(
        "fashiondays-bg", FASHION_DAYS, Country.BULGARIA, _("Fashion Days Bulgaria"),
        "https://marketplace-bg-api.fashiondays.com/api-3",
        "https://marketplace-bg.fashiondays.com",
    ),
)  # fmt: skip

_BY_NAME = {site.name: site for site in SITES}
_BY_PLACE = {(site.platform, site.country): site for site in SITES}


def site(name: str) -> Site:
    """The site called "emag-ro" and so on; KeyError where there is none."""
    return _BY_NAME[name]


def find(platform: str, country: str) -> Site | None:
    return _BY_PLACE.get((platform, country))


def site_of(account: MarketplaceAccount) -> Site:
    """The site an account is on; KeyError for one of another marketplace."""
    return _BY_PLACE[account.platform, account.country]


def countries_of(platform: str) -> tuple[str, ...]:
    return tuple(site.country for site in SITES if site.platform == platform)
