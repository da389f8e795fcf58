"""Links in mails that let a person choose a password: good once, and not for long.

A link is bound to the person's password, address and last sign-in, so using it, signing in or
changing the address makes every earlier link worthless.
"""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import base36_to_int, int_to_base36

from accounts.models import User


class LinkTokens(PasswordResetTokenGenerator):
    """Django's token, with a purpose and a lifetime of its own."""

    lifetime: dt.timedelta

    def _now(self) -> dt.datetime:
        """Django counts in local time, whose clock jumps an hour twice a year: a whole lifetime."""
        return dt.datetime.now(dt.UTC).replace(tzinfo=None)

    def check_token(self, user: Any, token: str | None) -> bool:
        if user is None or not user.is_active or not token or "-" not in token:
            return False
        try:
            made_at = base36_to_int(token.split("-")[0])
        except ValueError:
            return False
        if not any(
            constant_time_compare(self._make_token_with_timestamp(user, made_at, secret), token)
            for secret in (self.secret, *self.secret_fallbacks)
        ):
            return False
        age = self._num_seconds(self._now()) - made_at
        return 0 <= age <= self.lifetime.total_seconds()


class ResetTokens(LinkTokens):
    key_salt = "accounts.links.reset"
    lifetime = dt.timedelta(hours=1)


class InvitationTokens(LinkTokens):
    key_salt = "accounts.links.invitation"
    lifetime = dt.timedelta(days=7)


reset_tokens = ResetTokens()
invitation_tokens = InvitationTokens()


def reset_path(user: User) -> str:
    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": int_to_base36(user.pk), "key": reset_tokens.make_token(user)},
    )


def invitation_path(user: User) -> str:
    return reverse("accounts:invitation_accept", args=[user.pk, invitation_tokens.make_token(user)])


def absolute(path: str) -> str:
    """For mails, which are written where there is no request."""
    return settings.SITE_URL.rstrip("/") + path
