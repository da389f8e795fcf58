"""The dialogs of an order. Rules are in orders.rules and the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.html import StrOrPromise
from orders import reasons, rules
from orders.choices import AttachmentKind, LineStatus
from orders.models import Order, OrderLine


class OrderForm(forms.Form):
    """What every dialog of an order posts: the stamp of the order as it was drawn."""

    stamp = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["stamp"] = order.stamp

    @property
    def values(self) -> Mapping[str, Any]:
        """What the service is called with."""
        return self.cleaned_data

    def look_again(self, order: Order) -> None:
        """The order changed while it was looked at: sent again it is meant as it is now."""
        self.data: Any = self.data.copy()
        self.data["stamp"] = order.stamp


class HoldForm(OrderForm):
    reason = forms.CharField(
        label=_("Why it waits"), max_length=200, help_text=_("Everybody reads this on the order.")
    )


class CancelForm(OrderForm):
    reason = forms.ChoiceField(label=_("Reason"))

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, order=order, **kwargs)
        self.fields["reason"].choices = reason_choices(  # type: ignore[attr-defined]
            reasons.choices(order.account.platform)
        )


def reason_choices(known: list[tuple[str, StrOrPromise]]) -> list[tuple[str, StrOrPromise]]:
    return [("", _("Choose…")), *((code, f"{text} · {code}") for code, text in known)]


class RestoreForm(OrderForm):
    target = forms.ChoiceField(label=_("Back to"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, order=order, **kwargs)
        open_now = rules.targets(order, "restore")
        self.fields["target"].choices = [(one.value, one.label) for one in open_now]  # type: ignore[attr-defined]
        if open_now:
            self.initial["target"] = open_now[0].value


class LinesForm(OrderForm):
    """A number for each product that is still on the order.

    What was shown is sent along: only what a person typed over is meant.
    """

    kept = True  # the number says what stays on the order, not what comes back

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, order=order, **kwargs)
        active = order.lines.filter(status=LineStatus.ACTIVE, quantity__gt=0)
        self.lines = {line.pk: line for line in active.order_by("position", "pk")}
        for line in self.lines.values():
            number = f"line_{line.pk}"
            self.fields[number] = forms.IntegerField(
                required=not self.is_bound or number in self.data,  # it may be new on the order
                label=line.name or str(line),
                min_value=0,
                max_value=None if self.kept else line.quantity,
                initial=self.initial_of(line),
                widget=forms.TextInput(
                    attrs={"inputmode": "numeric", "data-unit": self.unit(line)}
                ),
                help_text=line.sku,
            )
            self.fields[f"was_{line.pk}"] = forms.IntegerField(
                initial=self.initial_of(line), required=False, widget=forms.HiddenInput
            )

    def initial_of(self, line: OrderLine) -> int:
        return line.quantity if self.kept else 0

    def unit(self, line: OrderLine) -> str:
        words = _("was %(n)s") if self.kept else _("of %(n)s")
        return str(words % {"n": line.quantity})

    @property
    def values(self) -> Mapping[str, Any]:
        pieces = {pk: self.cleaned_data[f"line_{pk}"] for pk in self.lines if self.is_typed(pk)}
        return {"stamp": self.cleaned_data["stamp"], "pieces": pieces}

    def is_typed(self, pk: int) -> bool:
        number = self.cleaned_data[f"line_{pk}"]
        return number is not None and number != self.cleaned_data[f"was_{pk}"]

    def look_again(self, order: Order) -> None:
        """What nobody typed over is shown as it is now; what was typed stays, and is marked."""
        super().look_again(order)
        for pk, line in self.lines.items():
            now, was = self.initial_of(line), self.cleaned_data[f"was_{pk}"]
            if not self.is_typed(pk):
                self.data[f"line_{pk}"] = now
            elif was is not None and was != now:
                changed = _("It was %(was)s before, and is %(now)s now.")
                self.add_error(f"line_{pk}", changed % {"was": was, "now": now})
            self.data[f"was_{pk}"] = now


class StornoForm(LinesForm):
    kept = False


class AttachForm(OrderForm):
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[one for one in AttachmentKind.choices if one[0] != AttachmentKind.OTHER],
    )
    name = forms.CharField(
        label=_("Name"), max_length=60, required=False, help_text=_("The customer sees it.")
    )
    file = forms.FileField(
        label=_("PDF"), required=False, allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
        help_text=_("10 MB at most. The marketplace fetches it from here by a signed link."),
    )  # fmt: skip
    url = forms.CharField(
        label=_("Or its address"), max_length=1024, required=False,
        widget=forms.TextInput(attrs={"inputmode": "url"}),
        help_text=_("A public address of a PDF. It begins with https://."),
    )  # fmt: skip
    line = forms.ModelChoiceField(
        OrderLine.objects.none(), label=_("Product"), required=False, empty_label=_("None"),
        help_text=_("Only a warranty belongs to one product."),
    )  # fmt: skip

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, order=order, **kwargs)
        self.fields["line"].queryset = order.lines.filter(status=LineStatus.ACTIVE)  # type: ignore[attr-defined]


# --- Of many orders ---------------------------------------------------------------------------


class BulkCancelForm(forms.Form):
    reason = forms.ChoiceField(label=_("Reason"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = reason_choices(reasons.everywhere())  # type: ignore[attr-defined]


class BulkHoldForm(forms.Form):
    reason = forms.CharField(
        label=_("Why they wait"), max_length=200, help_text=_("Everybody reads this on the orders.")
    )
