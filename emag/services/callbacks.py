"""The addresses that a seller enters at eMAG, so that it calls when something happens (§8)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from emag.models.credentials import Credential

# In the order and, as far as one can tell, with the words of the seller interface.
KINDS: dict[str, str | Promise] = {
    "order": _("New order"),
    "cancel": _("Cancelled order"),
    "return": _("New return, and its changes"),
    "awb": _("Waybill status"),
    "documentation": _("Approved documentation"),
}
HOME = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Address:
    """One line to copy."""

    kind: str
    label: str | Promise
    url: str


def addresses(credential: Credential) -> list[Address]:
    return [Address(kind, label, _url(credential, kind)) for kind, label in KINDS.items()]


def _url(credential: Credential, kind: str) -> str:
    return f"{settings.SITE_URL}{reverse('emag:hook', args=[credential.hook_token, kind])}"


def is_reachable() -> bool:
    """Whether eMAG could call us at all: not where the pages are only this computer's."""
    return urlsplit(settings.SITE_URL).hostname not in HOME
