"""Why eMAG does not let an account in, in words: told to who tests, and worded anew for who reads.

What is stored is the cause. The words beside it are those of the moment it was found, for causes
that only they can tell: what eMAG said, what the line did.
"""

from __future__ import annotations

import ipaddress

from django.utils.translation import gettext as _

from emag.models.credentials import Credential, Trouble


def words_of(credential: Credential) -> str:
    """What is in the way, in the language of who reads it; empty where nothing is."""
    if credential.trouble_kind == Trouble.PASSWORD:
        return password_words(credential)
    if credential.trouble_kind == Trouble.RIGHTS:
        return rights_words()
    if credential.trouble_kind == Trouble.IP and credential.outgoing_ip:
        return address_words(str(credential.outgoing_ip))
    return credential.trouble


def refused_address(problem: Exception) -> str:
    """Our address as a refusal names it; empty where it names none."""
    text = getattr(problem, "address", "")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def address_words(address: str) -> str:
    return _(
        "User and password are right, but our internet address %(address)s is not registered with"
        " eMAG. Add it in the seller interface; it may take some minutes until it counts."
    ) % {"address": address}


def rights_words() -> str:
    return _(
        "eMAG lets the user in, but does not show it any orders. Give it the right to use the API"
        " in the seller interface, under the user’s permissions."
    )


def password_words(credential: Credential) -> str:
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
