"""Who is meant by the "@" in a note: "@Ana Pop", or "@ana" where only one Ana works here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.utils.html import conditional_escape, linebreaks
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from core.text import fold

LONGEST = 300  # characters of a name, or of an address
_MARK = re.compile(r"(?<!\w)@")  # not the one inside of an address


def colleagues() -> list[User]:
    """Everybody who may read notes, by name."""
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    return [one for one in people.defer("search_text") if one.has_perm("orders.view_order")]


def named_in(text: str, people: Sequence[User]) -> list[User]:
    """Those whom a text names with "@", each once, in the order of the text.

    The longest name that fits counts, so that "@Ana Popescu" is not Ana Pop.
    """
    names = _names(people)
    found: dict[int, User] = {}
    for mark in _MARK.finditer(text):
        said = fold(text[mark.end() : mark.end() + LONGEST])
        fitting = (name for name in names if _begins_with(said, name))
        if best := max(fitting, key=len, default=""):
            found.setdefault(names[best].pk, names[best])
    return list(found.values())


def _names(people: Iterable[User]) -> dict[str, User]:
    """What each may be called: the whole name, the address, and a first name nobody shares."""
    names: dict[str, User] = {}
    shared: set[str] = set()
    for person in people:
        for name in {fold(str(person)), fold(person.get_short_name()), person.email}:
            if name in names:
                shared.add(name)
            names[name] = person
    return {name: person for name, person in names.items() if name and name not in shared}


def _begins_with(said: str, name: str) -> bool:
    rest = said[len(name) : len(name) + 1]
    return said.startswith(name) and not rest.isalnum()


def as_html(text: str, names: Iterable[str]) -> SafeString:
    """A note as it is shown: its lines kept, the people in it marked."""
    html = linebreaks(text, autoescape=True)
    for name in sorted({str(conditional_escape(name)) for name in names}, key=len, reverse=True):
        mark = re.compile(rf"@{re.escape(name)}(?!\w)(?![^<]*</b>)", re.IGNORECASE)
        html = mark.sub(lambda found: f'<b class="mention">{found[0]}</b>', html)
    return mark_safe(html)  # noqa: S308 - linebreaks() escaped the text, and the names are escaped
