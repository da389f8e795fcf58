"""PostgreSQL itself is killed: one of its own, with fsync, which is then started again."""

import signal

import psutil
import pytest
from django.db import connection

from tests.faults.invariants import check_all
from tests.faults.world import World, solid_database

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def solid(transactional_db, tmp_path_factory):
    with solid_database(tmp_path_factory.mktemp("solid")) as found:
        yield found


@pytest.fixture
def make_world(solid):
    made = []

    def make(**options):
        made.append(World(solid[1], f"solid-{len(made)}-{id(made)}", **options))
        return made[-1]

    yield make
    for world in made:
        world.close()
    connection.close()


def kill_and_restart(server, number):
    postmaster = psutil.Process(server.pid())
    postmaster.send_signal(number)
    postmaster.wait(20)
    server.start()


@pytest.mark.parametrize(
    ("moment", "action", "number", "stored"),
    [
        ("import.orders_written", "wait", signal.SIGKILL, 0),
        ("pull.storing", "commit_and_wait", signal.SIGQUIT, 10),
    ],
    ids=["F1-d-postgres", "F1-f-postgres"],
)
def test_while_orders_are_read(solid, make_world, moment, action, number, stored):
    world = make_world()
    worker = world.start(*world.sync(), failpoints={moment: action})
    worker.reached(moment)
    kill_and_restart(solid[0], number)
    world.reconnect()
    assert world.orders().count() == stored, "no half page; and what was committed is there"
    worker.go(moment)
    worker.wait()
    world.settle()
    check_all(world)


def test_while_a_push_is_written_down(solid, make_world):
    """F4-e-postgres"""
    world = make_world(own=0, theirs=0, offers=40)
    world.read_offers()
    world.wish(stock=71)
    worker = world.start(["drain", world.main.pk], failpoints={"outbox.applied": "wait"})
    worker.reached("outbox.applied")
    kill_and_restart(solid[0], signal.SIGKILL)
    world.reconnect()
    worker.go("outbox.applied")
    worker.wait()
    world.settle(offers=True)
    check_all(world)
