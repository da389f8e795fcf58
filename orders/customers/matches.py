"""Who may be the same person elsewhere: customers who share a phone, an email or a tax number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from orders.models import Customer, NotSamePerson

MOST = 8


@dataclass(frozen=True, slots=True)
class Match:
    """A customer who may be the same, and what they share, in words."""

    customer: Customer
    shares: Sequence[str]


def suggestions(customer: Customer) -> list[Match]:
    """Those who share most come first; whom somebody told apart does not come again."""
    if not customer.match_keys or customer.is_forgotten:
        return []
    pairs = NotSamePerson.objects.filter(Q(one=customer) | Q(other=customer))
    apart = {pk for pair in pairs.values_list("one", "other") for pk in pair}
    # Found first and sorted afterwards: in one, PostgreSQL walks everybody in the order asked for.
    alike = Customer.objects.counted().filter(match_keys__overlap=customer.match_keys).order_by()
    pks = set(alike.values_list("pk", flat=True)) - {customer.pk, *apart}
    found = Customer.objects.filter(pk__in=pks).select_related("account")
    found = found.order_by("-orders_count", "pk")
    if customer.person_id is not None:
        found = found.exclude(person=customer.person_id)
    own = set(customer.match_keys)
    matches = [Match(one, _words(own & set(one.match_keys))) for one in found[: 3 * MOST]]
    matches.sort(key=lambda match: -len(match.shares))
    return matches[:MOST]


def _words(keys: set[str]) -> list[str]:
    names = {"p": _("phone"), "e": _("email"), "t": _("tax number")}
    return [names[kind] for kind in dict.fromkeys(key[0] for key in sorted(keys)) if kind in names]
