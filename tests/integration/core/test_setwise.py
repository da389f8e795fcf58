"""Many rows in few statements: copied, updated on a condition, with keys known beforehand."""

from decimal import Decimal as D

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.setwise import copy_rows, next_ids, update_rows
from orders.models import Customer, Order
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db
COLUMNS = (
    "id", "account_id", "external_id", "name", "company", "email", "phones", "gender", "is_company",
    "is_vat_payer", "tax_id", "trade_register", "bank", "iban", "fax", "liable_person",
    "catalogue_id", "read_at",
)  # fmt: skip


def row(pk, account, number, phones=(), name="Ana"):
    empty = ("",) * 7
    return (pk, account.pk, number, name, "", "", list(phones), "", False, True, *empty,
            timezone.now())  # fmt: skip


def test_it_works(django_assert_num_queries):
    account = MarketplaceAccountFactory()
    with django_assert_num_queries(2):
        [pks] = next_ids((Customer, 3))
        copy_rows(Customer, COLUMNS, [row(pk, account, str(pk)) for pk in pks])
    assert sorted(Customer.objects.values_list("pk", flat=True)) == pks


@pytest.mark.parametrize("phones", [[], [""], ["07", "a,b", '"', "\\", "{}", "NULL", "ș\t\n"]])
def test_lists_arrive_as_they_were(phones):
    account = MarketplaceAccountFactory()
    [[pk]] = next_ids((Customer, 1))
    copy_rows(Customer, COLUMNS, [row(pk, account, "1", phones)])
    assert Customer.objects.get().phones == phones
    update_rows(Customer, ("id", "phones"), [(pk, phones[::-1])])
    assert Customer.objects.get().phones == phones[::-1]


@pytest.mark.parametrize("text", ["", "\\N", "tab\tline\nend", "'; DROP TABLE", '{"a": 1}', "ȘȚ €"])
def test_text_arrives_as_it_was(text):
    account = MarketplaceAccountFactory()
    [[pk]] = next_ids((Customer, 1))
    copy_rows(Customer, COLUMNS, [row(pk, account, "1", name=text)])
    assert Customer.objects.get().name == text
    update_rows(Customer, ("id", "company"), [(pk, text)])
    assert Customer.objects.get().company == text


def test_keys_of_several_tables_in_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        customers, orders, none = next_ids((Customer, 2), (Order, 3), (Order, 0))
    assert (len(customers), len(set(orders)), none) == (2, 3, [])


def test_a_conflict_refuses_all():
    account = MarketplaceAccountFactory()
    pks = next_ids((Customer, 2))[0]
    twice = [row(pk, account, "same") for pk in pks]
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_rows(Customer, COLUMNS, twice)
    assert not Customer.objects.exists()


def test_updating_every_kind_of_value():
    order = OrderFactory()
    values = {
        "digest": b"\x00\xff", "total": D("12.30"), "courier_accounts": None, "flags": ["a", "b"],
        "is_late": True, "locker_eligible": None, "ship_by": timezone.now(), "changed_at": None,
    }  # fmt: skip
    assert update_rows(Order, ("id", *values), [(order.pk, *values.values())]) == [order.pk]
    order.refresh_from_db()
    assert bytes(order.digest) == values.pop("digest")
    assert {name: getattr(order, name) for name in values} == values


def test_a_condition_leaves_some_rows_alone():
    few, many = OrderFactory(lines=1), OrderFactory(lines=3)
    changed = update_rows(
        Order, ("id", "pieces"), [(few.pk, 3), (many.pk, 3)], where="new.pieces > old.pieces"
    )
    assert changed == [few.pk]


def test_nothing_to_update(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert update_rows(Order, ("id", "pieces"), []) == []
