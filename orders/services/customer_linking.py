"""Customers of several accounts who are one person: said by a person, never by a program."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit, live
from core.errors import RuleViolation
from orders.models import Customer, NotSamePerson, Person
from orders.services.customer_blocking import hold_imports, share_block


@transaction.atomic
def link_customers(customer: Customer, other: Customer, *, by: User | None) -> Person:
    """These two, and whoever is linked with either, are one person. Said twice it stays the same.

    Their figures stay each account's own; their pages show the joint history. A block on one side
    holds for the other, too.
    """
    if customer.pk == other.pk:
        raise RuleViolation(_("That is the same customer."))
    them = _everybody(customer, other)
    one, two = them[customer.pk], them[other.pk]
    if one.person_id is not None and one.person_id == two.person_id:
        return Person.objects.get(pk=one.person_id)
    for each in (one, two):
        if each.is_forgotten:
            raise RuleViolation(
                _("The personal data of %(customer)s is erased, so nobody can tell who it was.")
                % {"customer": each.external_id}
            )
    person = one.person or two.person or Person.objects.create()
    gone = two.person if one.person and two.person else None
    share_block(_side_of(one, them), _side_of(two, them), by=by)
    Customer.objects.filter(pk__in=them).update(person=person)
    if gone is not None:
        gone.delete()
    NotSamePerson.objects.filter(one=min(one, two, key=_pk), other=max(one, two, key=_pk)).delete()
    for each, with_whom in ((one, two), (two, one)):
        audit.record("customer.linked", each, by=by, note=_told(with_whom), label=each.external_id)
    live.touch("customers", *them)
    return person


@transaction.atomic
def unlink_customer(customer: Customer, *, by: User | None) -> None:
    """This customer stands alone again. The last one of a person is nobody's link any more."""
    customer = Customer.objects.locked().get(pk=customer.pk)
    if customer.person_id is None:
        return
    person = Person.objects.select_for_update().get(pk=customer.person_id)
    Customer.objects.filter(pk=customer.pk).update(person=None)
    rest = list(person.customers.values_list("pk", flat=True))
    if len(rest) < 2:
        Customer.objects.filter(pk__in=rest).update(person=None)
        person.delete()
    audit.record("customer.unlinked", customer, by=by, label=customer.external_id)
    live.touch("customers", customer.pk, *rest)


@transaction.atomic
def reject_match(customer: Customer, other: Customer, *, by: User | None) -> None:
    """These two are not one person, whatever they share: it is not suggested again."""
    one, two = _locked_pair(customer, other)
    if one.pk == two.pk or (one.person_id is not None and one.person_id == two.person_id):
        raise RuleViolation(_("These two are linked. Take the link away first."))
    first, second = sorted((one, two), key=_pk)
    _row, is_new = NotSamePerson.objects.get_or_create(one=first, other=second)
    if is_new:
        audit.record("customer.match_rejected", one, by=by, note=_told(two), label=one.external_id)
        live.touch("customers", one.pk, two.pk)


def _everybody(customer: Customer, other: Customer) -> dict[int, Customer]:
    """The two and whoever is linked with either, locked, while no order of theirs arrives."""
    pair = Customer.objects.filter(pk__in=[customer.pk, other.pk])
    linked = Customer.objects.filter(person__in=pair.exclude(person=None).values("person"))
    them = Customer.objects.filter(Q(pk__in=pair.values("pk")) | Q(pk__in=linked.values("pk")))
    hold_imports(them.values_list("account", flat=True))
    locked = them.locked().select_related("account", "person", "blocked_by")
    return {one.pk: one for one in locked}


def _side_of(customer: Customer, them: dict[int, Customer]) -> list[Customer]:
    """The customer and those of them who are linked with it already."""
    if customer.person_id is None:
        return [customer]
    return [one for one in them.values() if one.person_id == customer.person_id]


def _locked_pair(customer: Customer, other: Customer) -> tuple[Customer, Customer]:
    pair = Customer.objects.filter(pk__in=[customer.pk, other.pk]).locked()
    found = {one.pk: one for one in pair.select_related("account", "person")}
    return found[customer.pk], found[other.pk]


def _told(customer: Customer) -> str:
    """Without a name: the trail is never erased, and a name may have to be."""
    return f"{customer.account} · {customer.external_id}"


def _pk(customer: Customer) -> int:
    return customer.pk
