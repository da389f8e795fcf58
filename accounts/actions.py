"""What can be done to many people at once."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.forms import RoleForm
from accounts.models import User
from accounts.services import people, rules
from core.actions import BulkAction
from core.registry import register_action


def change_role(pk: int, *, by: User, role: str) -> None:
    people.change_role(User(pk=pk), role=role, by=by)


def deactivate(pk: int, *, by: User) -> None:
    people.deactivate_person(User(pk=pk), by=by)


def may_change_role(person: User, by: Any) -> None:
    rules.check_may_manage(person, by=by)
    rules.check_not_peer(person, by=by)


def may_deactivate(person: User, by: Any) -> None:
    rules.check_may_manage(person, by=by)
    rules.check_not_oneself(person, by=by)
    rules.check_not_last_owner(person)


def register() -> None:
    page = "accounts.person_list"
    register_action(
        page,
        BulkAction(
            name="role",
            label=_("Change role"),
            heading=ngettext_lazy(
                "Change the role of {n} person", "Change the role of {n} people", "n"
            ),
            icon="user-cog",
            permission="accounts.change_user",
            model=User,
            form=RoleForm,
            run=change_role,
            check=may_change_role,
        ),
    )
    register_action(
        page,
        BulkAction(
            name="deactivate",
            label=_("Deactivate"),
            icon="user-off",
            permission="accounts.deactivate_user",
            model=User,
            run=deactivate,
            check=may_deactivate,
            danger=True,
            confirm=_("They are signed out at once and their API tokens stop working."),
        ),
    )
