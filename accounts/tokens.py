"""Who a program is, told by the API token it sends."""

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services.tokens import MARK, hash_of

# How exact "last used" is: a program that calls every second is no reason to write every second.
USE_IS_NOTED_EVERY = dt.timedelta(minutes=5)


def authenticate(request: HttpRequest) -> User | None:
    """The person behind `Authorization: Bearer mf_…`, or None. One query.

    The person's permissions are narrowed to the token's scopes: has_perm() says no to the rest,
    so whatever checks permissions need not know that a token is at work.
    """
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.startswith(MARK):
        return None
    token = ApiToken.objects.usable().select_related("user").filter(hash=hash_of(secret)).first()
    if token is None or not token.user.is_active or token.user.must_enroll_mfa:
        return None
    _note_use(token)
    person = token.user
    person.token_scopes = frozenset(token.scopes) if token.scopes else None
    return person


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at <= now - USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
