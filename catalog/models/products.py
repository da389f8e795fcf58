from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from core.fields import SearchTextField


class Product(models.Model):
    """Something a company sells, whatever the accounts it is offered on."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="products", verbose_name=_("company")
    )
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    name = models.CharField(_("name"), max_length=500)
    brand = models.CharField(_("brand"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    search_text = SearchTextField(sources=("sku", "name", "brand"))

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("sku", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("company", "sku"), condition=~Q(sku=""), name="product_sku"
            ),
        )

    def __str__(self) -> str:
        return f"{self.sku} {self.name}".strip()


class Barcode(models.Model):
    """A barcode that stands on a product. Several products may carry the same one by mistake."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="barcodes", verbose_name=_("product")
    )
    code = models.CharField(_("code"), max_length=64)

    class Meta:
        verbose_name = _("barcode")
        verbose_name_plural = _("barcodes")
        ordering = ("code", "pk")
        constraints = (models.UniqueConstraint(fields=("code", "product"), name="barcode_product"),)

    def __str__(self) -> str:
        return self.code


class ProductImage(models.Model):
    """The address of a picture of a product; the one with the lowest position is the main one."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="images", verbose_name=_("product")
    )
    url = models.CharField(_("address"), max_length=2048)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ("product", "position")
        constraints = (
            models.UniqueConstraint(fields=("product", "position"), name="product_image_position"),
        )

    def __str__(self) -> str:
        return self.url
