"""Records of the catalogue, to be searched and read."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from catalog.models import Barcode, Offer, PriceChange, Product, ProductImage, StockChange
from core.records import ReadOnlyAdmin


class CatalogueAdmin(ReadOnlyAdmin):
    """Whoever may see offers sees what belongs to them."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("catalog.view_offer")


class PartInline(admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("catalog.view_offer")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class BarcodeInline(PartInline):
    model = Barcode


class ProductImageInline(PartInline):
    model = ProductImage


@admin.register(Product)
class ProductAdmin(CatalogueAdmin):
    list_display = ("sku", "name", "brand", "company")
    list_filter = ("company",)
    list_select_related = ("company",)
    search_fields = ("sku", "name", "brand")
    date_hierarchy = "created_at"
    inlines = (BarcodeInline, ProductImageInline)
    exclude = ("search_text",)


@admin.register(Offer)
class OfferAdmin(CatalogueAdmin):
    list_display = ("sku", "name", "account", "price", "currency", "stock", "status", "read_at")
    list_filter = ("account", "status", "is_sellable")
    list_select_related = ("account",)
    search_fields = ("sku", "name", "external_id")
    date_hierarchy = "created_at"
    raw_id_fields = ("product",)
    exclude = ("search_text", "version")


class ChangeAdmin(CatalogueAdmin):
    list_display = ("at", "offer", "before", "after", "by")
    list_select_related = ("offer", "by")
    search_fields = ("offer__sku", "offer__external_id")
    date_hierarchy = "at"
    raw_id_fields = ("offer",)


admin.site.register(PriceChange, ChangeAdmin)
admin.site.register(StockChange, ChangeAdmin)
