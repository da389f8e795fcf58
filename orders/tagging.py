"""Tags as lists and pages read them: their names, and how they look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q
from django.db.models.functions import JSONObject

from orders.models import Tag


def choices() -> list[tuple[str, str]]:
    """The tags that can be given to orders and looked for."""
    return [(name, name) for name in Tag.objects.in_use().values_list("name", flat=True)]


def current_names(names: Iterable[str]) -> list[str]:
    """The names by which these tags are called now, each once; without those that were removed."""
    names = list(dict.fromkeys(names))
    if not names:
        return []
    now: dict[str, str] = {}
    for tag in Tag.objects.filter(Q(name__in=names) | Q(former_names__overlap=names)):
        now |= dict.fromkeys((tag.name, *tag.former_names), "" if tag.is_removed else tag.name)
    return [name for name in dict.fromkeys(now.get(name, name) for name in names) if name]


def former_names() -> list[str]:
    """Names that tags had and orders may still hold: links and open pages still ask for them."""
    renamed = Tag.objects.in_use().exclude(former_names=[])
    return [name for names in renamed.values_list("former_names", flat=True) for name in names]


def all_names(names: Iterable[str]) -> list[str]:
    """These tags under every name by which orders may still hold them."""
    found = set(names)
    asked = Q(name__in=found) | Q(former_names__overlap=list(found))
    for name, former in Tag.objects.filter(asked).values_list("name", "former_names"):
        found |= {name, *former}
    return sorted(found)


# Every tag, as a value of a row that is read anyway: chips(order.all_tags).
ALL_TAGS = ArraySubquery(
    Tag.objects.values(
        it=JSONObject(
            name="name", colour="colour", former_names="former_names", is_removed="is_removed"
        )
    )
)


def chips(tags: Iterable[Mapping[str, Any]] | None = None) -> Callable[[Iterable[str]], str]:
    """Writes the tags of an order as HTML. What tags there are is asked at the first that has any.

    A tag under a former name is shown under its new one, a removed one not at all.
    """
    looks = _looks(Tag(**one) for one in tags) if tags is not None else {}

    def write(names: Iterable[str]) -> str:
        if not names:
            return ""
        if not looks:
            looks.update(_looks(Tag.objects.all()))
        shown = dict.fromkeys(looks.get(name, _chip(name, "grey")) for name in names)
        return " ".join(filter(None, shown))

    return write


def _looks(tags: Iterable[Tag]) -> dict[str, str]:
    found = {"": ""}  # never empty, so that it is read once
    for tag in tags:
        chip = "" if tag.is_removed else _chip(tag.name, tag.colour)
        found |= dict.fromkeys((tag.name, *tag.former_names), chip)
    return found


def _chip(name: str, colour: str) -> str:
    return f'<span class="badge tag tone-{colour}">{escape(name)}</span>'
