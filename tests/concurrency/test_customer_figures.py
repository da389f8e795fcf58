"""Orders that arrive while their customers are counted: nothing waits for ever, nothing is lost."""

import random

import pytest

from orders.models import Customer, CustomerBase, FigureNudge
from orders.services import customer_figures, import_orders
from orders.services.customer_blocking import block_customer, unblock_customer
from orders.services.customer_forgetting import forget_customer
from tests.concurrency.test_order_import import at_once
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import customer_in, later, order_in

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 12


def settle(account):
    while customer_figures.take_nudges(account) is not None:
        pass


def pages(seed):
    """Pages whose customers come in any order, each time with another name: rows are locked."""
    chance = random.Random(seed)
    for _page in range(8):
        yield [
            order_in(
                customer=customer_in(
                    external_id=str(chance.randrange(PEOPLE)), name=f"Name {chance.random()}"
                )
            )
            for _one in range(15)
        ]


def test_it_works():
    account = MarketplaceAccountFactory()
    told = list(pages(1))

    def arrive():
        for number, page in enumerate(told):
            import_orders(account, page)
            import_orders(account, [later(one, 5 + number, note="again") for one in page[:5]])

    def count():
        for _time in range(25):
            customer_figures.take_nudges(account)

    def sweep():
        for _time in range(15):
            customer_figures.recount(account, Customer.objects.values_list("pk", flat=True))

    assert at_once(arrive, count, sweep, count) == []
    settle(account)
    assert not FigureNudge.objects.exists()
    for customer in Customer.objects.all():
        assert customer.orders_count == customer.orders.count()
    base = CustomerBase.objects.get(account=account)
    kept = sum(getattr(base, name) for name in ("gold", "silver", "bronze", "standard"))
    assert kept == Customer.objects.counted().count() == PEOPLE


def test_a_block_and_an_order_that_arrives_at_the_same_time():
    """Whichever was first, the order is flagged exactly while its customer is blocked."""
    account = MarketplaceAccountFactory()
    import_orders(account, [order_in()])
    customer = Customer.objects.get()

    def block():
        block_customer(customer, reason="x", by=None)

    def arrive():
        import_orders(account, [order_in()])

    for _time in range(5):
        assert at_once(block, arrive) == []
        assert {tuple(order.problems) for order in customer.orders.all()} == {("blocked",)}
        unblock_customer(customer, by=None)


def test_a_customer_who_is_erased_while_their_order_arrives_once_more():
    """Whichever was first, nothing of them is left."""
    account = MarketplaceAccountFactory()
    told = order_in(status="shipped", remote_status="4")
    import_orders(account, [told])
    customer = Customer.objects.get()
    for minutes in range(5, 40, 5):
        now = later(told, minutes, note=f"Ring {minutes}", customer=customer_in(name="Ioana Pop"))

        def arrive(page=(now,)):
            import_orders(account, page)

        assert at_once(lambda: forget_customer(customer, reason="x", by=None), arrive) == []
        customer.refresh_from_db()
        [order] = customer.orders.all()
        assert (customer.name, order.customer_name, order.customer_note) == ("", "", "")
        Customer.objects.update(forgotten_at=None, name="Ioana Țepeș")
