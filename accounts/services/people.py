"""Who works here: invited, let in, given a role, let go."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import lockout, locks
from accounts.choices import PersonStatus
from accounts.models import User
from accounts.services import rules, sessions, tokens
from core import audit, live
from core.errors import RuleViolation
from core.jobs import enqueue


@transaction.atomic
def invite_person(*, email: str, name: str, role: str, language: str = "", by: User | None) -> User:
    """Add a person who chooses a password by a link that is mailed to them."""
    locks.hold(locks.PEOPLE)
    rules.check_may_give(role, by=by)
    person = User(
        email=_free_email(email),
        name=name.strip(),
        role=role,
        language=language,
        invited_at=timezone.now(),
        must_enroll_mfa=rules.must_enroll(role, has_mfa=False),
    )
    person.set_unusable_password()
    person.save()
    audit.record("person.invited", person, by=by, changes={"role": ("", role)})
    enqueue("accounts.send_invitation", person.pk, by=by)
    live.touch("people", person.pk)
    return person


@transaction.atomic
def resend_invitation(person: User, *, by: User | None) -> User:
    """Mail the link again; links mailed before stay good until one of them is used."""
    person = _locked(person, by=by)
    if person.status != PersonStatus.INVITED:
        raise RuleViolation(_("%(name)s has already joined.") % {"name": person})
    person.invited_at = timezone.now()
    person.save(update_fields=["invited_at"])
    audit.record("person.invited_again", person, by=by)
    enqueue("accounts.send_invitation", person.pk, by=by)
    live.touch("people", person.pk)
    return person


@transaction.atomic
def accept_invitation(person: User, *, name: str, password: str) -> User:
    """The invited person chooses a name and a password, and is in."""
    person = User.objects.locked().get(pk=person.pk)
    if person.status != PersonStatus.INVITED:
        raise RuleViolation(_("This invitation has been used already. Sign in instead."))
    person.name = name.strip()
    person.set_password(password)
    person.joined_at = timezone.now()
    person.save(update_fields=["name", "password", "joined_at", "search_text"])
    audit.record("person.joined", person, by=person)
    live.touch("people", person.pk)
    return person


@transaction.atomic
def change_person(person: User, *, name: str, email: str, language: str, by: User | None) -> User:
    """Correct somebody's name, address or language."""
    locks.hold(locks.PEOPLE)
    person = _locked(person, by=by)
    email = email.strip().lower()
    if email != person.email:
        rules.check_not_peer(person, by=by)
        email = _free_email(email)
    changes = rules.assign(person, {"name": name.strip(), "email": email, "language": language})
    if changes:
        person.save(update_fields=[*changes, "search_text"])
        audit.record("person.changed", person, by=by, changes=changes)
        live.touch("people", person.pk)
    if "email" in changes:
        enqueue("accounts.send_notice", "email_changed", person.pk, str(changes["email"][0]), by=by)
    return person


@transaction.atomic
def change_role(person: User, *, role: str, by: User | None) -> User:
    """Give a person another role. What they may do changes with their next click."""
    locks.hold(locks.PEOPLE)
    person = _locked(person, by=by)
    rules.check_may_give(role, by=by)
    if person.role == role:
        return person
    rules.check_not_peer(person, by=by)
    rules.check_not_last_owner(person)
    before, person.role = person.role, role
    person.must_enroll_mfa = rules.must_enroll(role, has_mfa=person.has_mfa)
    person.save(update_fields=["role", "must_enroll_mfa"])
    audit.record("person.role_changed", person, by=by, changes={"role": (before, role)})
    live.touch("people", person.pk)
    return person


@transaction.atomic
def deactivate_person(person: User, *, by: User | None) -> User:
    """Shut somebody out at once: sessions end, API tokens are revoked, invitations die."""
    locks.hold(locks.PEOPLE)
    person = _locked(person, by=by)
    if not person.is_active:
        return person
    rules.check_not_oneself(person, by=by)
    rules.check_not_last_owner(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    sessions.end_all(person)
    tokens.revoke_all(person, by=by)
    audit.record("person.deactivated", person, by=by)
    live.touch("people", person.pk)
    return person


@transaction.atomic
def activate_person(person: User, *, by: User | None) -> User:
    """Let somebody in again, with the password they had. Their API tokens stay revoked."""
    person = _locked(person, by=by)
    if person.is_active:
        return person
    person.is_active = True
    person.save(update_fields=["is_active"])
    audit.record("person.activated", person, by=by)
    live.touch("people", person.pk)
    return person


@transaction.atomic
def set_password(person: User, password: str) -> User:
    """Keep a new password. Every session that signed in with the old one ends by that."""
    person.set_password(password)
    if person.joined_at is None:
        person.joined_at = timezone.now()
    person.save(update_fields=["password", "joined_at"])
    return person


@transaction.atomic
def note_password_changed(person: User, *, keep: str | None) -> None:
    """After a new password: forget the sessions it has ended, tell the person, write it down."""
    sessions.forget(person, keep=keep)
    audit.record("person.password_changed", person, by=person)
    enqueue("accounts.send_notice", "password_changed", person.pk)
    live.touch("people", person.pk)


def note_seen(person: User) -> None:
    """The person has just signed in."""
    person.last_seen_at = timezone.now()
    person.save(update_fields=["last_seen_at"])


@transaction.atomic
def unlock_person(person: User, *, by: User | None) -> User:
    """Let somebody try again who has typed too many wrong passwords."""
    person = _locked(person, by=by)
    if not lockout.forget_failures(person.email):
        raise RuleViolation(_("%(name)s is not locked out.") % {"name": person})
    audit.record("person.unlocked", person, by=by)
    live.touch("people", person.pk)
    return person


@transaction.atomic
def change_profile(
    person: User, *, name: str, language: str, time_zone: str, theme: str, density: str
) -> User:
    """What a person decides about themselves."""
    person = User.objects.locked().get(pk=person.pk)
    preferences = {**person.preferences, "density": density}
    changes = rules.assign(
        person,
        {"name": name.strip(), "language": language, "time_zone": time_zone, "theme": theme},
    )
    if changes or preferences != person.preferences:
        person.preferences = preferences
        person.save(update_fields=[*changes, "preferences", "search_text"])
    if "name" in changes:
        audit.record("person.changed", person, by=person, changes={"name": changes["name"]})
        live.touch("people", person.pk)
    return person


def _locked(person: User, *, by: User | None) -> User:
    row: User = User.objects.locked().get(pk=person.pk)
    rules.check_may_manage(row, by=by)
    return row


def _free_email(email: str) -> str:
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise RuleViolation(
            _("Somebody with the address %(email)s is already here.") % {"email": email}
        )
    return email
