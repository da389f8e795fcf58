"""Two people at one order at once: it is done once, and nobody is left believing otherwise."""

import threading

import pytest
from django.db import connection

from core.errors import RuleViolation, StaleData
from orders import services
from orders.models import Order
from outbox.models import Command
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order():
    account = MarketplaceAccountFactory(platform="emag")
    return OrderFactory(account=account, status="accepted", remote_status="2")


def at_once(*deeds):
    """Do them side by side; what each came to."""
    barrier, found = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(n):
        barrier.wait()
        try:
            found[n] = deeds[n]() or "done"
        except (RuleViolation, StaleData) as refusal:
            found[n] = type(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def test_it_works(order):
    """A double click, a triple click: asked once, and nobody is told off for it."""
    stamp = order.stamp
    press = lambda: services.move_order(order, "packed", by=None, stamp=stamp)  # noqa: E731
    assert at_once(press, press, press) == ["done"] * 3
    assert Command.objects.count() == 1


def test_who_wants_something_else_is_told(order):
    stamp = order.stamp
    found = at_once(
        lambda: services.move_order(order, "packed", by=None, stamp=stamp),
        lambda: services.cancel_order(order, "1", by=None, stamp=stamp),
    )
    assert sorted(map(str, found)) == sorted(map(str, ["done", RuleViolation]))
    assert Command.objects.count() == 1


def test_what_is_ours_alone_is_done_once(order):
    stamp = order.stamp
    found = at_once(
        *[lambda: services.hold_order(order, "Wait", by=None, stamp=stamp)] * 2,
        lambda: services.move_order(order, "picking", by=None, stamp=stamp),
    )
    assert found.count("done") == 1
    assert found.count(StaleData) == 2
    assert Order.objects.get().status in {"on_hold", "picking"}
