"""API tokens: made, shown once, revoked."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import roles
from accounts.models import ApiToken, User
from accounts.services import rules
from core import audit, live
from core.errors import RuleViolation

MARK = "mf_"  # so that a leaked token is recognised as one, by people and by scanners
PREFIX_LENGTH = len(MARK) + 6


def hash_of(secret: str) -> str:
    """A plain hash is right here: the secret is 256 random bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_token(
    person: User,
    *,
    name: str,
    scopes: Iterable[str] = (),
    expires_at: dt.datetime | None = None,
    by: User,
) -> tuple[ApiToken, str]:
    """A token for oneself, and its secret, which exists nowhere else once this has returned."""
    if by.pk != person.pk:
        raise RuleViolation(_("Everybody makes their own API tokens."))
    wanted = sorted(set(scopes))
    if excess := set(wanted) - roles.permissions_of(person.role):
        raise RuleViolation(
            _("Your role does not allow: %(permissions)s.")
            % {"permissions": ", ".join(sorted(excess))}
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise RuleViolation(_("The token would have expired already. Choose a later day."))
    secret = MARK + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=person,
        name=name.strip(),
        prefix=secret[:PREFIX_LENGTH],
        hash=hash_of(secret),
        scopes=wanted,
        expires_at=expires_at,
    )
    audit.record("token.created", token, by=by, changes={"scopes": ([], wanted)})
    live.touch("people", person.pk)
    return token, secret


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User | None) -> ApiToken:
    """From the next request on, the token opens nothing."""
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)
    rules.check_may_manage(token.user, by=by)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record("token.revoked", token, by=by)
        live.touch("people", token.user_id)
    return token


def revoke_all(person: User, *, by: User | None) -> None:
    for token in ApiToken.objects.usable().filter(user=person):
        revoke_token(token, by=by)
