"""What the error queue can be filtered by."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import MarketplaceAccount
from core.filters import BaseFilterSet, Choice, Search, When
from core.text import fold
from outbox import intents
from outbox.choices import CommandStatus, ErrorKind
from outbox.models import Command


def kind_choices() -> list[tuple[str, str]]:
    labels = [(kind, intents.title_of(kind)) for kind in intents.kinds()]
    return sorted(labels, key=lambda pair: fold(pair[1]))


class CommandFilter(BaseFilterSet):
    q = Search(_("Order, product, number…"))
    status = Choice(_("Status"), choices=CommandStatus.choices)
    account = Choice(_("Account"), choices=MarketplaceAccount.objects.choices, is_main=True)
    kind = Choice(pgettext_lazy("sent", "What"), choices=kind_choices, is_main=True)
    error_kind = Choice(_("Kind of trouble"), choices=ErrorKind.choices, is_main=True)
    created_at = When(_("Asked for"))

    class Meta:
        model = Command
        fields: tuple[str, ...] = ()
