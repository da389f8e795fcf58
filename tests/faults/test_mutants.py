"""The checks bite: each promise, broken on purpose, turns its invariant red; whole, it is green."""

import signal

import pytest

from tests.faults.invariants import broken
from tests.faults.world import ACCEPT, ACKNOWLEDGE, PULL

pytestmark = pytest.mark.slow

KILLED = -signal.SIGKILL


def numbers(world, **allowed):
    return {line.split()[0] for line in broken(world, **allowed)}


@pytest.fixture(params=["", "mutant"], ids=["whole", "broken"])
def is_broken(request):
    return bool(request.param)


def test_blind_retry(world, is_broken):
    """I8: the answer is lost, and it is done a second time."""
    world.mutant = "blind_retry" if is_broken else ""
    world.fault("drop", ACKNOWLEDGE, count=2, applied=True)
    world.must(*world.sync())
    world.settle()
    assert numbers(world) == ({"I8"} if is_broken else set())


def test_effect_before_intent(world, is_broken):
    """I8: it was done, and we died before we wrote down that it should be."""
    world.must(["job", PULL, world.main.pk])
    if is_broken:
        code = world.run(
            ["job", ACCEPT, world.main.pk], mutant="effect_before_intent",
            failpoints={"mutant.done": "kill"},
        )  # fmt: skip
    else:
        world.must(["job", ACCEPT, world.main.pk])
        code = world.run(["drain", world.main.pk], failpoints={"accept.answered": "kill"})
    assert code == KILLED
    world.settle()
    assert numbers(world) == ({"I8"} if is_broken else set())


def test_no_version_guard(world, is_broken):
    """I3: the page that was on its way for long puts an old version over a newer one."""
    world.mutant = "no_version_guard" if is_broken else ""
    number = min(world.truth("order", world.main))
    slow = world.start(["job", PULL, world.main.pk], failpoints={"pull.replied": "wait"})
    slow.reached("pull.replied")
    world.sim.clock(advance="PT2M")
    world.sim.order_event(number, "customer_cancel", account=world.main.there)
    world.must(["one_order", world.main.pk, number])
    slow.go("pull.replied")
    assert slow.wait() == 0, slow.said
    found = {line for line in broken(world, others=False) if line.startswith("I3")}
    assert bool(found) == is_broken, found


def test_a_wish_of_another_push(make_world, is_broken):
    """I10: the price changes while an older one is on its way, and that one settles both."""
    world = make_world(own=0, theirs=0, offers=60)
    offer = world.read_offers()[0]
    world.mutant = "wish_of_another_push" if is_broken else ""
    world.wish([offer], price=offer.price + 1)
    worker = world.start(["drain", world.main.pk], failpoints={"push.answered": "wait"})
    worker.reached("push.answered")
    world.wish([offer], price=offer.price + 2)
    worker.go("push.answered")
    assert worker.wait() == 0, worker.said
    world.settle(offers=True)
    assert numbers(world) == ({"I10"} if is_broken else set())


def test_a_limiter_of_its_own_for_each_process(make_world, is_broken):
    """I11: every process keeps the limit, and together they break it."""
    world = make_world(own=1, theirs=0, scale=1)
    world.mutant = "per_process_limiter" if is_broken else ""
    workers = [world.start(["read_many", world.main.pk, 20]) for _n in range(3)]
    for worker in workers:
        worker.wait()
    assert ("I11" in numbers(world)) == is_broken


def test_requeued_by_the_clock(world, is_broken):
    """I12: the worker is dead, and nobody says so for an hour."""
    world.mutant = "time_based_requeue" if is_broken else ""
    failpoints = {"accept.asking": "kill"}
    assert world.run(*world.sync(), failpoints=failpoints) == KILLED
    world.settle()
    assert numbers(world) == ({"I12"} if is_broken else set())
