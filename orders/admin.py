"""Orders and customers as records: search and look."""

from django.contrib import admin
from django.http import HttpRequest

from core.records import ReadOnlyAdmin
from orders.models import Customer, Order, OrderLine


class OrderLineInline(admin.TabularInline):  # type: ignore[type-arg]
    model = OrderLine
    can_delete = False
    extra = 0
    fields = ("external_id", "sku", "name", "quantity", "price", "vat_rate", "status")
    readonly_fields = fields

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "external_id",
        "account",
        "status",
        "remote_status",
        "customer_name",
        "total",
        "currency",
        "ordered_at",
    )
    list_filter = ("status", "remote_state", "fulfilment", "payment", "has_problem", "account")
    list_select_related = ("account",)
    search_fields = ("external_id",)
    date_hierarchy = "ordered_at"
    inlines = (OrderLineInline,)
    exclude = ("search_text", "digest")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = (
        "external_id", "name", "company", "account", "orders_count", "revenue", "currency", "tier",
        "risk", "blocked_at",
    )  # fmt: skip
    list_filter = ("is_company", "tier", "account")
    list_select_related = ("account",)
    date_hierarchy = "read_at"
    exclude = ("search_text", "match_keys")
    search_fields = ("external_id", "name", "company", "email")

    def has_view_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return request.user.has_perm("orders.view_customer")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
