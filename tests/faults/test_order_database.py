"""F1: the database, the message server or the whole queue goes away in the middle."""

import signal

import pytest

from core import jobs
from tests.faults.world import ACCEPT, PULL, redis_for, until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("moment", "action"),
    [
        ("pull.storing", "terminate"),
        ("pull.storing", "cut_commit"),
        ("outbox.applied", "terminate@2"),
        ("outbox.applied", "cut_commit@2"),
    ],
    ids=["F1-e-session", "F1-f-session", "F1-i-session", "F1-i-session-commit"],
)
def test_one_session_is_ended(world, moment, action):
    """Whether the commit came through nobody knows: what was done is looked up, or done again."""
    world.run(*world.sync(), failpoints={moment: action})
    if action == "cut_commit":
        assert world.orders().count() == 10, "PostgreSQL had it"
    world.settle()
    world.check()


@pytest.mark.parametrize(
    ("moment", "trouble"),
    [("import.orders_written", "disk_full"), ("pull.replied", "read_only")],
    ids=["F1-d-disk-full", "F1-d-read-only"],
)
def test_the_database_takes_nothing(world, moment, trouble):
    """What PostgreSQL says when its disk is full; and a server that was made a standby."""
    world.run(*world.sync(), failpoints={moment: trouble})
    assert not world.orders().exists(), "all of a page or nothing"
    world.settle()
    world.check()


# --- Redis ------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["flush_redis", "stop_redis"], ids=["F1-g-flush", "F1-g-redis"])
def test_redis_forgets_or_dies(world, trouble):
    """It carries hints alone: what is lost with it is speed."""
    with redis_for(world) as redis:
        world.must(*world.sync(), failpoints={"accept.asking": f"{trouble}:{redis.pid}@2"})
        assert world.orders().filter(status="accepted").count() == 10
        world.check(others=False)
        assert (redis.poll() is None) == (trouble == "flush_redis")


# --- The queue --------------------------------------------------------------------------------


def ask_for(world, *names):
    for name in names:
        for account in world.accounts:
            jobs.enqueue(name, key=str(account.pk))


def all_done(world):
    world.let_time_pass()
    return not world.missing() and world.orders().filter(status="accepted").count() == 10


@pytest.mark.parametrize(
    ("moment", "names"),
    [("import.orders_written", (PULL,)), ("accept.asking", (PULL, ACCEPT))],
    ids=["F1-d-cluster", "F1-g-cluster"],
)
def test_the_whole_cluster_is_killed(world, moment, names):
    if moment == "accept.asking":
        world.must(["job", PULL, world.main.pk])
    ask_for(world, *names)
    cluster = world.cluster(
        failpoints={moment: "kill_group@2" if "accept" in moment else "kill_group"}
    )
    assert cluster.wait() == -signal.SIGKILL
    cluster = world.cluster()
    world.find_the_dead()
    ask_for(world, PULL)  # the next turn of the schedule
    until(lambda: not world.missing(), "the orders are here")
    ask_for(world, ACCEPT)
    jobs.enqueue("outbox.sweep")
    until(lambda: all_done(world), "all are accepted")
    cluster.kill()
    world.settle()
    world.check()


def test_two_workers_at_once(world):
    """F1-two-workers: at the same door at the same moment."""
    pk = world.main.pk
    for deed, moment in ((["job", PULL, pk], "pull.asking"), (["drain", pk], "accept.asking")):
        if deed[0] == "drain":
            world.must(["job", ACCEPT, pk])
        first = world.start(deed, failpoints={moment: "wait"})
        first.reached(moment)
        second = world.start(deed)
        assert second.wait() in (0, 3), second.said
        first.go(moment)
        assert first.wait() == 0, first.said
    world.settle()
    world.check()


def test_two_clusters_at_once(make_world):
    """F1-two-clusters: at the true limits of eMAG."""
    world = make_world(scale=1)
    ask_for(world, PULL)
    clusters = [world.cluster(), world.cluster()]
    until(lambda: not world.missing(), "the orders are here")
    ask_for(world, ACCEPT, PULL)
    until(lambda: all_done(world), "all are accepted")
    for cluster in clusters:
        cluster.kill()
    world.settle()
    world.check()
