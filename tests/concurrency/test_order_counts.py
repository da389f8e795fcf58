"""Many who change orders at once: the kept numbers stay right, and nobody waits for them."""

import threading
import time

import pytest
from django.db import connection, transaction

from orders import counts
from orders.models import Order
from orders.services import import_orders
from orders.services.counting import fold_counts, recount
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import order_in

pytestmark = pytest.mark.django_db(transaction=True)


def beside(*works):
    """Each in a thread and with a connection of its own; what goes wrong is raised."""
    failed = []

    def run(work):
        try:
            work()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


def test_it_works():
    accounts = [MarketplaceAccountFactory() for _ in range(3)]
    stop = threading.Event()

    def imports(account):
        def work():
            for _ in range(6):
                import_orders(account, [order_in() for _ in range(5)])

        return work

    def clerk():
        for _ in range(30):
            for pk in Order.objects.filter(status="new").values_list("pk", flat=True)[:3]:
                Order.objects.filter(pk=pk, status="new").update(status="accepted")

    def folds():
        while not stop.is_set():
            fold_counts(keep=0)
            assert recount() == []
            time.sleep(0.002)

    folding = threading.Thread(target=lambda: beside(folds))
    folding.start()
    beside(*(imports(account) for account in accounts), clerk, clerk)
    stop.set()
    folding.join(60)
    assert counts.total(counts.kept(), lambda kind: True) == Order.objects.count() == 90
    assert recount() == []


def test_who_imports_does_not_wait_for_who_has_not_finished():
    accounts = [MarketplaceAccountFactory() for _ in range(2)]
    import_orders(accounts[0], [order_in()])
    changed, go_on = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            Order.objects.update(status="accepted")
            changed.set()
            assert go_on.wait(30)

    def quick():
        assert changed.wait(30)
        import_orders(accounts[1], [order_in()])
        fold_counts(keep=0)
        go_on.set()

    beside(slow, quick)
    assert recount() == []
