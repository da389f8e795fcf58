"""The client of a connected account."""

from __future__ import annotations

import os
import threading
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount
from core.errors import RuleViolation, SetupNeeded
from core.ratelimit import PATIENCE
from emag.client import other_address
from emag.client.emag_client import EmagClient
from emag.client.gates import Budgets
from emag.client.line import Line
from emag.client.log import CallLog
from emag.models.credentials import Credential
from emag.sites import site_of

QUICK_PATIENCE = 5.0
MOST_LINES = 64

_lines: dict[tuple[object, ...], Line] = {}
_lock = threading.Lock()


def client_for(
    account: MarketplaceAccount,
    *,
    patience: float | None = None,
    quick: bool = False,
    replay_of: str = "",
) -> EmagClient:
    """The client of an account, with the credentials it was connected with; it keeps the call log.

    Raises SetupNeeded, with the page where, for an account that was never connected.
    """
    credential = Credential.objects.filter(account=account).first()
    if credential is None:
        raise SetupNeeded(
            _("%(name)s is not connected to eMAG yet.") % {"name": account},
            reverse("emag:connect_credentials", args=[account.pk]),
        )
    credential.account = account
    return client_of(credential, patience=patience, quick=quick, replay_of=replay_of)


def client_of(
    credential: Credential,
    *,
    patience: float | None = None,
    quick: bool = False,
    replay_of: str = "",
) -> EmagClient:
    """The client for credentials, stored or about to be.

    Raises SetupNeeded where the site may not call their address: it may have become a production
    site after they were stored.
    """
    account = credential.account
    _check_address(credential)
    line = _line_of(credential)
    if patience is None:
        patience = QUICK_PATIENCE if quick else PATIENCE
    return EmagClient(
        site_of(account), line.base_url, credential.username, "", gate_prefix(account.pk),
        CallLog(account.pk, line.secrets, replay_of), patience=patience, quick=quick, line=line,
    )  # fmt: skip


def _check_address(credential: Credential) -> None:
    try:
        other_address.check_form(credential.base_url)
    except RuleViolation as problem:
        raise SetupNeeded(
            str(problem), reverse("emag:connect_credentials", args=[credential.account_id])
        ) from problem


def gate_prefix(account_id: int) -> str:
    """What the gates of an account are called: "emag:7:orders", "emag:7:rest", "emag:7:ean"."""
    return f"emag:{account_id}"


def _line_of(credential: Credential) -> Line:
    """The account's line in this process, so that connections stay open from call to call.

    New credentials make a new line, and so does a forked process: a connection has one owner.
    """
    account = credential.account
    base_url = credential.base_url or site_of(account).base_url
    key = (
        os.getpid(), account.pk, account.time_zone, base_url, credential.username,
        credential.password.token,
    )  # fmt: skip
    with _lock:
        line = _lines.get(key)
        if line is None:
            line = Line(
                base_url=base_url,
                username=credential.username,
                password=credential.password.reveal(),
                zone=ZoneInfo(account.time_zone),
                budgets=Budgets(gate_prefix(account.pk)),
                only_public=other_address.must_be_public(credential.base_url),
            )
            while len(_lines) >= MOST_LINES:
                del _lines[next(iter(_lines))]
            _lines[key] = line
        return line
