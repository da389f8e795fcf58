from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount


class OfferReading(models.Model):
    """The last time that every offer of an account was looked at, whether it had changed or not.

    An unchanged offer writes nothing, so its own row does not know that it was seen.
    """

    account = models.OneToOneField(
        MarketplaceAccount, on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    began_at = models.DateTimeField(_("begun"))

    class Meta:
        verbose_name = _("reading of offers")
        verbose_name_plural = _("readings of offers")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.account_id} {self.began_at}"
