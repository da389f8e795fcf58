"""The kept numbers of orders are those that counting would give, whatever happens to orders."""

import random
from collections import Counter

import pytest
from django.db import connection, transaction

from core import jobs
from core.models import JobRun
from orders import counts
from orders.models import Order, OrderCount
from orders.services import import_orders
from orders.services.counting import fold_counts, recount
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import OrderFactory, later, order_in

pytestmark = pytest.mark.django_db


def counted(**only):
    rows = Order.objects.filter(**only).values_list("status", "fulfilment", "has_problem")
    return Counter(counts.Kind(*row) for row in rows)


def kept(accounts=None):
    return Counter({kind: n for kind, n in counts.kept(accounts).items() if n})


@pytest.fixture
def account():
    return MarketplaceAccountFactory()


def test_it_works(account):
    OrderFactory(account=account)
    OrderFactory(account=account, status="shipped")
    assert kept() == counted()
    assert sum(kept().values()) == 2
    assert counts.waiting_new() == 1


def test_by_account(account):
    other = MarketplaceAccountFactory()
    OrderFactory(account=account)
    OrderFactory(account=other, status="cancelled")
    assert kept([other.pk]) == counted(account=other)
    assert kept([]) == {}


def test_what_is_rolled_back_is_not_counted(account):
    class Wanted(Exception):
        pass

    def refused():
        with transaction.atomic():
            OrderFactory(account=account)
            raise Wanted

    with pytest.raises(Wanted):
        refused()
    assert kept() == {}


def test_a_change_that_changes_no_number_writes_nothing(account):
    OrderFactory(account=account)
    rows = OrderCount.objects.count()
    Order.objects.update(city="Sibiu", status="new")
    assert OrderCount.objects.count() == rows


def test_a_page_of_an_import_writes_a_row_a_kind(account):
    import_orders(account, [order_in(status="new") for _ in range(40)])
    assert OrderCount.objects.count() == 1


def test_any_walk_keeps_the_numbers(account):
    chance = random.Random(7)
    other = MarketplaceAccountFactory()
    told = []
    for _ in range(60):
        step = chance.choice(["new", "new", "later", "move", "gone", "fold", "several"])
        if step == "new":
            told.append(order_in(status=chance.choice(["new", "accepted", "cancelled", "unknown"])))
            import_orders(chance.choice([account, other]), told[-1:])
        elif step == "later" and told:
            told[0] = later(told[0], status=chance.choice(["accepted", "packed", "shipped"]))
            import_orders(account, told[:1])
        elif step == "move":
            Order.objects.filter(
                pk__in=list(Order.objects.values_list("pk", flat=True)[:3])
            ).update(status=chance.choice(["picking", "packed", "on_hold"]))
        elif step == "several":
            Order.objects.all().update(problems=["money"], has_problem=True)
        elif step == "gone" and (order := Order.objects.order_by("?").first()):
            order.delete()
        elif step == "fold":
            fold_counts(keep=0)
        assert kept() == counted()
        assert kept([other.pk]) == counted(account=other)


def test_folding_leaves_the_numbers_as_they_are(account):
    for status in ("new", "shipped", "new"):
        OrderFactory(account=account, status=status)
    Order.objects.filter(status="shipped").update(status="delivered")
    before = kept()
    assert fold_counts() == 0, "few rows are left as they are"
    assert fold_counts(keep=3) == 5
    assert kept() == before
    assert OrderCount.objects.count() == 2
    Order.objects.all().delete()
    fold_counts(keep=0)
    assert OrderCount.objects.count() == 0


def test_a_wrong_number_is_set_right_and_told(account, caplog):
    OrderFactory(account=account)
    assert recount() == []
    OrderCount.objects.update(number=5)
    assert [row[-1] for row in recount()] == [-4]
    assert "wrong by -4" in caplog.text
    assert kept() == counted()
    OrderCount.objects.all().delete()
    run = JobRun.objects.get(pk=jobs.run_here("orders.recount_orders").pk)
    assert run.counters == {"differences": 1}
    assert kept() == counted()


def test_the_job_that_adds_up(account):
    OrderFactory(account=account)
    jobs.run_here("orders.fold_order_counts")
    assert kept() == counted()


def test_an_emptied_table_has_none(account):
    OrderFactory(account=account)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE orders_order CASCADE")
    assert kept() == {}
