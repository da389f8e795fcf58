"""Boxes on the page of a marketplace account: its connection, its calls."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.registry import Panel, register_panel
from emag.models.credentials import Credential
from emag.services.causes import words_of
from emag.services.usage import since_when, usage_of
from emag.sites import PLATFORMS

PAGE = "accounts.marketplace_account_detail"


def connection(request: HttpRequest, account: Any) -> Mapping[str, object]:
    """Whether eMAG lets us in, since when, and what is in the way."""
    is_ours = account.platform in PLATFORMS
    credential = Credential.objects.filter(account=account).first() if is_ours else None
    trouble = words_of(credential) if credential else ""
    return {"account": account, "is_ours": is_ours, "credential": credential, "trouble": trouble}


def usage(request: HttpRequest, account: Any) -> Mapping[str, object]:
    """How much of each budget is used."""
    if account.platform not in PLATFORMS:
        return {"account": account, "buckets": []}
    return {"account": account, "buckets": usage_of(account), "since": since_when(account)}


def register() -> None:
    register_panel(
        Panel(
            PAGE, "emag_connection", _("Connection"), "accounts.view_marketplaceaccount",
            "emag/_connection.html", context=connection, model=MarketplaceAccount,
            topic="accounts", area="side", order=10,
        )
    )  # fmt: skip
    register_panel(
        Panel(
            PAGE, "emag_usage", _("Calls to the marketplace"), "emag.view_apicall",
            "emag/_usage.html", context=usage, model=MarketplaceAccount,
            lazy=True, area="main", order=20,
        )
    )  # fmt: skip
