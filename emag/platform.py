"""eMAG and Fashion Days, as the rest of MagFlow knows them."""

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from accounts import platforms
from accounts.choices import Fulfilment
from emag.sites import EMAG, FASHION_DAYS, countries_of
from outbox import registry

FULFILMENTS: dict[str, str] = {Fulfilment.OWN: "MAIN (FBS)", Fulfilment.MARKETPLACE: "FBE"}


@dataclass(slots=True)
class EmagPlatform:
    """A marketplace that speaks eMAG's interface."""

    slug: str
    label: str
    countries: Collection[str]
    fulfilments: dict[str, str]

    def connect_url(self, account_id: int) -> str:
        return reverse("emag:connect_account", args=[account_id])

    def supports(self, intent: type) -> bool:
        return registry.supports(self.slug, intent)


def register() -> None:
    platforms.register(EmagPlatform(EMAG, "eMAG", countries_of(EMAG), FULFILMENTS))
    fashion_days = countries_of(FASHION_DAYS)
    platforms.register(EmagPlatform(FASHION_DAYS, "Fashion Days", fashion_days, FULFILMENTS))
