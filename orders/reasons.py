"""The slot for the words of cancellation reasons: a marketplace has codes, an adapter their texts.

reasons.register("bazaar", {"1": _("Out of stock")})
"""

from __future__ import annotations

from collections.abc import Mapping

from core.html import StrOrPromise
from core.registry import DuplicateRegistration

_labels: dict[str, dict[str, StrOrPromise]] = {}


def register(platform: str, labels: Mapping[object, StrOrPromise]) -> None:
    """Code → text, in the reader's language where it is lazily translated."""
    if platform in _labels:
        raise DuplicateRegistration(f"The reasons of {platform} have their words already.")
    _labels[platform] = {str(code): label for code, label in labels.items()}


def choices(platform: str) -> list[tuple[str, StrOrPromise]]:
    return list(_labels.get(platform, {}).items())


def everywhere() -> list[tuple[str, StrOrPromise]]:
    """The reasons of all marketplaces; where two use one code, the words of the first."""
    found: dict[str, StrOrPromise] = {}
    for labels in _labels.values():
        found = {**labels, **found}
    return list(found.items())


def label(platform: str, code: str, otherwise: str = "") -> str:
    """What a code says; the marketplace's own words, or the code, where nobody knows it."""
    known = _labels.get(platform, {}).get(code)
    return str(known) if known is not None else otherwise or code
