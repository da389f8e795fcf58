"""Mistakes in documentation that do not stop an offer from being saved (API §17.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from emag.simulator.checks import whole
from emag.simulator.decimals import decimal
from emag.simulator.seeds import categories as tree

_FORMS = {
    tree.UNIT: re.compile(r"-?\d+([.,]\d+)? ?\S.*\Z"),
    tree.RESOLUTION: re.compile(r"\d+ x \d+\Z"),
    tree.VOLUME: re.compile(r"[\d.]+( x [\d.]+){1,2}( - [\d.]+)?\Z"),
    tree.SIZE: re.compile(r"\S.*\Z"),
}
_YES_NO = frozenset({"yes", "no", "n/a", "da", "nu"})
FAMILY_VALUES = "Please provide product characteristic values for the given family type"


def mistakes(sent: Mapping[str, Any], *, may_publish: bool) -> list[str]:
    """What is wrong with the documentation of a checked save, in the marketplace's words."""
    category = tree.categories().get(whole(sent.get("category_id")) or 0)
    if category is None:
        return ["template does not exist in doc application"]
    found = [] if may_publish else [f"ERROR: category {category.id} is not allowed"]
    found += _characteristics(category, sent.get("characteristics") or [])
    found += _family(category, sent)
    if sent.get("images") == []:
        found.append("photo_gallery array is empty")
    return found


def _characteristics(category: tree.Category, values: list[Any]) -> list[str]:
    found, seen = [], set()
    for entry in values:
        number, value = whole(entry.get("id")), str(entry.get("value") or "").strip()
        one = tree.characteristic(category, number or 0)
        if one is None:
            found.append(f"characteristic with id {number} is not attached to template")
            continue
        seen.add(one.id)
        reason = _value(one, value, entry.get("tag"))
        if reason:
            found.append(f"value of characteristic with id {one.id} {reason}")
    for one, is_mandatory in category.characteristics:
        if is_mandatory and one.id not in seen:
            found.append(f"characteristic with id {one.id} was not set")
    return found


def _value(one: tree.Characteristic, value: str, tag: Any) -> str:
    if not value:
        return "is empty"
    if one.tags and tag not in one.tags:
        return "cannot be parsed"
    if one.type_id == tree.NUMBER and decimal(value) is None:
        return "must be numeric"
    if one.type_id == tree.YES_NO and value.casefold() not in _YES_NO:
        return f"must be one of: {', '.join(one.values)}"
    if not one.may_add and one.type_id != tree.YES_NO and value not in one.values:
        return f"must be one of: {', '.join(one.values[:20])}"
    form = _FORMS.get(one.type_id)
    return "cannot be parsed" if form is not None and not form.match(value) else ""


def _family(category: tree.Category, sent: Mapping[str, Any]) -> list[str]:
    family = sent.get("family")
    if not isinstance(family, Mapping) or whole(family.get("id")) == 0:
        return []
    known = tree.FAMILY_TYPES.get(category.id)
    if known is None or whole(family.get("family_type_id")) != known[0]:
        return ["Mktp Family: invalid family type id"]
    values = [
        entry
        for entry in sent.get("characteristics") or []
        if whole(entry.get("id")) == known[2] and entry.get("tag") in (None, "original")
    ]
    if not values:
        return [FAMILY_VALUES]
    return ["Mktp Family: more than 1 value on characteristic"] if len(values) > 1 else []
