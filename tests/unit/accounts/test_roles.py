import pytest

from accounts import roles
from accounts.choices import Role
from accounts.models import User


def test_it_works():
    assert roles.has_permission(Role.MANAGER, "accounts.invite_user")
    assert not roles.has_permission(Role.VIEWER, "accounts.invite_user")


def test_owners_may_do_everything_also_what_no_table_lists():
    assert roles.has_permission(Role.OWNER, "orders.cancel_everything")


def test_managers_may_not_change_what_roles_must_do():
    assert not roles.has_permission(Role.MANAGER, "accounts.change_rolepolicy")


def test_an_unknown_role_may_do_nothing():
    assert not roles.has_permission("ghost", "accounts.view_company")


@pytest.mark.parametrize("role", [Role.PICKER, Role.PACKER])
def test_the_warehouse_sees_neither_people_nor_companies(role):
    held = roles.permissions_of(role)
    assert "orders.view_order" in held
    assert not [name for name in held if not name.startswith(("orders.", "catalog."))]


def test_permissions_are_listed_once_and_in_words():
    listed = list(roles.permissions())
    assert len({p.name for p in listed}) == len(listed)
    assert all(str(p.label) and "." in p.name and Role.OWNER in p.roles for p in listed)


def test_a_person_is_asked_in_memory():
    person = User(role=Role.MANAGER)
    assert person.has_perms(["accounts.view_user", "core.view_jobrun"])
    assert not person.has_perms(["accounts.view_user", "accounts.change_rolepolicy"])


def test_a_deactivated_person_may_do_nothing():
    assert not User(role=Role.OWNER, is_active=False).has_perm("accounts.view_user")


def test_the_scopes_of_a_token_narrow_what_a_person_may_do():
    person = User(role=Role.MANAGER)
    person.token_scopes = frozenset({"accounts.view_company", "accounts.change_rolepolicy"})
    assert person.has_perm("accounts.view_company")
    assert not person.has_perm("accounts.view_user")
    assert not person.has_perm(
        "accounts.change_rolepolicy"
    )  # a token never gives more than the role
