"""Where a command's subject and its calls have their pages.

Calls are logged by the adapters above us; the one who has the log says where a call is shown:

    links.register_call_url(lambda call_id: reverse("calls:by_id", args=[call_id]))
"""

from collections.abc import Callable

from django.apps import apps
from django.urls import NoReverseMatch

_call_url: list[Callable[[str], str]] = []


def register_call_url(function: Callable[[str], str]) -> None:
    """Say how the page of a call in the log is found by its id."""
    _call_url[:] = [function]


def call_url(call_id: str) -> str:
    """The page of this call; empty where nobody keeps a log."""
    return _call_url[0](call_id) if call_id and _call_url else ""


def subject_url(subject_type: str, subject_id: int | None) -> str:
    """The page of what a command is about, from its type and number alone: no query."""
    try:
        model = apps.get_model(subject_type)
    except (LookupError, ValueError):
        return ""
    if subject_id is None or not hasattr(model, "get_absolute_url"):
        return ""
    try:
        return str(model(pk=subject_id).get_absolute_url())
    except NoReverseMatch:  # its address needs more than the number
        return ""
