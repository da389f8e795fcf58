"""eMAG and Fashion Days, as the rest of MagFlow knows them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse

from accounts import platforms
from accounts.choices import Fulfilment
from accounts.platforms import OrderLimits
from emag.sites import EMAG, FASHION_DAYS, countries_of
from outbox import registry

# What a seller may make of an order (emag-api §23), in the words of orders.choices.RemoteState.
# How long a customer may return something differs by category, from 14 days on; 30 are common.
# Within five days more eMAG decides; after that it surely says no.
UNDO = timedelta(hours=48)
RETURNS = timedelta(days=30 + 5)
ORDER_LIMITS = OrderLimits(
    moves={
        "new": {"accepted": None},  # by acknowledging it, and no other way
        "accepted": {"packed": None, "shipped": None, "cancelled": None},
        "packed": {"shipped": None, "cancelled": None},
        "shipped": {"packed": UNDO, "cancelled": UNDO, "returned": RETURNS},
        "cancelled": {"accepted": UNDO, "packed": UNDO, "shipped": UNDO},
    },
    lines_change_in=("accepted", "packed"),
)
FULFILMENTS: dict[str, str] = {Fulfilment.OWN: "MAIN (FBS)", Fulfilment.MARKETPLACE: "FBE"}


@dataclass(slots=True)
class EmagPlatform:
    """A marketplace that speaks eMAG's interface."""

    slug: str
    label: str
    countries: Collection[str]
    fulfilments: dict[str, str]
    order_limits: OrderLimits = ORDER_LIMITS

    def connect_url(self, account_id: int) -> str:
        return reverse("emag:connect_account", args=[account_id])

    def supports(self, intent: type) -> bool:
        return registry.supports(self.slug, intent)


def register() -> None:
    platforms.register(EmagPlatform(EMAG, "eMAG", countries_of(EMAG), FULFILMENTS))
    fashion_days = countries_of(FASHION_DAYS)
    platforms.register(EmagPlatform(FASHION_DAYS, "Fashion Days", fashion_days, FULFILMENTS))
