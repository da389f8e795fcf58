"""Our accounts on marketplaces: connected, changed, paused."""

from collections.abc import Mapping
from zoneinfo import available_timezones

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import holdings, locks, platforms
from accounts.choices import COUNTRY_FACTS, Country
from accounts.models import Company, MarketplaceAccount, User
from accounts.services import rules
from core import audit, live
from core.errors import RuleViolation, SetupNeeded


@transaction.atomic
def connect_account(
    *,
    name: str,
    company: Company,
    platform: str,
    country: str,
    by: User | None,
    currency: str = "",
    time_zone: str = "",
    **policies: object,
) -> MarketplaceAccount:
    """Add an account; currency and time zone are its country's unless told otherwise."""
    locks.hold(locks.MARKETPLACES)
    facts = COUNTRY_FACTS[Country(country)]
    account = MarketplaceAccount(
        name=name.strip(),
        company=company,
        platform=platform,
        country=country,
        currency=currency or facts.currency_on(timezone.localdate()),
        time_zone=time_zone or facts.time_zone,
        **policies,
    )
    _check(account)
    account.save()
    audit.record("marketplace_account.connected", account, by=by)
    live.touch("accounts", account.pk)
    return account


@transaction.atomic
def change_account(
    account: MarketplaceAccount, *, version: int | None = None, by: User | None, **facts: object
) -> MarketplaceAccount:
    """Change how we work an account. Orders already here keep what they were given."""
    locks.hold(locks.MARKETPLACES)
    account = MarketplaceAccount.objects.locked().get(pk=account.pk)
    rules.check_version(account, version)
    changes = rules.assign(account, facts)
    if not changes:
        return account
    _check_place(account, changes)
    _check(account)
    account.version += 1
    account.save(update_fields=[*changes, "version", "search_text"])
    audit.record("marketplace_account.changed", account, by=by, changes=changes)
    live.touch("accounts", account.pk)
    return account


@transaction.atomic
def pause_account(
    account: MarketplaceAccount, *, reason: str, by: User | None
) -> MarketplaceAccount:
    """Stop reading from and writing to the marketplace until somebody resumes the account."""
    account = MarketplaceAccount.objects.locked().get(pk=account.pk)
    if not reason.strip():
        raise RuleViolation(_("Say why, so that the others know when to resume it."))
    if account.is_paused:
        raise RuleViolation(_("%(name)s is paused already.") % {"name": account})
    account.is_paused = True
    account.pause_reason = reason.strip()
    account.paused_at = timezone.now()
    account.version += 1
    account.save(update_fields=["is_paused", "pause_reason", "paused_at", "version"])
    audit.record("marketplace_account.paused", account, by=by, note=account.pause_reason)
    live.touch("accounts", account.pk)
    return account


@transaction.atomic
def resume_account(account: MarketplaceAccount, *, by: User | None) -> MarketplaceAccount:
    """Work the account again; what was missed meanwhile is caught up by the next reading."""
    account = MarketplaceAccount.objects.locked().get(pk=account.pk)
    if not account.is_paused:
        raise RuleViolation(_("%(name)s is not paused.") % {"name": account})
    account.is_paused = False
    account.pause_reason = ""
    account.paused_at = None
    account.version += 1
    account.save(update_fields=["is_paused", "pause_reason", "paused_at", "version"])
    audit.record("marketplace_account.resumed", account, by=by)
    live.touch("accounts", account.pk)
    return account


def _check_place(account: MarketplaceAccount, changes: Mapping[str, object]) -> None:
    """What has been read belongs to the shop it came from: another shop is another account."""
    if holdings.has_any(account.pk) and not changes.keys().isdisjoint(holdings.FIXED):
        raise RuleViolation(
            _(
                "%(name)s already has orders or offers, so its marketplace and country stay as they"
                " are. Add another account for the other shop."
            )
            % {"name": account}
        )


def _check(account: MarketplaceAccount) -> None:
    platform = platforms.get(account.platform)
    if platform is None:
        raise SetupNeeded(
            _("No marketplace called “%(platform)s” is installed.") % {"platform": account.platform}
        )
    if account.country not in platform.countries:
        raise RuleViolation(
            _("%(platform)s does not work in %(country)s.")
            % {"platform": platform.label, "country": account.get_country_display()}
        )
    if account.fulfilment not in platform.fulfilments:
        raise RuleViolation(
            _("%(platform)s does not offer “%(fulfilment)s”.")
            % {"platform": platform.label, "fulfilment": account.get_fulfilment_display()}
        )
    if account.time_zone not in available_timezones():
        raise RuleViolation(_("“%(zone)s” is not a time zone.") % {"zone": account.time_zone})
    same_name = MarketplaceAccount.objects.filter(name__iexact=account.name)
    if same_name.exclude(pk=account.pk).exists():
        raise RuleViolation(_("There is already an account called %(name)s.") % {"name": account})
