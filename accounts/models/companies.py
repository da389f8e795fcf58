from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import legal
from accounts.choices import Country, Currency
from core.fields import SearchTextField


class CompanyQuerySet(models.QuerySet["Company"]):
    def locked(self) -> "CompanyQuerySet":
        return self.select_for_update(of=("self",)).order_by("pk")


class Company(models.Model):
    """A legal person that sells: the name, numbers and address its documents carry."""

    name = models.CharField(_("legal name"), max_length=200)
    country = models.CharField(
        _("country"), max_length=2, choices=Country.choices, default=Country.ROMANIA
    )
    # Digits only, as the tax office writes it; vat_number adds the country in front.
    tax_id = models.CharField(_("tax number"), max_length=20)
    is_vat_payer = models.BooleanField(_("registered for VAT"), default=True)
    trade_register = models.CharField(_("trade register number"), max_length=30, blank=True)
    share_capital = models.DecimalField(
        _("share capital"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    street = models.CharField(_("street and number"), max_length=200)
    city = models.CharField(_("town"), max_length=100)
    county = models.CharField(_("county"), max_length=60, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=120, blank=True)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    # Counts the changes, so that an edit form can tell that it shows old data.
    version = models.PositiveIntegerField(default=1, editable=False)
    search_text = SearchTextField(sources=("name", "tax_id", "trade_register", "city"))

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=["country", "tax_id"], name="company_tax_id"),
            models.CheckConstraint(
                condition=Q(share_capital__isnull=True) | Q(share_capital__gte=0),
                name="company_share_capital",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:company_detail", args=[self.pk])

    @property
    def vat_number(self) -> str:
        """As printed on an invoice: with the country in front only for VAT payers."""
        return legal.vat_number(self.country, self.tax_id) if self.is_vat_payer else self.tax_id


class BankAccount(models.Model):
    """Where a company takes its money; the main one of each currency is printed on documents."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="bank_accounts")
    iban = models.CharField(_("IBAN"), max_length=34)
    bank = models.CharField(_("bank"), max_length=100)
    currency = models.CharField(
        _("currency"), max_length=3, choices=Currency.choices, default=Currency.RON
    )
    is_main = models.BooleanField(_("main account"), default=False)

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        ordering = ("currency", "-is_main", "pk")
        constraints = (
            models.UniqueConstraint(fields=["company", "iban"], name="bank_account_iban"),
            models.UniqueConstraint(
                fields=["company", "currency"],
                condition=Q(is_main=True),
                name="bank_account_one_main",
            ),
        )

    def __str__(self) -> str:
        return self.pretty_iban

    @property
    def pretty_iban(self) -> str:
        return " ".join(self.iban[at : at + 4] for at in range(0, len(self.iban), 4))
