"""Where an account may be called instead of at eMAG itself: a test server, a simulator.

Whoever may connect accounts types that address, and the password of the account goes there. So on a
production site it is https and on the public internet; everything else is named in
EMAG_OTHER_HOSTS by whoever runs the site.
"""

from __future__ import annotations

import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import RuleViolation
from core.http import is_public

PORTS = {"http": 80, "https": 443}
NOT_IN_IT = set("@?#\\ \t\r\n")  # also what programs that read addresses disagree about


def check(address: str) -> None:
    """Raise RuleViolation for an address that may not be stored; empty is eMAG itself.

    Where its name leads may change. Whoever calls it sees to that again (core.http, only_public).
    """
    check_form(address)
    if must_be_public(address):
        parts = _parts(address)
        if not all(is_public(found) for found in _looked_up(parts)):
            raise RuleViolation(
                _("“%(host)s” is not on the public internet, so it is not called.")
                % {"host": parts.hostname}
            )


def check_form(address: str) -> None:
    """What can be said of an address without asking anybody where it leads."""
    if not address:
        return
    scheme = _parts(address).scheme
    if must_be_public(address) and scheme != "https":
        raise RuleViolation(_("The address must begin with https://."))


def must_be_public(address: str) -> bool:
    """Whether calls to this address must not end inside a network of ours.

    eMAG's own addresses stand in the code and are called wherever our network leads them.
    """
    if not address or not settings.PRODUCTION:
        return False
    return _parts(address).hostname not in {host.lower() for host in settings.EMAG_OTHER_HOSTS}


def origin(address: str) -> tuple[str, str, int | None]:
    """Who is called there: scheme, host and port. The path only says what of them."""
    parts = _parts(address)
    return parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme]


def _parts(address: str) -> SplitResult:
    """Scheme, host, perhaps a port and a path: nothing else belongs to an address to call."""
    try:
        parts = urlsplit(address)
        is_whole = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        is_whole = False
    if not is_whole:
        raise RuleViolation(_("An address such as https://test.example.com/api-3 is expected."))
    if NOT_IN_IT & set(address):
        raise RuleViolation(_("The address may hold no user, no password, no “?” and no “#”."))
    return parts


def _looked_up(parts: SplitResult) -> list[str]:
    """The internet addresses behind a host; none where nobody knows it."""
    try:
        found = socket.getaddrinfo(
            parts.hostname, parts.port or PORTS[parts.scheme], type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        return []
    return [str(place[0]) for *_rest, place in found]
