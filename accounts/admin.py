"""People, companies and accounts as records: search and look. Changes are made on their pages."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts import devices
from accounts.models import ApiToken, BankAccount, Company, MarketplaceAccount, RolePolicy, User
from core.records import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("name", "email", "role", "is_active", "has_mfa", "last_seen_at", "created_at")
    list_filter = ("role", "is_active", "has_mfa", "must_enroll_mfa", "language")
    search_fields = ("name", "email")
    date_hierarchy = "created_at"
    fields = (
        "name",
        "email",
        "role",
        "is_active",
        "has_mfa",
        "must_enroll_mfa",
        "language",
        "time_zone",
        "theme",
        "created_at",
        "invited_at",
        "joined_at",
        "last_login",
        "last_seen_at",
        "preferences",
    )


@admin.register(RolePolicy)
class RolePolicyAdmin(ReadOnlyAdmin):
    list_display = ("role", "require_mfa", "changed_at")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "prefix",
        "user",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__name", "user__email")
    date_hierarchy = "created_at"
    exclude = ("hash",)


class BankAccountInline(admin.TabularInline):  # type: ignore[type-arg]
    model = BankAccount
    can_delete = False
    extra = 0

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    list_display = ("name", "country", "tax_id", "is_vat_payer", "city")
    list_filter = ("country", "is_vat_payer")
    search_fields = ("name", "tax_id", "trade_register", "bank_accounts__iban")
    date_hierarchy = "created_at"
    inlines = (BankAccountInline,)
    exclude = ("search_text", "version")


@admin.register(MarketplaceAccount)
class MarketplaceAccountAdmin(ReadOnlyAdmin):
    list_display = ("name", "platform", "country", "fulfilment", "company", "currency", "is_paused")
    list_filter = ("platform", "country", "fulfilment", "is_paused", "company")
    list_select_related = ("company",)
    search_fields = ("name", "company__name")
    date_hierarchy = "created_at"
    exclude = ("search_text", "version")


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """The library has no translatable names for its columns, so they are given here."""

    list_display = ("person", "device", "address", "began", "last_seen")
    list_filter = ("created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "ip")
    date_hierarchy = "last_seen_at"
    fields = ("person", "device", "address", "began", "last_seen", "user_agent")
    readonly_fields = ("person", "device", "address", "began", "last_seen")

    @admin.display(description=_("person"), ordering="user__name")
    def person(self, session: UserSession) -> str:
        return str(session.user)

    @admin.display(description=_("device"))
    def device(self, session: UserSession) -> str:
        return str(devices.device(session.user_agent))

    @admin.display(description=_("IP address"), ordering="ip")
    def address(self, session: UserSession) -> str:
        return str(session.ip)

    @admin.display(description=_("signed in"), ordering="created_at")
    def began(self, session: UserSession) -> datetime:
        return session.created_at  # type: ignore[no-any-return]

    @admin.display(description=_("last seen"), ordering="last_seen_at")
    def last_seen(self, session: UserSession) -> datetime:
        return session.last_seen_at  # type: ignore[no-any-return]


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    list_filter = ("attempt_time",)
    search_fields = ("username", "ip_address")
    date_hierarchy = "attempt_time"
    fields = ("username", "ip_address", "user_agent", "failures_since_start", "attempt_time")
