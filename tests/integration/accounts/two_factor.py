"""What a person's authenticator app does."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from accounts.services import mfa

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret=SECRET, *, step=0):
    """The code an app shows now, or some 30-second steps from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def give_app(person):
    """Set up an authenticator app, as the pages would, and refresh the person."""
    TOTP.activate(person, SECRET)
    person.refresh_from_db()
    mfa.refresh_factors(person)
    person.refresh_from_db()


def give_codes(person):
    return RecoveryCodes.activate(person).generate_codes()


def factors(person):
    return set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
