"""Which marketplaces this installation can talk to.

An adapter app describes its marketplace once, in its AppConfig.ready():

    platforms.register(MyMarketplace())

Everything below the adapter asks here and knows no marketplace by name.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from accounts.choices import Fulfilment


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """What a marketplace lets its sellers do to orders, in the neutral words for its states.

    `moves` says from which state an order gets to which, and for how long after it came to the
    first; None is for ever. In the states of `lines_change_in` quantities may change.
    """

    moves: Mapping[str, Mapping[str, timedelta | None]] = field(default_factory=dict)
    lines_change_in: Collection[str] = ()


class Platform(Protocol):
    """One marketplace, as its adapter describes it."""

    slug: str
    label: str
    countries: Collection[str]
    # How it calls each way of shipping it offers, for example {Fulfilment.OWN: "Own stock"}.
    fulfilments: dict[str, str]
    order_limits: OrderLimits

    def connect_url(self, account_id: int) -> str:
        """The page where the account's credentials are entered; empty when it needs none."""

    def supports(self, intent: type) -> bool:
        """Whether it can carry out this kind of intent; if not, its button disappears."""


_platforms: dict[str, Platform] = {}


def register(platform: Platform) -> None:
    if _platforms.setdefault(platform.slug, platform) is not platform:
        raise ValueError(f"The platform {platform.slug!r} is registered twice")


def get(slug: str) -> Platform | None:
    return _platforms.get(slug)


def choices() -> list[tuple[str, str]]:
    return sorted(((slug, p.label) for slug, p in _platforms.items()), key=lambda pair: pair[1])


def label(slug: str) -> str:
    """A name to show even when the adapter has been removed since."""
    platform = get(slug)
    return platform.label if platform else slug


def order_limits(slug: str) -> OrderLimits:
    """Nothing is allowed at a marketplace that nobody can talk to."""
    platform = get(slug)
    return platform.order_limits if platform else OrderLimits()


def fulfilment_label(slug: str, fulfilment: str) -> str:
    platform = get(slug)
    own_word = platform.fulfilments.get(fulfilment, "") if platform else ""
    return own_word or str(Fulfilment(fulfilment).label)
