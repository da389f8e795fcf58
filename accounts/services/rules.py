"""What every change of a person, a company or an account must respect."""

from collections.abc import Mapping
from typing import Protocol

from django.db.models import Model
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.models import RolePolicy, User
from core.errors import RuleViolation, StaleData


class Versioned(Protocol):
    version: int


def check_may_manage(person: User, *, by: User | None) -> None:
    """Managers look after everybody but owners. Nobody (`by` is None) means the system itself."""
    if by is not None and person.role == Role.OWNER and by.role != Role.OWNER:
        raise RuleViolation(_("Only an owner can change an owner."))


def check_not_peer(person: User, *, by: User | None) -> None:
    """Whoever reads a person's mail can become that person, so managers do not reach each other.

    Nor do they change each other's role, which would be the way around.
    """
    if by is not None and by.pk != person.pk and by.role == person.role == Role.MANAGER:
        raise RuleViolation(_("Only an owner can change the address or the role of a manager."))


def check_may_give(role: str, *, by: User | None) -> None:
    if role not in Role.values:
        raise RuleViolation(_("There is no role “%(role)s”.") % {"role": role})
    if by is not None and role == Role.OWNER and by.role != Role.OWNER:
        raise RuleViolation(_("Only an owner can make somebody an owner."))


def check_not_oneself(person: User, *, by: User | None) -> None:
    if by is not None and by.pk == person.pk:
        raise RuleViolation(_("You cannot deactivate yourself. Ask another owner or manager."))


def check_not_last_owner(person: User) -> None:
    """Somebody must be able to run the place. Ask while holding locks.PEOPLE, or it may race."""
    others = User.objects.able_owners().exclude(pk=person.pk)
    if person.role == Role.OWNER and person.is_active and not others.exists():
        raise RuleViolation(
            _("%(name)s is the last owner. Make somebody else an owner first.") % {"name": person}
        )


def check_version(row: Versioned, version: int | None) -> None:
    """Refuse what was typed into a form that showed older values; None means: no form, go ahead."""
    if version is not None and row.version != version:
        raise StaleData(
            _("%(name)s was changed by somebody else in the meantime. Look at it and try again.")
            % {"name": row}
        )


def must_enroll(role: str, *, has_mfa: bool) -> bool:
    """Whether somebody of this role has to set up two-factor before anything else."""
    return not has_mfa and RolePolicy.objects.filter(role=role, require_mfa=True).exists()


def assign(row: Model, values: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Set the values on the row and answer what is different now: {field: (before, after)}."""
    changes: dict[str, tuple[object, object]] = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            setattr(row, name, value)
            changes[name] = (before, value)
    return changes
