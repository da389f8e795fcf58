"""Small pieces of HTML that appear hundreds of times on a page: icon, badge, time, money.

A list of fifty rows calls these four hundred times, so each is a plain function that joins
strings, remembers what does not change, and never touches a template. The template tags in
core.templatetags.magflow are these functions under the same names; table columns call them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from django.templatetags.static import static
from django.utils import formats
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core.clock import DAY, HOUR, MINUTE, Clock

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

    StrOrPromise = str | StrPromise
else:
    StrOrPromise = str | Promise

Tone = Literal["grey", "blue", "green", "amber", "red"]

# What a tone means is the same on every page: nothing to do, in work, done, soon late, late.
TONE_ICONS: Mapping[str, str] = {
    "grey": "minus",
    "blue": "progress",
    "green": "check",
    "amber": "alert-triangle",
    "red": "x",
}
EMPTY = mark_safe('<span class="faint">–</span>')
NBSP = "\u00a0"

# --- Icons ------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """An icon of the sprite. It is silent for screen readers unless it has a label of its own."""
    classes = f"icon {css}".rstrip()
    said = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    address = f"{static('img/icons.svg')}#{escape(name)}"
    return mark_safe(f'<svg class="{escape(classes)}" {said}><use href="{address}"/></svg>')  # noqa: S308


# --- Badges -----------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def _badge(label: str, tone: str, icon_name: str) -> SafeString:
    return mark_safe(  # noqa: S308
        f'<span class="badge tone-{escape(tone)}">{icon(icon_name)}{escape(label)}</span>'
    )


def badge(label: StrOrPromise, tone: Tone | str = "grey", icon_name: str = "") -> SafeString:
    """A status: its word, its colour by meaning and its icon, so that colour never stands alone."""
    return _badge(str(label), tone, icon_name or TONE_ICONS.get(tone, "minus"))


# --- Times ------------------------------------------------------------------------------------


def exact_time(moment: datetime) -> str:
    """ "25 Nov 2026, 14:05:09" in the person's language and zone."""
    return Clock().exact(moment)


def relative_time(moment: datetime, now: datetime | None = None) -> str:
    """How far away a moment is, in the words people use: "5 min ago", "tomorrow 16:00"."""
    return Clock(now).relative(moment)


def when(moment: datetime | date | None) -> SafeString:
    """A moment as people say it, with the exact one on hover; an empty one is a faint dash."""
    if moment is None:
        return EMPTY
    if not isinstance(moment, datetime):
        return mark_safe(f'<time datetime="{moment.isoformat()}">{Clock().date(moment)}</time>')  # noqa: S308
    return Clock().html(moment)


def duration(length: timedelta | float | None) -> str:
    """ "0.4 s", "12 s", "3 min 5 s", "2 h 10 min": two units at most."""
    if length is None:
        return "–"
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 9.95:
        return f"{number(round(seconds, 1), 1)} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


# --- Numbers and money ------------------------------------------------------------------------

SYMBOLS: Mapping[str, str] = {
    "RON": "lei",
    "EUR": "€",
    "HUF": "Ft",
    "BGN": "лв.",
    "USD": "$",
    "PLN": "zł",
}
WHOLE, CENTS = Decimal(1), Decimal("0.01")
WHOLE_CURRENCIES = frozenset({"HUF"})


@lru_cache(maxsize=16)
def _separators(language: str | None) -> dict[int, str]:
    """Swaps the separators Python writes (1,234.5) for those of a language."""
    thousands = formats.get_format("THOUSAND_SEPARATOR", language)
    decimal = formats.get_format("DECIMAL_SEPARATOR", language)
    return str.maketrans({",": thousands, ".": decimal, "-": "\u2212"})


def number(value: int | float | Decimal, places: int = 0) -> str:
    """A number with the separators of the person's language: 1.234,50."""
    return f"{value:,.{places}f}".translate(_separators(get_language()))


def money(amount: Decimal | int | None, currency: str = "RON") -> SafeString:
    """ "1.234,50 lei": digits by language, the currency faint behind them."""
    if amount is None:
        return EMPTY
    is_whole = currency in WHOLE_CURRENCIES
    # Rounded as core.money rounds; formatting alone would round half a ban to even. No -0.00.
    rounded = Decimal(amount).quantize(WHOLE if is_whole else CENTS, ROUND_HALF_UP) + 0
    digits = number(rounded, 0 if is_whole else 2)
    symbol = SYMBOLS.get(currency) or escape(currency)
    return mark_safe(f'{digits}{NBSP}<span class="cur">{symbol}</span>')  # noqa: S308


# --- People -----------------------------------------------------------------------------------


def initials(name: str) -> str:
    """ "Ioana Popescu" → "IP", "ana@shop.ro" → "A"."""
    words = [word for word in name.replace("@", " @").split() if word[0].isalnum()]
    picked = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0] for word in picked).upper() or "?"
