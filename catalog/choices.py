"""The states of an offer, and how each looks."""

from django.db import models
from django.utils.translation import pgettext_lazy


class OfferStatus(models.TextChoices):
    """Whether a product is on sale on an account, as far as that is ours to say."""

    ACTIVE = "active", pgettext_lazy("offer", "Active")
    INACTIVE = "inactive", pgettext_lazy("offer", "Inactive")
    ENDED = "ended", pgettext_lazy("offer", "Ended")


# What a person may set. An offer that has ended stays ended: what is sold again is a new offer.
SETTABLE = (OfferStatus.ACTIVE, OfferStatus.INACTIVE)

STATUS_BADGES: dict[str, tuple[str, str]] = {
    OfferStatus.ACTIVE: ("green", "check"),
    OfferStatus.INACTIVE: ("grey", "player-pause"),
    OfferStatus.ENDED: ("grey", "ban"),
}

MAX_STOCK = 65_535  # the most that any marketplace we know takes for an offer
