from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import platforms
from accounts.choices import Country, Currency, Fulfilment, InvoiceOn
from accounts.models.companies import Company
from core.fields import SearchTextField

MOST_MINUTES = 7 * 24 * 60


class MarketplaceAccountQuerySet(models.QuerySet["MarketplaceAccount"]):
    def locked(self) -> "MarketplaceAccountQuerySet":
        return self.select_for_update(of=("self",)).order_by("pk")

    def working(self) -> "MarketplaceAccountQuerySet":
        """The accounts that jobs serve."""
        return self.filter(is_paused=False)

    def choices(self) -> list[tuple[str, str]]:
        """For filters."""
        return [(str(pk), name) for pk, name in self.values_list("pk", "name")]


class MarketplaceAccount(models.Model):
    """A company's shop on one marketplace in one country, and how we work it."""

    name = models.CharField(_("name"), max_length=60)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("company")
    )
    platform = models.SlugField(_("marketplace"), max_length=30)
    country = models.CharField(_("country"), max_length=2, choices=Country.choices)
    fulfilment = models.CharField(
        _("who ships"), max_length=12, choices=Fulfilment.choices, default=Fulfilment.OWN
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency.choices)
    time_zone = models.CharField(_("time zone"), max_length=50)
    accepts_automatically = models.BooleanField(
        _("accept new orders by itself"),
        default=False,
        help_text=_("New orders are accepted without a click, every ten minutes."),
    )
    accept_after = models.PositiveSmallIntegerField(
        _("wait before accepting"),
        default=0,
        validators=[MaxValueValidator(MOST_MINUTES)],
        help_text=_(
            "Minutes from the order on. Until it is accepted the customer can cancel it there."
        ),
    )
    accepts_only_in_stock = models.BooleanField(
        _("only with everything in stock"),
        default=True,
        help_text=_("Orders with a product whose offer has too little stock wait for a person."),
    )
    invoice_on = models.CharField(
        _("make the invoice"),
        max_length=10,
        choices=InvoiceOn.choices,
        default=InvoiceOn.SHIPPED,
    )
    is_paused = models.BooleanField(_("paused"), default=False)
    pause_reason = models.CharField(_("reason"), max_length=200, blank=True)
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    search_text = SearchTextField(sources=("name", "platform"))

    objects = MarketplaceAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("marketplace account")
        verbose_name_plural = _("marketplace accounts")
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(Lower("name"), name="marketplace_account_name"),
            models.CheckConstraint(
                condition=Q(accept_after__lte=MOST_MINUTES), name="marketplace_account_accept_after"
            ),
            models.CheckConstraint(
                condition=Q(is_paused=False, paused_at__isnull=True, pause_reason="")
                | Q(is_paused=True, paused_at__isnull=False),
                name="marketplace_account_pause",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:marketplace_account_detail", args=[self.pk])

    @property
    def platform_label(self) -> str:
        return platforms.label(self.platform)

    @property
    def fulfilment_label(self) -> str:
        """The marketplace's own word for it where the adapter is installed."""
        return platforms.fulfilment_label(self.platform, self.fulfilment)
