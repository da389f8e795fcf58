"""The second factor: who has one, who must have one."""

import ipaddress

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _

from accounts import locks
from accounts.choices import Role
from accounts.models import RolePolicy, User
from accounts.services import rules, sessions
from core import audit, crypto, live
from core.errors import RuleViolation
from core.jobs import enqueue

# Recovery codes alone are not a second factor, only a spare key to one.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# Where in its data a factor keeps what must stay secret; a passkey keeps only a public key.
SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


@transaction.atomic
def set_role_policy(role: str, *, require_mfa: bool, by: User | None) -> RolePolicy:
    """Decide whether everybody of a role needs two-factor; who has none must set it up at once."""
    locks.hold(locks.PEOPLE)
    if by is not None and by.role != Role.OWNER:
        raise RuleViolation(_("Only an owner can change what a role must do."))
    policy, _created = RolePolicy.objects.get_or_create(role=role)
    if policy.require_mfa != require_mfa:
        policy.require_mfa = require_mfa
        policy.save()
        lacking = ExpressionWrapper(Q(has_mfa=False), output_field=BooleanField())
        people = User.objects.filter(role=role)
        people.update(must_enroll_mfa=lacking if require_mfa else False)
        changes = {"require_mfa": (not require_mfa, require_mfa)}
        audit.record("role_policy.changed", policy, by=by, changes=changes)
        live.touch("people")
    return policy


@transaction.atomic
def refresh_factors(person: User) -> User:
    """Bring the person's row in line with the authenticators they have now."""
    locks.hold(locks.PEOPLE)
    person = User.objects.locked().get(pk=person.pk)
    person.has_mfa = Authenticator.objects.filter(user=person, type__in=FACTORS).exists()
    person.must_enroll_mfa = rules.must_enroll(person.role, has_mfa=person.has_mfa)
    person.save(update_fields=["has_mfa", "must_enroll_mfa"])
    live.touch("people", person.pk)
    return person


@transaction.atomic
def note_factor_added(person: User, factor: Authenticator) -> User:
    """The person has set up an authenticator app, a passkey or recovery codes."""
    audit.record("person.mfa_added", person, by=person, note=name_of(factor))
    if factor.type in FACTORS:
        enqueue("accounts.send_notice", "mfa_added", person.pk)
    return refresh_factors(person)


@transaction.atomic
def note_factor_removed(person: User, factor: Authenticator) -> User:
    """The person has taken a factor away; where the role demands one they must set up another."""
    audit.record("person.mfa_removed", person, by=person, note=name_of(factor))
    if factor.type in FACTORS:
        enqueue("accounts.send_notice", "mfa_removed", person.pk)
    return refresh_factors(person)


@transaction.atomic
def note_codes_renewed(person: User) -> None:
    audit.record("person.recovery_codes_renewed", person, by=person)


@transaction.atomic
def reset_factors(person: User, *, by: User | None) -> User:
    """For somebody who lost phone and codes: remove every factor and sign them out everywhere."""
    locks.hold(locks.PEOPLE)
    person = User.objects.locked().get(pk=person.pk)
    rules.check_may_manage(person, by=by)
    if by is not None and by.pk == person.pk:
        raise RuleViolation(_("Change your own two-factor on your security page."))
    if not Authenticator.objects.filter(user=person).delete()[0]:
        raise RuleViolation(_("%(name)s has no two-factor to reset.") % {"name": person})
    sessions.end_all(person)
    audit.record("person.mfa_reset", person, by=by)
    enqueue("accounts.send_notice", "mfa_reset", person.pk, by=by)
    return refresh_factors(person)


def name_of(factor: Authenticator) -> str:
    """A factor in a person's words."""
    match factor.type:
        case Authenticator.Type.TOTP:
            return _("Authenticator app")
        case Authenticator.Type.RECOVERY_CODES:
            return _("Recovery codes")
    return _("Passkey “%(name)s”") % {"name": factor}


def factors_of(person: User) -> list[Authenticator]:
    """The person's authenticator app and passkeys, the oldest first."""
    return list(Authenticator.objects.filter(user=person, type__in=FACTORS).order_by("pk"))


def recovery_codes_left(person: User) -> int:
    kind = Authenticator.Type.RECOVERY_CODES
    codes = Authenticator.objects.filter(user=person, type=kind).first()
    return len(codes.wrap().get_unused_codes()) if codes else 0


def passkeys_work(host: str) -> bool:
    """Passkeys belong to a name: browsers refuse them at a bare number such as 127.0.0.1."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return True
    return False


@transaction.atomic
def reencrypt_factors() -> int:
    """Encrypt the secrets of authenticator apps and recovery codes with the newest key."""
    changed = 0
    for factor in Authenticator.objects.filter(type__in=SECRETS).select_for_update():
        name = SECRETS[factor.type]
        if not crypto.is_current(factor.data[name]):
            factor.data[name] = crypto.encrypt(crypto.decrypt(factor.data[name]))
            factor.save(update_fields=["data"])
            changed += 1
    return changed
