"""Two importers at once: no order twice, none torn, never older over newer."""

import threading

import pytest
from django.db import connection

from core.models import AuditEntry
from orders.models import Order, OrderAddress, OrderLine
from orders.services import import_orders
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import customer_in, later, order_in

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*work):
    """Run each in a thread and a connection of its own, begun together; what they raised."""
    barrier, errors = threading.Barrier(len(work)), []

    def run(function):
        try:
            barrier.wait(timeout=10)
            function()
        except BaseException as error:  # the test says what it is
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(function,)) for function in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return errors


def test_it_works():
    """The same pages, in opposite order, by four at once."""
    account = MarketplaceAccountFactory()
    page = [order_in(lines=2, customer=customer_in(external_id=str(n % 5))) for n in range(30)]

    def forwards():
        for start in range(0, 30, 10):
            import_orders(account, page[start : start + 10])

    def backwards():
        for start in (20, 10, 0):
            import_orders(account, page[start : start + 10][::-1])

    assert at_once(forwards, backwards, forwards, backwards) == []
    assert Order.objects.count() == 30
    assert OrderLine.objects.count() == OrderAddress.objects.count() == 60
    assert AuditEntry.objects.filter(verb="order.imported").count() == 30


def test_the_newest_version_wins_whoever_is_last():
    account = MarketplaceAccountFactory()
    told = order_in(lines=2)
    versions = [later(told, n, note=f"version {n}") for n in range(8)]

    def send(*several):
        def run():
            for version in several:
                import_orders(account, [version])

        return run

    assert (
        at_once(send(*versions[::2]), send(*versions[:0:-2]), send(versions[7], versions[0])) == []
    )
    assert Order.objects.get().customer_note == "version 7"


def test_a_change_of_ours_meanwhile_is_not_lost():
    """The importer read the order, then waited for us: it must see what we did."""
    account = MarketplaceAccountFactory()
    told = order_in(status="accepted")
    import_orders(account, [told])
    order = Order.objects.get()

    def we():
        for _ in range(20):
            Order.objects.filter(pk=order.pk, status="accepted").update(status="picking")

    def they():
        for n in range(1, 20):
            import_orders(account, [later(told, n, note=str(n))])

    assert at_once(we, they) == []
    order.refresh_from_db()
    assert (order.status, order.customer_note) == ("picking", "19")
