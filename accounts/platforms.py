"""Which marketplaces this installation can talk to.

An adapter app describes its marketplace once, in its AppConfig.ready():

    platforms.register(MyMarketplace())

Everything below the adapter asks here and knows no marketplace by name.
"""

from collections.abc import Collection
from typing import Protocol

from accounts.choices import Fulfilment


class Platform(Protocol):
    """One marketplace, as its adapter describes it."""

    slug: str
    label: str
    countries: Collection[str]
    # How it calls each way of shipping it offers, for example {Fulfilment.OWN: "Own stock"}.
    fulfilments: dict[str, str]

    def connect_url(self, account_id: int) -> str:
        """The page where the account's credentials are entered; empty when it needs none."""

    def supports(self, intent: type) -> bool:
        """Whether it can carry out this kind of intent; if not, its button disappears."""


_platforms: dict[str, Platform] = {}


def register(platform: Platform) -> None:
    if _platforms.setdefault(platform.slug, platform) is not platform:
        raise ValueError(f"The platform {platform.slug!r} is registered twice")


def unregister(slug: str) -> None:
    _platforms.pop(slug, None)


def get(slug: str) -> Platform | None:
    return _platforms.get(slug)


def choices() -> list[tuple[str, str]]:
    return sorted(((slug, p.label) for slug, p in _platforms.items()), key=lambda pair: pair[1])


def label(slug: str) -> str:
    """A name to show even when the adapter has been removed since."""
    platform = get(slug)
    return platform.label if platform else slug


def fulfilment_label(slug: str, fulfilment: str) -> str:
    platform = get(slug)
    own_word = platform.fulfilments.get(fulfilment, "") if platform else ""
    return own_word or str(Fulfilment(fulfilment).label)
