"""What happens to an account that eMAG does not let in: it rests, and people are told why.

Asking again and again with a wrong password makes it worse. So the first refusal stops everything
of that account, readings and commands alike, until its credentials are changed or a test succeeds.
Other accounts go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import MarketplaceAccount, User
from core import audit, live
from core.errors import RemoteAuthFailed
from emag.client.errors import NoRights
from emag.models import Credential, Trouble
from emag.services.causes import refused_address, words_of
from outbox.services import pause_lane, resume_if_paused_for

# What makes an account rest; a line that is down only makes a run fail, and the next one tries.
RESTING = frozenset({Trouble.PASSWORD, Trouble.IP, Trouble.RIGHTS})
AUTH = "auth"  # why its commands are not sent, in the words of the outbox
CAUSES: dict[str, Trouble] = {
    "emag_credentials": Trouble.PASSWORD,
    "emag_address": Trouble.IP,
}
# How often a resting account is tested by itself: an address may be registered at any moment, a
# wrong password does not become right.
TEST_EVERY: dict[str, timedelta] = {
    Trouble.IP: timedelta(minutes=10),
    Trouble.PASSWORD: timedelta(hours=6),
    Trouble.RIGHTS: timedelta(hours=1),
}


@transaction.atomic
def put_to_rest(
    account: MarketplaceAccount,
    kind: str,
    words: str,
    *,
    address: str = "",
    asked_at: datetime | None = None,
) -> None:
    """eMAG refused the account: note why, stop its commands, tell everybody, once.

    `asked_at` is when the work began that was refused: what began before the credentials were
    changed was refused because of the old ones.
    """
    credential = Credential.objects.select_for_update().filter(account=account).first()
    if credential is None or (asked_at is not None and asked_at < credential.changed_at):
        return
    is_news = credential.trouble_kind != kind
    credential.trouble_kind, credential.trouble = kind, words
    credential.checked_at = timezone.now()
    if kind == Trouble.IP:
        credential.outgoing_ip = address or None  # what eMAG saw before may be over
    credential.save(update_fields=["trouble_kind", "trouble", "checked_at", "outgoing_ip"])
    pause_lane(account.platform, account, reason_kind=AUTH, reason=words, seen_at=asked_at)
    if is_news:
        audit.record("emag_account.refused", account, by=None, note=words)
        live.touch("accounts", account.pk)
        live.touch("jobs")


@transaction.atomic
def note_trouble(account: MarketplaceAccount, kind: str, words: str) -> None:
    """Something is in the way that makes nobody rest. It does not hide why an account rests."""
    credential = Credential.objects.select_for_update().filter(account=account).first()
    if credential is None:
        return
    if credential.trouble_kind not in RESTING:
        credential.trouble_kind, credential.trouble = kind, words
    credential.checked_at = timezone.now()
    credential.save(update_fields=["trouble_kind", "trouble", "checked_at"])
    live.touch("accounts", account.pk)


@transaction.atomic
def wake(account: MarketplaceAccount, *, by: User | None = None) -> bool:
    """eMAG lets the account in again: go on with everything. False: it was not resting."""
    credential = Credential.objects.select_for_update().filter(account=account).first()
    if credential is None:
        return False
    was_paused = resume_if_paused_for(account.platform, account, AUTH, by=by)
    was_resting = was_paused or credential.trouble_kind in RESTING
    credential.trouble_kind = credential.trouble = ""
    credential.worked_at = credential.checked_at = timezone.now()
    credential.save(update_fields=["trouble_kind", "trouble", "worked_at", "checked_at"])
    if was_resting:
        audit.record("emag_account.accepted", account, by=by)
        live.touch("jobs")
    live.touch("accounts", account.pk)
    return was_resting


def resting(account: MarketplaceAccount) -> Credential | None:
    """The credentials of an account that must be left alone; None when it may be worked."""
    return Credential.objects.filter(account=account, trouble_kind__in=RESTING).first()


def is_test_due(credential: Credential) -> bool:
    """Whether a resting account may be tried again."""
    every = TEST_EVERY.get(credential.trouble_kind, timedelta(0))
    return credential.checked_at is None or timezone.now() - credential.checked_at >= every


def words_for(credential: Credential) -> str:
    """What is wrong with an account and what it means, for a banner."""
    texts = {
        Trouble.PASSWORD: _("eMAG refuses the user or password of %(account)s."),
        Trouble.IP: _("eMAG does not know the internet address from which %(account)s is called."),
        Trouble.RIGHTS: _("The eMAG user of %(account)s has no right to use the interface."),
    }
    text = texts.get(Trouble(credential.trouble_kind)) if credential.trouble_kind else None
    consequence = _("Nothing is read or sent until this is put right.")
    if text is None:
        return words_of(credential)
    return f"{text % {'account': credential.account.name}} {consequence}"


@contextmanager
def resting_on_refusal(account: MarketplaceAccount) -> Iterator[None]:
    """Whoever is refused inside makes the account rest; the error goes on.

    A single right that is missing makes nobody rest: only the work that needs it fails.
    """
    began = timezone.now()
    try:
        yield
    except RemoteAuthFailed as problem:
        kind = CAUSES.get(problem.code, Trouble.PASSWORD)
        address = refused_address(problem)
        put_to_rest(account, kind, str(problem), address=address, asked_at=began)
        raise


@contextmanager
def resting_without_orders(account: MarketplaceAccount) -> Iterator[None]:
    """The same for who reads orders: an account that may not see them has nothing to work on."""
    began = timezone.now()
    try:
        with resting_on_refusal(account):
            yield
    except NoRights as problem:
        put_to_rest(account, Trouble.RIGHTS, str(problem), asked_at=began)
        raise
