"""F1: orders are read and accepted, and anything may happen on the way.

The cells have the names of the fault matrix: F1-d-kill is "SIGKILL to the worker at step d". Steps:
a before the request · b request out · c reply in, before BEGIN · d orders written, lines not ·
e before COMMIT · f COMMIT sent, its reply lost · g after the commit, before acknowledging ·
h acknowledge out · i acknowledged, before our commit.
"""

import signal

import pytest

from tests.faults.world import ACKNOWLEDGE, READ, until

pytestmark = pytest.mark.slow

KILLED = -signal.SIGKILL
STEPS = {
    "a": {"pull.asking": "kill"},
    "c": {"pull.replied": "kill"},
    "d": {"import.orders_written": "kill"},
    "e": {"pull.storing": "kill"},
    "f": {"pull.storing": "lose_commit"},
    "g": {"pull.committed": "kill"},
    "g-claimed": {"accept.asking": "kill@2"},
    "i": {"accept.answered": "kill@2"},
    "i-applied": {"outbox.applied": "kill@2"},
    "i-committed": {"outbox.committed": "kill@2"},
}


def test_it_works(world):
    """A world without faults."""
    world.must(*world.sync(world.main), *world.sync(world.other))
    world.check()
    assert world.orders(world.main).filter(status="accepted").count() == 10
    assert world.orders(world.other).count() == 20


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"F1-{step}-kill")
def test_the_worker_is_killed(world, step):
    assert world.run(*world.sync(), failpoints=STEPS[step]) == KILLED
    if step == "f":
        assert world.orders().count() == 10, "PostgreSQL had it"
    world.settle()
    world.check()


@pytest.mark.parametrize("fault", ["slow_page", "timeout_before"], ids=lambda f: f"F1-b-kill-{f}")
def test_killed_while_the_request_is_out(world, fault):
    world.fault(fault, READ, seconds=8)
    worker = world.start(*world.sync())
    world.asked(READ)
    assert worker.kill() == KILLED
    world.settle()
    world.check()


@pytest.mark.parametrize(
    "fault", ["timeout_after", "timeout_before"], ids=lambda f: f"F1-h-kill-{f}"
)
def test_killed_while_the_acknowledgement_is_out(world, fault):
    """With or without effect: only eMAG knows."""
    world.fault(fault, ACKNOWLEDGE, seconds=8)
    worker = world.start(*world.sync())
    world.asked(ACKNOWLEDGE)
    until(lambda: any(fault in call["faults"] for call in world.calls(ACKNOWLEDGE)), fault)
    assert worker.kill() == KILLED
    world.settle()
    world.check()
