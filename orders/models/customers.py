from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount


class Customer(models.Model):
    """Somebody who bought on one account, under the marketplace's number for them.

    The facts are those of the latest order; what an order said stands in its own addresses.
    """

    account = models.ForeignKey(
        MarketplaceAccount,
        on_delete=models.PROTECT,
        related_name="customers",
        db_index=False,  # the unique constraint begins with it
        verbose_name=_("account"),
    )
    external_id = models.CharField(_("customer number"), max_length=64)
    name = models.TextField(_("name"), blank=True)
    company = models.TextField(_("company"), blank=True)
    email = models.TextField(_("email"), blank=True)
    phones = ArrayField(models.TextField(), verbose_name=_("phones"), default=list, blank=True)
    gender = models.TextField(_("gender"), blank=True)
    is_company = models.BooleanField(_("is a company"), default=False)
    is_vat_payer = models.BooleanField(_("registered for VAT"), default=False)
    tax_id = models.TextField(_("tax number"), blank=True)
    trade_register = models.TextField(_("trade register"), blank=True)
    bank = models.TextField(_("bank"), blank=True)
    iban = models.TextField(_("IBAN"), blank=True)
    fax = models.TextField(_("fax"), blank=True)
    liable_person = models.TextField(_("liable person"), blank=True)
    catalogue_id = models.TextField(_("second number"), blank=True)
    read_at = models.DateTimeField(_("read"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        default_permissions = ()
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=("account", "external_id"), name="customer_external_id"),
        )

    def __str__(self) -> str:
        return self.name or self.company or self.external_id
