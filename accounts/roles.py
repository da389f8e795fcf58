"""Who may do what: the one table of permissions, kept in memory so that asking costs nothing.

A line names a permission, says it in words, and lists the roles that hold it. Owners hold all of
them. Pages ask `user.has_perm("app.codename")`; the roles page and API tokens show the words.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role


@dataclass(frozen=True, slots=True)
class Permission:
    name: str
    label: str | Promise
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Permissions that are shown together."""

    label: str | Promise
    permissions: tuple[Permission, ...]
    is_for_programs: bool = True  # False: only for pages, no use to an API token


def _may(name: str, label: str | Promise, *roles: Role) -> Permission:
    return Permission(name, label, frozenset({Role.OWNER.value, *(role.value for role in roles)}))


M, P, K, A, V = Role.MANAGER, Role.PICKER, Role.PACKER, Role.ACCOUNTANT, Role.VIEWER

GROUPS: tuple[Group, ...] = (
    Group(
        _("People"),
        (
            _may("accounts.view_user", _("See who works here"), M),
            _may("accounts.invite_user", _("Invite people"), M),
            _may("accounts.change_user", _("Change a person's name, email and role"), M),
            _may("accounts.deactivate_user", _("Deactivate and reactivate people"), M),
            _may("accounts.secure_user", _("Unlock, sign out and reset two-factor of others"), M),
            _may("accounts.change_rolepolicy", _("Decide which roles need two-factor")),
        ),
    ),
    Group(
        _("Companies and marketplaces"),
        (
            _may("accounts.view_company", _("See the companies"), M, A, V),
            _may("accounts.change_company", _("Add and change companies"), M, A),
            _may("accounts.view_marketplaceaccount", _("See marketplace accounts"), M, A, V),
            _may("accounts.change_marketplaceaccount", _("Add and change marketplace accounts"), M),
            _may("accounts.pause_marketplaceaccount", _("Pause and resume accounts"), M),
        ),
    ),
    Group(
        _("Orders and offers"),
        (
            _may("orders.view_order", _("See orders and their customers"), M, P, K, A, V),
            _may("orders.accept_order", _("Accept orders"), M, K),
            _may("orders.move_order", _("Move orders on and back, hold and release them"), M, K),
            _may("orders.cancel_order", _("Cancel orders and take that back"), M),
            _may("orders.edit_order", _("Change the quantities of an order"), M),
            _may("orders.storno_order", _("Take back finished orders, whole or in part"), M, A),
            _may("orders.attach_document", _("Attach documents to orders"), M, K, A),
            _may("orders.tag_order", _("Tag orders"), M, P, K, A),
            _may("orders.change_tag", _("Add, rename and remove tags"), M),
            _may("orders.add_ordernote", _("Write notes on orders"), M, P, K, A),
            _may("orders.refresh_order", _("Read orders again from the marketplace"), M, K),
            _may("orders.view_sales", _("See sales figures"), M, A, V),
            _may("orders.schedule_export", _("Have exports sent at set times"), M, A),
            _may("orders.view_customer", _("See customers and what they bought"), M, K, A, V),
            _may("orders.block_customer", _("Block customers and lift it"), M),
            _may("orders.link_customer", _("Say that customers are one person"), M),
            _may("orders.change_scoring", _("Change how customers are scored")),
            _may("orders.forget_customer", _("Erase personal data of customers for ever")),
            _may("catalog.view_offer", _("See products and offers"), M, P, K, A, V),
            _may("catalog.change_offer", _("Change prices and stock of offers"), M),
        ),
    ),
    Group(
        _("Lists"),
        (_may("core.share_savedview", _("Share views of a list with everyone"), M),),
    ),
    Group(
        _("Control room"),
        (
            _may("core.view_auditentry", _("See who changed what"), M),
            _may("core.view_jobrun", _("See background jobs"), M),
            _may("core.run_job", _("Start background jobs"), M),
            _may("outbox.view_command", _("See what is sent to marketplaces"), M, A),
            _may("outbox.resolve_command", _("Repeat, cancel and settle what was sent"), M),
            _may("emag.view_apicall", _("See every call to a marketplace"), M),
            _may("emag.replay_apicall", _("Repeat a reading call"), M),
            _may("emag.view_payload", _("See what the marketplace sent, as it sent it"), M),
            _may("emag.resolve_payload", _("Settle what could not be read"), M),
        ),
    ),
    Group(
        _("Programs"),
        (_may("accounts.add_apitoken", _("Make API tokens for themselves"), M, A, V),),
        is_for_programs=False,
    ),
    Group(
        _("Records behind the pages (Django admin)"),
        (
            _may("accounts.view_records", _("Open the records"), M),
            _may("core.view_savedview", _("See everybody's saved views"), M),
            _may("accounts.view_rolepolicy", _("See the rules of each role"), M),
            _may("accounts.view_apitoken", _("See everybody's API tokens"), M),
            _may("accounts.view_bankaccount", _("See bank accounts as records"), M),
            _may("usersessions.view_usersession", _("See who is signed in where"), M),
            _may("axes.view_accessattempt", _("See failed sign-ins"), M),
            _may("core.view_bulkrun", _("See bulk actions"), M),
            _may("core.view_exchangerate", _("See exchange rates"), M),
            _may("django_q.view_schedule", _("See the schedules of jobs"), M),
        ),
        is_for_programs=False,
    ),
)


def permissions() -> Iterator[Permission]:
    for group in GROUPS:
        yield from group.permissions


_HELD: dict[str, frozenset[str]] = {
    role: frozenset(p.name for p in permissions() if role in p.roles) for role in Role.values
}


def has_permission(role: str, permission: str) -> bool:
    """Owners may do everything, also what this table does not list."""
    return role == Role.OWNER or permission in _HELD.get(role, frozenset())


def permissions_of(role: str) -> frozenset[str]:
    """The listed permissions of a role."""
    return _HELD.get(role, frozenset())
