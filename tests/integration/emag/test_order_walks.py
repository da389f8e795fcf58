"""Random walks: whatever people and eMAG do, in whatever order, with answers that get lost.

After every round either our status and eMAG's agree, or the order carries a flag; quantities and
totals are eMAG's; nobody's command is left hanging, and none fails that the rules let through.
"""

import random
from decimal import Decimal

import pytest
from django.utils import timezone

from core import jobs
from core.errors import MagFlowError, RemoteRejected
from emag.client import client_for
from emag.handlers import there
from emag.mapping.order_bodies import order_body, pieces_in
from emag.simulator.orders.sums import amount_due
from orders import rules, services
from orders.acts import ACTIONS
from orders.choices import AGREES, OrderStatus, Problem
from orders.models import Order
from outbox.choices import UNDER_WAY, CommandStatus
from outbox.models import Command
from tests.integration.emag.conftest import drain, run_job

ORDERS, ROUNDS = 8, 10
LOST = (("drop", {"applied": True}), ("drop", {"applied": False}), ("truncate", {}))


@pytest.fixture(autouse=True)
def _look_soon(monkeypatch):
    monkeypatch.setattr(there, "LOOK_AGAIN", (0.01,))


def truths(sim, account):
    return sim.truth("order", f"ro:{account.name}")


@pytest.mark.parametrize("seed", range(3))
def test_the_two_sides_are_never_apart_without_a_flag(sim, connect, owner, seed):
    account = connect("main", offers=20)
    rng = random.Random(seed)
    sim.inject_orders(ORDERS, account=account.there, complete=True)
    run_job("emag.pull_orders", account)
    for step in range(ROUNDS):
        asked_before = set(Command.objects.values_list("pk", flat=True))
        touched = set()  # there, of which we hear with the next reading only
        for order in Order.objects.order_by("pk"):
            # What waits here goes on there more often than anything else does.
            if rng.random() < (0.3 if order.status == OrderStatus.ON_HOLD else 0.06):
                at_emag(rng, sim, order)
                touched.add(order.pk)
            try_something(rng, order, owner)
        if rng.random() < 0.3:
            name, params = rng.choice(LOST)
            sim.fault(name, match={"route": "order/save"}, count=2, **params)
        settle()
        sim.clear_faults()
        assert_possible(asked_before, f"seed {seed}, step {step}", but=touched)
        assert_together(sim, account, f"seed {seed}, step {step}, unread", but=touched)
        if rng.random() < 0.1:
            sim.clock(advance=rng.choice(("PT20H", "P3D", "P40D")))
        run_job("emag.pull_orders", account)
        assert not Command.objects.filter(status__in=UNDER_WAY).exists()
        assert_together(sim, account, f"seed {seed}, step {step}")
    done = Command.objects.filter(status=CommandStatus.DONE)
    assert done.count() > 2 * ORDERS, "a walk that goes nowhere proves nothing"
    assert len(set(done.values_list("kind", flat=True))) > 3


def try_something(rng, order, owner):
    """What a person may do, and now and then something that may not be done."""
    may = [name for name in ACTIONS if not rules.why_not(order, name)]
    name = rng.choice(may if rng.random() < 0.85 else list(ACTIONS))
    some = {line.pk: rng.randint(0, 3) for line in order.lines.all() if rng.random() < 0.7}
    target = rng.choice(rules.targets(order, "restore") or OrderStatus.values)
    deeds = {
        "follow": lambda: services.follow_marketplace(order, by=owner),
        "accept": lambda: services.accept_order(order, by=owner),
        "release": lambda: services.release_order(order, by=owner),
        "pick": lambda: services.move_order(order, "picking", by=owner),
        "unpick": lambda: services.move_order(order, "accepted", by=owner),
        "pack": lambda: services.move_order(order, "packed", by=owner),
        "ship": lambda: services.move_order(order, "shipped", by=owner),
        "hold": lambda: services.hold_order(order, "Wait", by=owner),
        "cancel": lambda: services.cancel_order(order, rng.choice(("1", "2", "31")), by=owner),
        "unship": lambda: services.restore_order(order, "packed", by=owner),
        "restore": lambda: services.restore_order(order, target, by=owner),
        "edit": lambda: services.edit_lines(order, some, by=owner),
        "storno": lambda: services.storno_lines(order, some, by=owner),
        "return": lambda: services.return_order(order, by=owner),
    }
    try:
        deeds.get(name, deeds["accept"])()
    except MagFlowError:
        pass  # what may not be done is tested elsewhere


def at_emag(rng, sim, order):
    """What customers, eMAG and other programs of the seller do meanwhile."""
    client = client_for(order.account)
    raw = there.raw_of(there.find(client, order))
    if raw["status"] == 1:
        number, event = int(order.external_id), rng.choice(("customer_cancel", "staff_edit"))
        sim.order_event(number, event, account=f"ro:{order.account.name}")
        return
    try:
        client.save_orders([order_body(raw, status=rng.choice((0, 2, 3, 4, 5)))])
    except RemoteRejected:
        pass


def settle():
    """Let time pass until nothing waits any more."""
    drain()
    for _round in range(8):
        due = Command.objects.filter(next_attempt_at__isnull=False)
        if not due.update(next_attempt_at=timezone.now()):
            break
        jobs.run_here("outbox.sweep")
        drain()


def assert_possible(asked_before, when, but):
    """What the rules let through is taken, unless eMAG's side changed and nobody saw it yet."""
    failed = Command.objects.filter(status=CommandStatus.FAILED).exclude(pk__in=asked_before)
    told = [(str(one), one.payload, one.error) for one in failed.exclude(subject_id__in=but)]
    assert not told, (when, told)


def assert_together(sim, account, when, but=()):
    real = truths(sim, account)
    for order in Order.objects.exclude(pk__in=but).prefetch_related("lines"):
        truth, where = real[int(order.external_id)], f"{when}: order {order}"
        assert order.remote_status == str(truth["status"]), where
        agrees = order.remote_state in AGREES[OrderStatus(order.status)]
        is_flagged = Problem.STATUS in order.problems
        assert agrees != is_flagged, (where, order.status, order.remote_state)
        pieces = {line.external_id: line.quantity for line in order.lines.filter(status="active")}
        assert pieces == {n: q for n, q in pieces_in(truth).items() if n in pieces}, where
        # Discounts may outlive what they were given for; nobody pays less than nothing.
        assert order.total == max(amount_due(truth), Decimal(0)), where


def test_totals_of_random_orders_are_emags(sim, connect):
    account = connect("main", offers=20)
    for voucher in ("none", "emag", "seller", "mixed"):
        for deposit in (False, True):
            sim.inject_orders(10, account=account.there, voucher=voucher, deposit=deposit)
    run_job("emag.pull_orders", account)
    real = truths(sim, account)
    assert Order.objects.count() == len(real) == 80
    for order in Order.objects.all():
        truth = real[int(order.external_id)]
        assert order.total == amount_due(truth), order
        assert order.vouchers_total == sum(
            (
                Decimal(one["sale_price"]) + Decimal(one["sale_price_vat"])
                for one in truth["vouchers"]
            ),
            Decimal(0),
        ).quantize(Decimal("0.01")), order
