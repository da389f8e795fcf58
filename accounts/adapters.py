"""Where allauth asks us how signing in works here."""

import itertools
import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import devices, lockout, locks
from accounts.models import User
from accounts.services import people
from core import crypto

NOWHERE = "0.0.0.0"  # noqa: S104 - an address that nobody has


WAYS_TO_CONFIRM = {
    "reauthenticate": _("Use your password"),
    "mfa_reauthenticate": _("Use a code"),
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Email and password, no sign-up, the address on the person and nowhere else."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("This email and password do not go together."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("This is not your password."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, then try again."),
        "rate_limited": _("Too many attempts. Wait a minute, then try again."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """The visitor's address; over a local socket there is none, and no reason to refuse."""
        try:
            return str(super().get_client_ip(request))
        except PermissionDenied:
            return NOWHERE

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Whoever is locked out gets the page that says until when, not the general refusal."""
        if not lockout.is_locked_out(request, lockout.username_of(request, credentials)):
            super().pre_authenticate(request, **credentials)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """One guess at a time for an address from a place: a thousand guesses sent at once would
        otherwise all be let through before the first of them is counted."""
        with transaction.atomic():
            locks.hold(
                "sign-in", lockout.username_of(request, credentials), self.get_client_ip(request)
            )
            person: User | None = super().authenticate(request, **credentials)
        return person

    def reauthenticate(self, user: User, password: str) -> bool:
        person = self.authenticate(context.request, email=user.email, password=password)
        return person is not None and person.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Signing in counts as well: nobody types a password twice within five minutes."""
        records = get_authentication_records(context.request, context.request.user)
        latest = max((record["at"] for record in records), default=0)
        return bool(time.time() - latest >= app_settings.REAUTHENTICATION_TIMEOUT)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        methods = super().get_reauthentication_methods(user)
        return [{**method, "description": WAYS_TO_CONFIRM[method["id"]]} for method in methods]

    def set_password(self, user: User, password: str) -> None:
        people.set_password(user, password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:security")

    def send_notification_mail(
        self, template_prefix: str, user: User, *args: Any, **kwargs: Any
    ) -> None:
        """Notices are sent by our services, which also hear of changes made without a page."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: secrets encrypted, keys named after the device they were made on."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right. An app shows a new one every 30 seconds."),
    }

    def get_totp_issuer(self) -> str:
        return "MagFlow"

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: User, type: str) -> str:
        device = devices.device(context.request.META.get("HTTP_USER_AGENT", ""))
        name = device.system or gettext("Passkey")
        taken = [str(key) for key in Authenticator.objects.filter(user=user, type=type)]
        numbered = (f"{name} {number}" for number in itertools.count(2))
        return next(n for n in itertools.chain([name], numbered) if n not in taken)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "MagFlow"}
