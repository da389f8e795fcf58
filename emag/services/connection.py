"""The test of a connection: may we call, and if not, what exactly is in the way?"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import live
from core.errors import ContractDrift, MagFlowError, RemoteAuthFailed, RemoteRejected
from core.ratelimit import RateLimited
from emag.client import client_of, errors
from emag.models.credentials import Credential, Trouble
from emag.services.trouble import RESTING, put_to_rest, wake
from emag.sites import site_of

HTTPS = 443


@dataclass(frozen=True, slots=True)
class Check:
    """What a test of a connection found. `cause` is empty where all is well."""

    ok: bool
    cause: str
    words: str
    outgoing_ip: str = ""


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
    check = try_connection(credential)
    account = credential.account
    if check.ok:
        wake(account, by=by)
    elif check.cause in RESTING:
        put_to_rest(account, check.cause, check.words)
    now = timezone.now()
    facts: dict[str, object] = {
        "checked_at": now,
        "trouble_kind": check.cause,
        "trouble": "" if check.ok else check.words,
    }
    if check.ok:
        facts["worked_at"] = now
    if check.outgoing_ip:
        facts["outgoing_ip"] = check.outgoing_ip
    Credential.objects.filter(pk=credential.pk).update(**facts)
    for name, value in facts.items():
        setattr(credential, name, value)
    live.touch("accounts", account.pk)
    return check


def try_connection(credential: Credential) -> Check:
    """The test itself. It changes nothing, neither here nor there, and ends in some ten seconds."""
    host = host_of(credential)
    try:
        socket.getaddrinfo(host, HTTPS, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        words = _("There is no “%(host)s” on the internet, or this computer cannot look it up.")
        cause = Trouble.ADDRESS if credential.base_url else Trouble.NETWORK
        return Check(False, cause, words % {"host": host})
    client = client_of(credential, quick=True)
    try:
        client.read_vat()
        client.count_orders()  # a user may be let in, and not be allowed to see orders
    except MagFlowError as error:
        return _failed(credential, error)
    return Check(True, "", _("eMAG accepts the user, the password and our address."))


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
        address = error.address if _is_address(error.address) else ""
        return Check(False, Trouble.IP, _address_words(address), address)
    if isinstance(error, errors.NoRights):
        return Check(False, Trouble.RIGHTS, _rights_words())
    if isinstance(error, RemoteAuthFailed):
        return Check(False, Trouble.PASSWORD, _password_words(credential))
    if isinstance(error, RateLimited):
        return Check(False, Trouble.LIMIT, str(error))
    if isinstance(error, errors.NotFound | ContractDrift):
        return Check(False, Trouble.ADDRESS, _foreign_words())
    if isinstance(error, RemoteRejected):
        return Check(False, Trouble.REMOTE, " ".join([str(error), *error.messages]))
    if isinstance(error, errors.Unavailable) and not error.was_reached:
        words = _("%(error)s Is this computer on the internet, and does nothing block the way?")
        return Check(False, Trouble.NETWORK, words % {"error": error})
    if isinstance(error, errors.Unavailable) and error.is_foreign:
        return Check(False, Trouble.ADDRESS, _foreign_words())
    words = _("%(error)s The fault is theirs; try again in a few minutes.")
    return Check(False, Trouble.REMOTE, words % {"error": error})


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address_words(address: str) -> str:
    return _(
        "User and password are right, but our internet address %(address)s is not registered with"
        " eMAG. Add it in the seller interface; it may take some minutes until it counts."
    ) % {"address": address}


def _rights_words() -> str:
    return _(
        "eMAG lets the user in, but does not show it any orders. Give it the right to use the API"
        " in the seller interface, under the user’s permissions."
    )


def _password_words(credential: Credential) -> str:
    """eMAG says the same to a wrong password and to a user who may not use the API."""
    if credential.worked_at and credential.worked_at > credential.changed_at:
        return _(
            "eMAG accepted this user and password before and does not any more. The password was"
            " changed there, or the user lost the right to use the API."
        )
    return _(
        "eMAG does not accept the user and password. Type the password again; if it is right, the"
        " user has no right to use the API: it is given in the seller interface."
    )


def _foreign_words() -> str:
    return _("Somebody answers at this address, but it is not eMAG’s interface. Check the address.")
