"""What Ctrl+K finds here."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from catalog.models import Offer
from core.registry import Hit, register_search
from core.text import fold

MOST = 6


def find_offers(user: Any, text: str) -> Sequence[Hit]:
    if not user.has_perm("catalog.view_offer"):
        return ()
    found = Offer.objects.select_related("account")
    for word in fold(text).split():
        found = found.filter(search_text__contains=word)
    return [
        Hit(offer.name or str(offer), offer.get_absolute_url(), "tag", _("Offer"),
            f"{offer.sku} · {offer.account}")
        for offer in found[:MOST]
    ]  # fmt: skip


def register() -> None:
    register_search(find_offers)
