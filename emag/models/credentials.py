"""How MagFlow signs in to eMAG for an account."""

import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import MarketplaceAccount
from core.fields import EncryptedTextField


def new_hook_token() -> str:
    return secrets.token_urlsafe(24)


class Trouble(models.TextChoices):
    """Why eMAG does not talk to us: what a person has to put right, and where."""

    PASSWORD = "password", _("User or password")
    IP = "ip", _("Our address is not registered")
    RIGHTS = "rights", _("Missing rights")
    NETWORK = "network", _("No connection")
    ADDRESS = "address", _("Wrong address")
    LIMIT = "limit", _("Too many calls")
    REMOTE = "remote", _("An error at eMAG")


class Credential(models.Model):
    """The user, the password and the address with which one account's calls are made."""

    account = models.OneToOneField(
        MarketplaceAccount,
        on_delete=models.CASCADE,
        related_name="emag_credential",
        verbose_name=_("account"),
    )
    username = models.CharField(_("user"), max_length=150)
    password = EncryptedTextField(_("password"))
    base_url = models.URLField(
        _("other address"),
        blank=True,
        help_text=_("Empty for eMAG itself. A test server has an address of its own."),
    )
    hook_token = models.CharField(
        max_length=64, unique=True, default=new_hook_token, editable=False
    )
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    checked_at = models.DateTimeField(_("tested"), null=True, blank=True, editable=False)
    worked_at = models.DateTimeField(_("last worked"), null=True, blank=True, editable=False)
    trouble_kind = models.CharField(
        _("trouble"), max_length=12, choices=Trouble.choices, blank=True, editable=False
    )
    trouble = models.TextField(blank=True, editable=False)
    outgoing_ip = models.GenericIPAddressField(
        _("our address as eMAG sees it"), null=True, blank=True, editable=False
    )
    usage_since = models.DateTimeField(_("counted since"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("eMAG credentials")
        verbose_name_plural = _("eMAG credentials")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.username} · {self.account}"
