import pytest

from emag.simulator.running import RunningSimulator

from .caller import Caller


@pytest.fixture
def sim():
    """A calm world at noon of a Tuesday, with two accounts and no limits on the rate."""
    with RunningSimulator(seed=7, rate_limits="off") as running:
        running.clock(mode="frozen", at="2026-03-03 12:00:00")
        running.add_account(username="main")
        running.add_account(username="fbe", kind="fbe")
        yield running
        assert running.invariants() == []


@pytest.fixture
def main(sim):
    return Caller(sim, sim.world.account("main"))


@pytest.fixture
def fbe(sim):
    return Caller(sim, sim.world.account("fbe"))
