"""Accounts on eMAG: connected, tested, given another password."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import locks
from accounts.choices import Fulfilment
from accounts.models import Company, MarketplaceAccount, User
from accounts.services import marketplaces
from core import audit, live
from core.errors import RuleViolation
from core.fields import Secret
from emag.client import other_address
from emag.models.credentials import Credential
from emag.services.connection import Check, check_connection, try_connection
from emag.services.trouble import wake
from emag.sites import Site, find, site_of

__all__ = ["Check", "add_account", "check_connection", "company_for", "connect", "try_connection"]

ROLES: Mapping[str, str] = {"main": Fulfilment.OWN, "fbe": Fulfilment.MARKETPLACE}


@transaction.atomic
def add_account(
    *, site: Site, role: str, name: str, company: Company, by: User | None
) -> MarketplaceAccount:
    """Add an account on a site; "main" ships from the seller's stock, "fbe" from eMAG's."""
    return marketplaces.connect_account(
        name=name, company=company, platform=site.platform, country=site.country,
        fulfilment=ROLES[role], by=by,
    )  # fmt: skip


@transaction.atomic
def connect(
    account: MarketplaceAccount,
    *,
    username: str,
    password: str = "",
    base_url: str = "",
    by: User | None,
) -> Credential:
    """Store how we sign in for an account; an empty password keeps the one that is stored.

    Another host, scheme or port wants it typed again, or whoever may change the address could have
    the stored one sent to themselves.

    The same user may not serve two accounts of one site: each would count its calls alone, and
    together they would break the limit that eMAG sets for the user.
    """
    locks.hold(locks.MARKETPLACES)
    account = MarketplaceAccount.objects.locked().get(pk=account.pk)
    if find(account.platform, account.country) is None:
        raise RuleViolation(_("%(name)s is no account on eMAG.") % {"name": account})
    username, base_url = username.strip(), base_url.strip().rstrip("/")
    other_address.check(base_url)
    _check_user_is_free(account, username, base_url)
    credential = Credential.objects.filter(account=account).first()
    if credential is None:
        if not password:
            raise RuleViolation(_("Enter the password of the user."))
        credential = Credential(account=account, username=username, base_url=base_url)
        credential.password = password
        credential.save()
        audit.record("emag_account.connected", account, by=by, note=username)
    else:
        _change(credential, username, password, base_url, by=by)
    live.touch("accounts", account.pk)
    return credential


def _change(
    credential: Credential, username: str, password: str, base_url: str, *, by: User | None
) -> None:
    before = {"username": credential.username, "base_url": credential.base_url}
    changes: dict[str, tuple[object, object]] = dict(
        audit.changed(before, {"username": username, "base_url": base_url})
    )
    if not password and _origin(credential, base_url) != _origin(credential, credential.base_url):
        raise RuleViolation(_("Enter the password as well: it would go to another address."))
    credential.username, credential.base_url = username, base_url
    if password and Secret(password) != credential.password:
        changes["password"] = (credential.password, Secret(password))
        credential.password = password
    if not changes:
        return
    wake(credential.account, by=by)  # that was about the old ones; the next call will say
    credential.trouble_kind = credential.trouble = ""
    credential.changed_at = timezone.now()
    credential.save()
    audit.record("emag_account.credentials_changed", credential.account, by=by, changes=changes)


def _origin(credential: Credential, base_url: str) -> tuple[object, ...]:
    """Who is called, with this address or without one."""
    return other_address.origin(base_url or site_of(credential.account).base_url)


def _check_user_is_free(account: MarketplaceAccount, username: str, base_url: str) -> None:
    same = Credential.objects.filter(
        username=username,
        base_url=base_url,
        account__platform=account.platform,
        account__country=account.country,
    ).exclude(account=account)
    if other := same.select_related("account").first():
        raise RuleViolation(
            _("%(user)s is the user of %(name)s already. Every account needs a user of its own.")
            % {"user": username, "name": other.account}
        )


def company_for(name: str = "", *, site: Site, by: User | None) -> Company:
    """The company a script means: the one it names, or the only one there is.

    Where there is none at all, one is made that has only a name: enough to read orders, and its
    page says what is missing before the first invoice.
    """
    known = list(Company.objects.order_by("name"))
    if not known:
        company = Company.objects.create(name=name or "MagFlow", country=site.country)
        audit.record("company.created", company, by=by)
        live.touch("accounts", company.pk)
        return company
    if not name and len(known) == 1:
        return known[0]
    for company in known:
        if company.name.casefold() == name.strip().casefold():
            return company
    names = ", ".join(company.name for company in known)
    if name:
        raise RuleViolation(
            _("There is no company called %(name)s. There are: %(names)s.")
            % {"name": name, "names": names}
        )
    raise RuleViolation(_("Say for which company: %(names)s.") % {"names": names})
