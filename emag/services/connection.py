"""The test of a connection: may we call, and if not, what exactly is in the way?"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import (
    ContractDrift,
    MagFlowError,
    RemoteAuthFailed,
    RemoteRejected,
    RuleViolation,
)
from core.language import for_everybody
from core.ratelimit import RateLimited
from emag.client import client_of, errors, other_address
from emag.models.credentials import Credential, Trouble
from emag.services import causes
from emag.services.trouble import RESTING, note_trouble, put_to_rest, wake
from emag.sites import site_of

HTTPS = 443
TESTED = ["checked_at", "worked_at", "trouble_kind", "trouble", "outgoing_ip"]  # what a test finds


@dataclass(frozen=True, slots=True)
class Check:
    """What a test of a connection found. `cause` is empty where all is well."""

    ok: bool
    cause: str
    say: Callable[[], str]
    outgoing_ip: str = ""

    @property
    def words(self) -> str:
        """In the language of who reads it now: the test is told to one and kept for all."""
        return self.say()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The address our calls come from. `is_seen`: eMAG said so; else this computer thinks so."""

    address: str
    is_seen: bool

    @property
    def is_public(self) -> bool:
        return bool(self.address) and ipaddress.ip_address(self.address).is_global


def check_connection(credential: Credential, *, by: User | None = None) -> Check:
    """Try to call, name the cause where it fails, and remember the result.

    Where eMAG lets us in again, everything of the account goes on; where it refuses us, it rests.
    """
    began, account = timezone.now(), credential.account
    with for_everybody():  # the words are kept
        check = try_connection(credential)
        words = check.words
    if check.ok:
        wake(account, by=by)
    elif check.cause in RESTING:
        put_to_rest(account, check.cause, words, address=check.outgoing_ip, asked_at=began)
    else:
        note_trouble(account, check.cause, words)
    if check.outgoing_ip:
        Credential.objects.filter(pk=credential.pk).update(outgoing_ip=check.outgoing_ip)
    credential.refresh_from_db(fields=TESTED)
    return check


def try_connection(credential: Credential) -> Check:
    """The test itself. It changes nothing, neither here nor there, and ends in some ten seconds."""
    host = host_of(credential)
    try:
        socket.getaddrinfo(host, HTTPS, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        cause = Trouble.ADDRESS if credential.base_url else Trouble.NETWORK
        return Check(False, cause, partial(_unknown_words, host))
    try:
        other_address.check(credential.base_url)
    except RuleViolation as problem:
        return Check(False, Trouble.ADDRESS, partial(str, problem))
    client = client_of(credential, quick=True)
    try:
        with suppress(errors.NoRights):
            client.read_vat()  # offers need it; without it orders can be worked all the same
        client.count_orders()  # a user may be let in, and not be allowed to see orders
    except MagFlowError as error:
        return _failed(credential, error)
    return Check(True, "", _accepted_words)


def host_of(credential: Credential) -> str:
    return urlsplit(credential.base_url or site_of(credential.account).base_url).hostname or ""


def outgoing(credential: Credential) -> Outgoing:
    """The address from which we call, as far as it can be known without anybody's help."""
    if credential.outgoing_ip:
        return Outgoing(str(credential.outgoing_ip), is_seen=True)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host_of(credential), HTTPS))  # sends nothing, only chooses the way
            return Outgoing(probe.getsockname()[0], is_seen=False)
    except (OSError, UnicodeError):
        return Outgoing("", is_seen=False)


def _failed(credential: Credential, error: MagFlowError) -> Check:
    if isinstance(error, errors.AddressNotAllowed):
        address = causes.refused_address(error)
        return Check(False, Trouble.IP, partial(causes.address_words, address), address)
    if isinstance(error, errors.NoRights):
        return Check(False, Trouble.RIGHTS, causes.rights_words)
    if isinstance(error, RemoteAuthFailed):
        return Check(False, Trouble.PASSWORD, partial(causes.password_words, credential))
    if isinstance(error, RateLimited):
        return Check(False, Trouble.LIMIT, partial(str, error))
    if isinstance(error, errors.NotFound | ContractDrift):
        return Check(False, Trouble.ADDRESS, _foreign_words)
    if isinstance(error, RemoteRejected):
        said = " ".join([str(error), *error.messages])
        return Check(False, Trouble.REMOTE, lambda: said)
    if isinstance(error, errors.Unavailable) and not error.was_reached:
        return Check(False, Trouble.NETWORK, partial(_unreachable_words, str(error)))
    if isinstance(error, errors.Unavailable) and error.is_foreign:
        return Check(False, Trouble.ADDRESS, _foreign_words)
    return Check(False, Trouble.REMOTE, partial(_remote_words, str(error)))


def _accepted_words() -> str:
    return _("eMAG accepts the user, the password and our address.")


def _unknown_words(host: str) -> str:
    words = _("There is no “%(host)s” on the internet, or this computer cannot look it up.")
    return words % {"host": host}


def _unreachable_words(error: str) -> str:
    words = _("%(error)s Is this computer on the internet, and does nothing block the way?")
    return words % {"error": error}


def _remote_words(error: str) -> str:
    return _("%(error)s The fault is theirs; try again in a few minutes.") % {"error": error}


def _foreign_words() -> str:
    return _("Somebody answers at this address, but it is not eMAG’s interface. Check the address.")
