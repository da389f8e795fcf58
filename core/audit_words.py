"""What an audit entry says was changed, in the words of the forms: field, before, after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import get_language, gettext

EMPTY = "–"


def told(subject_type: str, changes: Mapping[str, Sequence[Any]]) -> list[tuple[str, str, str]]:
    """Every change of an entry. What has no field any more keeps the name it was written under."""
    language = get_language()
    lines = []
    for name, (before, after) in changes.items():
        label, choices = _words(subject_type, name, language)
        lines.append((label, _said(before, choices), _said(after, choices)))
    return lines


@lru_cache(maxsize=2048)
def _words(subject_type: str, name: str, language: str | None) -> tuple[str, dict[str, str]]:
    """The label of a field and the words for its choices, in one language."""
    try:
        field = apps.get_model(subject_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return name, {}
    choices = {str(value): str(label) for value, label in getattr(field, "flatchoices", ())}
    return str(getattr(field, "verbose_name", name)), choices


def _said(value: Any, choices: dict[str, str]) -> str:
    if value is None or value == "" or value == []:
        return EMPTY
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, list):
        return ", ".join(_said(one, choices) for one in value)
    return choices.get(str(value), str(value))
