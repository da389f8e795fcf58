from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and companies")

    def ready(self) -> None:
        # What the records of libraries are called among ours.
        apps.get_app_config("axes").verbose_name = _("Failed sign-ins")
        apps.get_app_config("usersessions").verbose_name = _("Sessions")
        from accounts import actions, panels, receivers, search
        from accounts.services import mfa
        from core import fields, jobs, live, registry

        receivers.connect()
        fields.also_reencrypt(mfa.reencrypt_factors)
        panels.register()
        actions.register()
        search.register()
        jobs.register_scope("account", working_accounts, account_called)
        live.register_topic("people", "accounts.view_user")
        live.register_topic("accounts", "accounts.view_company")
        registry.register_verbs(VERBS)
        registry.register_section(registry.NavSection("setup", _("Set-up"), order=80))
        for item in (
            registry.NavItem(
                _("People"), "users", "accounts:person_list", "accounts.view_user",
                section="setup", order=10, key="p",
            ),
            registry.NavItem(
                _("Companies"), "building", "accounts:company_list", "accounts.view_company",
                section="setup", order=20,
            ),
            registry.NavItem(
                _("Marketplaces"), "building-store", "accounts:marketplace_account_list",
                "accounts.view_marketplaceaccount", section="setup", order=30,
            ),
            registry.NavItem(
                _("Records"), "database", "admin:index", "accounts.view_records",
                section="setup", order=90,
            ),
        ):  # fmt: skip
            registry.register_nav(item)


def working_accounts() -> list[str]:
    """Whom jobs with per="account" run for: every marketplace account that is not paused."""
    from accounts.models import MarketplaceAccount

    return [str(pk) for pk in MarketplaceAccount.objects.working().values_list("pk", flat=True)]


def account_called(name: str) -> str | None:
    """The key of the account of this name, also of a paused one."""
    from accounts.models import MarketplaceAccount

    found = MarketplaceAccount.objects.filter(name__iexact=name).values_list("pk", flat=True)
    return next((str(pk) for pk in found), None)


VERBS = {
    "person.invited": _("Person invited"),
    "person.invited_again": _("Invitation sent again"),
    "person.joined": _("Invitation accepted"),
    "person.changed": _("Person changed"),
    "person.role_changed": _("Role changed"),
    "person.deactivated": _("Person deactivated"),
    "person.activated": _("Person activated"),
    "person.signed_in": _("Signed in"),
    "person.signed_out": _("Device signed out"),
    "person.signed_out_elsewhere": _("Signed out everywhere else"),
    "person.locked_out": _("Locked out after wrong passwords"),
    "person.unlocked": _("Person unlocked"),
    "person.password_changed": _("Password changed"),
    "person.mfa_added": _("Two-factor added"),
    "person.mfa_removed": _("Two-factor removed"),
    "person.mfa_reset": _("Two-factor reset"),
    "person.recovery_codes_renewed": _("Recovery codes renewed"),
    "role_policy.changed": _("Role rule changed"),
    "token.created": _("API token made"),
    "token.revoked": _("API token revoked"),
    "company.created": _("Company added"),
    "company.changed": _("Company changed"),
    "company.bank_account_added": _("Bank account added"),
    "company.bank_account_removed": _("Bank account removed"),
    "company.main_bank_account_chosen": _("Main bank account chosen"),
    "marketplace_account.connected": _("Marketplace account added"),
    "marketplace_account.changed": _("Marketplace account changed"),
    "marketplace_account.paused": _("Marketplace account paused"),
    "marketplace_account.resumed": _("Marketplace account resumed"),
}
