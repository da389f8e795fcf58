"""What eMAG lets us choose from: categories, VAT rates, couriers, addresses, localities.

Copies that are read again when they are old; each row says when it was read. Rights and choices
differ between accounts, so rows belong to an account; localities are the same for all of a country.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount


class AccountRecord(models.Model):
    """What all records of an account share."""

    account = models.ForeignKey(MarketplaceAccount, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(_("number there"), max_length=40)
    read_at = models.DateTimeField(_("read"))

    class Meta:
        abstract = True


class Category(AccountRecord):
    """A category of eMAG's catalogue, and whether this account may publish in it."""

    name = models.CharField(_("name"), max_length=255)
    parent_external_id = models.CharField(max_length=40, blank=True)
    is_allowed = models.BooleanField(_("allowed"), default=False)
    is_barcode_mandatory = models.BooleanField(default=False)
    is_warranty_mandatory = models.BooleanField(default=False)
    family_types = models.JSONField(default=list, blank=True)
    # When its characteristics were read; they come only when one category is asked for.
    details_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["account", "external_id"], name="category_account_id"),
        )

    def __str__(self) -> str:
        return self.name


class Characteristic(models.Model):
    """A property that products of a category have, with the values it may take."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="characteristics")
    external_id = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=255)
    type_id = models.IntegerField(default=0)
    position = models.IntegerField(default=0)
    is_mandatory = models.BooleanField(default=False)
    is_filter = models.BooleanField(default=False)
    # False: the value must be one of `values`.
    takes_new_values = models.BooleanField(default=True)
    values = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("characteristic")
        verbose_name_plural = _("characteristics")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=["category", "external_id"], name="characteristic_category_id"
            ),
        )

    def __str__(self) -> str:
        return self.name


class VatRate(AccountRecord):
    """A VAT rate by eMAG's number for it."""

    rate = models.DecimalField(_("rate"), max_digits=6, decimal_places=4)  # 0.2100
    is_default = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["account", "external_id"], name="vat_rate_account_id"),
        )

    def __str__(self) -> str:
        return f"{self.rate}"


class HandlingTime(models.Model):
    """A number of days that an account may state for getting an order ready."""

    account = models.ForeignKey(MarketplaceAccount, on_delete=models.CASCADE, related_name="+")
    days = models.PositiveSmallIntegerField(_("days"))
    read_at = models.DateTimeField(_("read"))

    class Meta:
        verbose_name = _("handling time")
        verbose_name_plural = _("handling times")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["account", "days"], name="handling_time_account"),
        )

    def __str__(self) -> str:
        return str(self.days)


class CourierAccount(AccountRecord):
    """A contract with a courier through which an account's labels are made."""

    name = models.CharField(_("name"), max_length=255)
    courier = models.CharField(_("courier"), max_length=120)
    # 1 returns, 2 orders, 3 both, 4 outside the marketplace
    type_id = models.PositiveSmallIntegerField(default=0)
    properties = models.JSONField(default=list, blank=True)  # 0 home, 2 lockers, 6 offices …
    pickup_country = models.CharField(max_length=2, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("courier account")
        verbose_name_plural = _("courier accounts")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=["account", "external_id"], name="courier_account_account_id"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def serves_orders(self) -> bool:
        return self.is_active and self.type_id in {2, 3}


class PickupAddress(AccountRecord):
    """An address of ours that eMAG knows: for pick-up, returns, or the head office."""

    type_id = models.PositiveSmallIntegerField(default=0)  # 1 return, 2 pick-up, 3 office, 4 other
    country = models.CharField(max_length=2, blank=True)
    county = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=120, blank=True)
    street = models.CharField(max_length=255, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    locality_external_id = models.CharField(max_length=40, blank=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("address at the marketplace")
        verbose_name_plural = _("addresses at the marketplace")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=["account", "external_id"], name="pickup_address_account_id"
            ),
        )

    def __str__(self) -> str:
        return f"{self.street}, {self.city}"


class Locality(models.Model):
    """A place by eMAG's number for it, as addresses of orders and labels name it."""

    site = models.CharField(max_length=20)  # which eMAG: "emag-ro"
    external_id = models.CharField(_("number there"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    name_latin = models.CharField(max_length=120, blank=True)
    county = models.CharField(_("county"), max_length=120, blank=True)
    county_latin = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2)
    postal_code = models.CharField(max_length=20, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(_("read"))

    class Meta:
        verbose_name = _("locality")
        verbose_name_plural = _("localities")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["site", "external_id"], name="locality_site_id"),
        )
        indexes = (models.Index(fields=["country", "county", "name"], name="locality_place"),)

    def __str__(self) -> str:
        return f"{self.name}, {self.county}" if self.county else self.name
