"""F1: eMAG and the line to it misbehave while orders are read (b) and acknowledged (h)."""

import pytest

from tests.faults.world import ACKNOWLEDGE, PULL, READ, sql, until

pytestmark = pytest.mark.slow

LINE = {
    "timeout": ("timeout_before", {"seconds": 60}),
    "slow-drip": ("slow_body", {"rate": 2000}),
    "truncated": ("truncate", {"percent": 60}),
    "bad-gzip": ("bad_gzip", {}),
    "wrong-type": ("wrong_content_type", {}),
}


@pytest.mark.parametrize("kind", LINE, ids=lambda kind: f"F1-b-{kind}")
def test_a_page_that_does_not_come_whole(world, kind):
    name, params = LINE[kind]
    world.fault(name, READ, count=2, **params)
    world.must(*world.sync(), short=True)
    assert world.struck(name) == 2
    assert world.orders().count() == 10, "asked for again within the same round"
    world.settle()
    world.check()


@pytest.mark.parametrize("kind", ["drop", "http_504", "timeout_after"], ids=lambda k: f"F1-h-{k}")
def test_the_answer_to_an_acknowledgement_is_lost(world, kind):
    """It was done there. It is looked up, and never asked for again."""
    params = {"seconds": 60} if kind == "timeout_after" else {"applied": True}
    world.fault(kind, ACKNOWLEDGE, count=3, **params)
    world.must(*world.sync(), short=True)
    assert world.struck(kind) == 3
    world.settle()
    world.check()
    assert len(world.calls(ACKNOWLEDGE)) == 10


@pytest.mark.parametrize("kind", ["drop", "http_504", "http_503"], ids=lambda k: f"F1-h-before-{k}")
def test_an_acknowledgement_that_never_got_there(world, kind):
    world.fault(kind, ACKNOWLEDGE, count=3)
    world.must(*world.sync())
    assert world.struck(kind) == 3
    world.settle()
    world.check()


def test_yes_and_nothing_happened(world):
    """F1-h-liar: acknowledged by word alone; the order is still new there."""
    world.fault("status1_again", ACKNOWLEDGE, count=2, lost=True)
    world.must(*world.sync())
    assert world.struck("status1_again") == 2
    world.settle()
    world.check()


# --- Too many calls, and errors that pass -----------------------------------------------------


def test_each_second_call_is_too_many(world):
    """F1-b-429-storm"""
    world.fault("http_429", "order/*", count=3, match={"nth": [2, 4, 6]})
    world.must(*world.sync())
    assert world.struck("http_429") == 3
    world.settle()
    world.check()


@pytest.mark.parametrize("asked", [-1, 1_000_000_000], ids=lambda n: f"F1-b-retry-after-{n}")
def test_a_silly_retry_after(world, asked):
    """No limit of eMAG's is counted over more than a minute, so nobody waits longer for one."""
    world.fault("http_429", READ, retry_after=asked)
    worker = world.start(*world.sync())
    closed_for = until(lambda: gate_of(world), "the gate is closed")
    assert closed_for <= 60
    if asked < 0:
        assert worker.wait() == 0, worker.said
    worker.kill()  # it would wait for that minute, which passes at once
    world.open_gates()
    world.settle()
    world.check()


def gate_of(world):
    """For how many seconds from its last change on nobody may read orders."""
    rows = sql(
        "SELECT (state->>'closed_until')::float8 - extract(epoch FROM clock_timestamp())::float8"
        "  FROM core_rategate WHERE name LIKE %s AND (state->>'closed_until')::float8 > 0",
        f"%:{world.main.pk}:%",
    )
    return max((left for (left,) in rows), default=None)


def test_five_errors_and_then_well(world):
    """F1-b-5xx"""
    world.fault("flap", READ, count=5, sequence=[500, 502, 503, 504, 500])
    world.must(*world.sync())
    assert world.struck("flap") == 5
    assert world.orders().count() == 10
    world.settle()
    world.check()


# --- Twice, and in the wrong order ------------------------------------------------------------


def test_the_same_page_twice(make_world):
    """F1-twice-page"""
    world = make_world(own=130)
    world.fault("repeat_page", READ, match={"page": 2})
    world.must(["job", PULL, world.main.pk])
    assert world.struck("repeat_page")
    world.main.accepts_automatically = False  # a hundred and thirty are read, not accepted
    world.main.save(update_fields=["accepts_automatically"])
    world.settle()
    world.check()


def test_a_callback_three_times(world, client):
    """F1-twice-callback: a hint to read; the order is read, and nothing more."""
    [number] = world.sim.inject_orders(1, account=world.main.there, lines=3, complete=True)
    hook = f"/hooks/emag/{world.main.emag_credential.hook_token}/order/"
    for _time in range(3):
        assert client.get(hook, {"order_id": number}).status_code == 200
    world.must(["one_order", world.main.pk, number])
    assert world.orders().filter(external_id=str(number)).count() == 1
    world.settle()
    world.check()


def test_a_job_asked_for_three_times(world):
    """F1-twice-job: one run while it waits, and three deliveries do it once."""
    from core import jobs
    from core.models import JobRun
    from tests import work

    rows = [jobs.enqueue(PULL, key=str(world.main.pk)) for _time in range(3)]
    assert len({row.pk for row in rows}) == 1
    workers = [world.start(["deliver", rows[0].pk]) for _time in range(3)]
    for worker in workers:
        assert worker.wait() == 0, worker.said
    assert work.tasks()
    row = JobRun.objects.get(pk=rows[0].pk)
    assert (row.status, row.starts, row.counters["new"]) == ("done", 1, 10)
    world.settle()
    world.check()


def test_five_at_the_button_at_once(world):
    """F1-twice-button"""
    world.must(["job", PULL, world.main.pk])
    order = world.orders().order_by("pk").first()
    workers = [
        world.start(["press_accept", order.pk], failpoints={"test.barrier": "wait"})
        for _n in range(5)
    ]
    for worker in workers:
        worker.reached("test.barrier")
    for worker in workers:
        worker.go("test.barrier")
    for worker in workers:
        assert worker.wait() == 0, worker.said
    world.settle()
    world.check()
    assert [call["path"] for call in world.calls(ACKNOWLEDGE)].count(
        f"/api-3/order/acknowledge/{order.external_id}"
    ) == 1


def test_a_newer_version_comes_before_an_older(world):
    """F1-order-version: the old page is on its way while the order changes and is read again."""
    number = int(min(world.truth("order", world.main)))
    slow = world.start(["job", PULL, world.main.pk], failpoints={"pull.replied": "wait"})
    slow.reached("pull.replied")
    world.sim.clock(advance="PT2M")
    world.sim.order_event(number, "customer_cancel", account=world.main.there)
    world.must(["one_order", world.main.pk, number])
    assert world.orders().get().status == "cancelled"
    slow.go("pull.replied")
    assert slow.wait() == 0, slow.said
    assert world.orders().get(external_id=str(number)).status == "cancelled"
    world.settle()
    world.check()


@pytest.mark.parametrize(
    "kind", ["page_shift_new", "page_shift_gone"], ids=lambda k: f"F1-order-{k}"
)
def test_pages_shift_while_they_are_read(make_world, kind):
    world = make_world(own=230)
    world.main.accepts_automatically = False
    world.main.save(update_fields=["accepts_automatically"])
    world.fault(kind, READ, n=20, match={"page": 1})
    job = PULL if kind == "page_shift_new" else "emag.sweep_new_orders"
    world.must(["job", job, world.main.pk])
    assert world.struck(kind)
    world.settle()
    world.check()
