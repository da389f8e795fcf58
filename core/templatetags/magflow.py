"""Template tags of every page: icon, badge, when, money, panels and a few small ones.

They are builtins (settings.TEMPLATES), so no template loads them. The four that appear hundreds of
times live in core.html; here they only get their template names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import template
from django.template.base import FilterExpression, Node, Parser, Token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from core import html, registry

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.template.context import Context

    from core.registry import Panel

log = logging.getLogger(__name__)
register = template.Library()

register.filter("when", html.when)
register.filter("duration", html.duration)
register.filter("initials", html.initials)
register.filter("verb", registry.verb_label)


@register.filter
def money(amount: Any, currency: str = "RON") -> SafeString:
    return html.money(amount, currency)


@register.filter
def number(value: Any, places: int = 0) -> str:
    return "–" if value is None else html.number(value, places)


# --- icon and badge: nodes of their own, because simple_tag costs ten times as much -----------


class HtmlNode(Node):
    """Calls a function of core.html; when every argument is a constant, only once."""

    def __init__(self, fn: Callable[..., SafeString], args: list[FilterExpression]) -> None:
        self.fn = fn
        self.args = args
        self.is_constant = all(_is_constant(arg.var) for arg in args)
        self.text: SafeString | None = None

    def render(self, context: Context) -> SafeString:
        if self.text is not None:
            return self.text
        values = [arg.resolve(context) for arg in self.args]
        text = self.fn(*values)
        if self.is_constant and self.fn is html.icon:  # a badge's word is translated, an icon never
            self.text = text
        return text


def _is_constant(var: Any) -> bool:
    """A text in quotes, but not one in _(): that differs by language."""
    return getattr(var, "lookups", None) is None and not isinstance(var, Promise)


def _html_tag(fn: Callable[..., SafeString]) -> Callable[[Parser, Token], HtmlNode]:
    def compile_tag(parser: Parser, token: Token) -> HtmlNode:
        name, *bits = token.split_contents()
        if not bits:
            raise template.TemplateSyntaxError(f"{{% {name} %}} needs at least one argument.")
        return HtmlNode(fn, [parser.compile_filter(bit) for bit in bits])

    return compile_tag


register.tag("icon", _html_tag(html.icon))  # {% icon "check" "icon-sm" %}
register.tag("badge", _html_tag(html.badge))  # {% badge run.get_status_display run.tone %}


# --- Panels -----------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def panels(context: Context, page: str, subject: Any = None, area: str = "") -> SafeString:
    """The panels other apps registered for this page; one that fails says so and the page lives."""
    request: HttpRequest = context["request"]
    found = registry.panels_for(page, request.user, area)
    return format_html_join("\n", "{}", ((render_panel(request, p, subject),) for p in found))


def render_panel(
    request: HttpRequest, panel: Panel, subject: Any, *, is_fetched: bool = False
) -> SafeString:
    """One panel with its frame, or nothing where it is empty.

    A lazy one is a placeholder until it `is_fetched`.
    """
    values: dict[str, object] = {"panel": panel, "subject": subject, "address": ""}
    if panel.model is not None:
        values["address"] = reverse("core:panel", args=(panel.page, panel.id, subject.pk))
    if panel.lazy and not is_fetched:
        return render_to_string("components/panel_waiting.html", values, request)
    try:
        values |= panel.context(request, subject) if panel.context else {}
        values["body"] = body = render_to_string(panel.template, values, request)
    except Exception:
        log.exception("Panel %s of %s failed", panel.id, panel.page)
        return render_to_string("components/panel_failed.html", values, request)
    if not body.strip():  # it has nothing to say about this one
        return SafeString("")
    return render_to_string("components/panel.html", values, request)
