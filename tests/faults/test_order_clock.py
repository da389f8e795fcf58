"""F1: clocks that are wrong, and nights in which they change.

Ours is shifted in our workers; eMAG's is the simulator's own, which writes the wall time of
Bucharest without saying which of two equal hours it means.
"""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.slow

THERE = ZoneInfo("Europe/Bucharest")


@pytest.mark.parametrize("hours", [1, -1], ids=["F1-clock-ahead", "F1-clock-behind"])
def test_our_clock_is_an_hour_off(world, hours):
    world.options["clock"] = hours * 3600
    world.must(*world.sync())
    world.sim.clock(advance="PT5M")
    [number] = world.sim.inject_orders(1, account=world.main.there, lines=3, complete=True)
    world.options["clock"] = 300  # it is set right again
    world.settle()
    assert world.orders().filter(external_id=str(number)).exists()
    world.check()


NIGHTS = {
    "autumn": dt.datetime(2026, 10, 25, 3, 20, tzinfo=THERE),  # the hour after three comes twice
    "spring": dt.datetime(2026, 3, 29, 2, 20, tzinfo=THERE),  # and there is none after three
    "year-end": dt.datetime(2026, 12, 31, 23, 30, tzinfo=THERE),
}


@pytest.mark.parametrize("night", NIGHTS, ids=lambda night: f"F1-clock-{night}")
def test_the_night_passes_while_we_read(make_world, night):
    """Orders come every twenty minutes through the night; none is missed, none comes twice."""
    began = NIGHTS[night]
    world = make_world(own=4, theirs=4, mode="jump", at=began.replace(tzinfo=None))
    offset = (began - dt.datetime.now(dt.UTC)).total_seconds()
    placed = []
    for step in range(8):
        world.options["clock"] = offset + step * 1200
        if step:
            world.sim.clock(advance="PT20M")
            placed += world.sim.inject_orders(1, account=world.main.there, lines=3, complete=True)
        if step % 2:
            world.must(*world.sync())
    world.settle()
    assert set(map(str, placed)) <= set(world.orders().values_list("external_id", flat=True))
    world.check()
