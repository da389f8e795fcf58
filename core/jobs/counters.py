"""What the numbers of runs are called. A counter that nobody named is shown as it is written."""

from collections.abc import Mapping

from django.utils.translation import pgettext_lazy

LABELS = {
    "read": pgettext_lazy("counted", "read"),
    "new": pgettext_lazy("counted", "new"),
    "changed": pgettext_lazy("counted", "changed"),
    "unchanged": pgettext_lazy("counted", "unchanged"),
    "rejected": pgettext_lazy("counted", "rejected"),
    "not_found": pgettext_lazy("counted", "not found"),
    "differences": pgettext_lazy("counted", "differences"),
    "calls": pgettext_lazy("counted", "calls"),
    "repeated": pgettext_lazy("counted", "asked again"),
    "limit_hits": pgettext_lazy("counted", "limit hits"),
    "accepted": pgettext_lazy("counted", "accepted"),
    "waiting": pgettext_lazy("counted", "waiting"),
    "failed": pgettext_lazy("counted", "failed"),
    "done": pgettext_lazy("counted", "done"),
    "refused": pgettext_lazy("counted", "refused"),
    "sent": pgettext_lazy("counted", "sent"),
    "found dead": pgettext_lazy("counted", "left behind"),
    "lanes": pgettext_lazy("counted", "accounts woken"),
    "removed": pgettext_lazy("counted", "removed"),
    "payloads": pgettext_lazy("counted", "payloads removed"),
    "calls of eMAG": pgettext_lazy("counted", "calls of eMAG removed"),
    "categories": pgettext_lazy("counted", "categories"),
    "categories with details": pgettext_lazy("counted", "categories with details"),
    "localities": pgettext_lazy("counted", "localities"),
    "VAT rates": pgettext_lazy("counted", "VAT rates"),
    "handling times": pgettext_lazy("counted", "handling times"),
    "couriers": pgettext_lazy("counted", "courier accounts"),
    "addresses": pgettext_lazy("counted", "addresses"),
    "runs": pgettext_lazy("counted", "runs removed"),
    "failed runs": pgettext_lazy("counted", "failed runs removed"),
    "queue results": pgettext_lazy("counted", "queue results removed"),
    "changes": pgettext_lazy("counted", "changes"),
    "new rates": pgettext_lazy("counted", "new rates"),
    "taken up": pgettext_lazy("counted", "taken up"),
}


def label(name: str) -> str:
    """The words for a counter."""
    known = LABELS.get(name)
    return str(known) if known is not None else name.replace("_", " ")


def told(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    """(label, number) of what was counted, in the order of the list above; unknown ones last."""
    rank = {name: place for place, name in enumerate(LABELS)}
    names = sorted(counted, key=lambda name: (rank.get(name, len(rank)), name))
    return [(label(name), counted[name]) for name in names]
