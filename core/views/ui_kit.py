"""Every component on one page, for those who build pages. It exists only with DEBUG on."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

if TYPE_CHECKING:
    from core.pages import AuthedRequest

TITLE = (
    "Husă silicon Galaxy S24 Ultra, protecție cameră, margini întărite, compatibilă MagSafe, "
    "negru mat, ambalaj reciclat, cutie inclusă"
)
# number, customer, town, status, minutes until hand-over, total, currency, class of the row
ROWS = [
    ("287 431 902", "Ana-Maria Țurcanu", "Cluj-Napoca", "new", 41, "1284.50", "RON", ""),
    (
        "287 431 877",
        "SC Brâncoveanu Trade SRL",
        "București, S3",
        "new",
        130,
        "219.99",
        "RON",
        "late",
    ),
    ("287 431 860", "Gheorghe Ștefănescu", "Iași", "work", 185, "96.40", "RON", "selected"),
    ("112 908 114", "Иван Петров", "София", "work", 340, "24.90", "EUR", ""),
    ("94 220 671", "Nagy Eszter", "Budapest XI.", "wait", 1500, "8990", "HUF", ""),
    ("287 431 731", "Cristina Pârvu", "Ploiești", "shipped", -600, "58.20", "RON", ""),
    ("287 431 702", "Radu Ionașcu", "Constanța", "cancelled", -4000, "149.00", "RON", ""),
    ("287 431 640", "Elena Dumitrașcu", "Oradea", "nothing", -90000, "-131.97", "RON", ""),
]
STATUSES = {
    "new": ("New", "blue", "sparkles"),
    "work": ("In progress", "blue", ""),
    "wait": ("Waiting", "amber", "clock"),
    "shipped": ("Shipped", "green", ""),
    "cancelled": ("Cancelled", "red", ""),
    "nothing": ("Nothing to do", "grey", ""),
}
KEYS = ("id", "name", "town", "status", "minutes", "total", "currency", "css")


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Company name", help_text="As it stands in the trade register.")
    cui = forms.CharField(label="CUI", required=False)
    price = forms.DecimalField(
        label="Lowest price",
        localize=True,  # "12,50" is a number too, and a text input keeps what cannot be read
        widget=forms.TextInput(attrs={"data-unit": "lei", "inputmode": "decimal"}),
        help_text="Offers never go below it.",
    )
    country = forms.ChoiceField(
        label="Country", choices=[("RO", "Romania"), ("BG", "Bulgaria"), ("HU", "Hungary")]
    )
    policy = forms.ChoiceField(
        label="Invoice", choices=[("ship", "When shipped"), ("deliver", "When delivered")],
        widget=forms.RadioSelect,
    )  # fmt: skip
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    is_active = forms.BooleanField(label="Sells on this account", required=False)


def ui_kit(request: AuthedRequest) -> HttpResponse:
    """?wrong shows the form refused, ?toasts shows one toast of each kind."""
    if "toasts" in request.GET:
        for level in (messages.success, messages.info, messages.warning, messages.error):
            level(request, "38 orders acknowledged at eMAG, 2 refused.")
    form = SampleForm({"name": "", "price": "abc"}) if "wrong" in request.GET else SampleForm()
    return render(request, "core/ui_kit/page.html", {"title": "UI kit", "form": form, **_samples()})


def _samples() -> dict[str, Any]:
    now = timezone.now()
    rows: list[dict[str, Any]] = [dict(zip(KEYS, row, strict=True)) for row in ROWS]
    for row in rows:
        row["badge"] = STATUSES[row["status"]]
        row["due"] = now + timedelta(minutes=row["minutes"])
        row["total"] = Decimal(row["total"])
    return {
        "rows": rows,
        "long_title": TITLE,
        "tones": ["grey", "blue", "green", "amber", "red"],
        "tabs": [
            {"label": "New", "url": "#", "is_current": True, "count": 38},
            {"label": "To pick", "url": "#", "count": 26},
            {"label": "All", "url": "#", "count": 1_204_318},
        ],
        "events": [
            _event("sparkles", "Arrived from eMAG", now - timedelta(hours=2), tone="blue"),
            _event("message", "Note", now - timedelta(minutes=40), who="Radu", note="sună înainte"),
            _event("check", "Acknowledged", now - timedelta(seconds=20), tone="green", who="Ioana"),
        ],
    }


def _event(icon: str, text: str, at: datetime, **more: str) -> dict[str, object]:
    return {"icon": icon, "text": text, "at": at, **more}
