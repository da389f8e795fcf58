"""F1: an order is moved, cancelled or changed at eMAG, and anything may happen on the way.

Steps: k before order/save leaves · l order/save out · m saved there, its answer here · n before our
commit · o after it. Whatever happens, eMAG changes it once, and both sides say the same.
"""

import signal

import pytest

from orders.models import Order
from outbox.models import Command
from tests.faults.world import sql

pytestmark = pytest.mark.slow

SAVE = "order/save"
KILLED = -signal.SIGKILL
STEPS = {
    "k": {"order.asking": "kill"},
    "m": {"order.answered": "kill"},
    "n": {"outbox.applied": "kill"},
    "o": {"outbox.committed": "kill"},
    "n-terminated": {"outbox.applied": "terminate"},
}
DEEDS = {
    "pack": ("move_order", "packed"),
    "cancel": ("cancel_order", "1"),
}


@pytest.fixture
def order(world):
    """Ten are accepted; one of them is what this is about."""
    world.must(*world.sync())
    order = world.orders().filter(status="accepted").order_by("pk").first()
    assert order is not None
    return order


def check(world, order, status):
    world.settle()
    world.check(others=False)
    [(ours, theirs, problems)] = sql(
        "SELECT status, remote_state, problems FROM orders_order WHERE id = %s", order.pk
    )
    assert (ours, theirs, problems) == (status, status, [])
    assert len(world.calls(SAVE)) <= 2, "asked again only where it was not done"
    [command] = Command.objects.filter(kind__startswith="orders.", subject_id=order.pk).exclude(
        kind="orders.AcceptOrder"
    )
    assert command.status == "done", command.error


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"F1-{step}-kill")
def test_the_worker_is_killed(world, order, step):
    deed = ["act_on", order.pk, *DEEDS["pack"]]
    world.must(deed)
    code = world.run(["drain", world.main.pk], failpoints=STEPS[step])
    assert code == KILLED or step == "n-terminated"
    check(world, order, "packed")


LOST = {
    "drop-applied": ("drop", {"applied": True}),
    "drop-before": ("drop", {}),
    "504": ("http_504", {"applied": True}),
    "truncated": ("truncate", {}),
    "429": ("http_429", {}),
}


@pytest.mark.parametrize(
    ("what", "kind"),
    [*(("pack", kind) for kind in LOST), ("cancel", "drop-applied"), ("cancel", "drop-before")],
    ids=lambda part: f"F1-l-{part}" if part in LOST else part,
)
def test_the_answer_is_lost(world, order, what, kind):
    service, value = DEEDS[what]
    fault, params = LOST[kind]
    world.must(["act_on", order.pk, service, value])
    world.fault(fault, SAVE, **params)
    world.must(["drain", world.main.pk], short=True)
    assert world.struck(fault)
    check(world, order, "packed" if what == "pack" else "cancelled")
    there = world.truth("order", world.main)[int(order.external_id)]
    assert there["status"] == (3 if what == "pack" else 0)


def test_two_press_at_the_same_time(world, order):
    """Both see the order as it was; the marketplace is asked once, and for one of the two."""
    one = world.start(["act_on", order.pk, *DEEDS["pack"]])
    other = world.start(["act_on", order.pk, *DEEDS["cancel"]])
    codes = {one.wait(), other.wait()}
    assert 0 in codes
    assert codes != {0}, "the second is told"
    world.must(["drain", world.main.pk])
    world.settle()
    assert len(world.calls(SAVE)) == 1
    assert Order.objects.get(pk=order.pk).status in {"packed", "cancelled"}
