"""F4: prices and stock are sent, and anything may happen on the way.

Steps: a marked dirty · b batch claimed · c request out · d reply "isError" for some of them ·
e reply in, before commit · f price changed again while in flight.
"""

import html
import re
import signal
from decimal import Decimal

import pytest

from accounts.choices import Role
from catalog.models import Offer
from core import jobs
from emag.simulator.running import free_port
from outbox.models import Command, Lane
from tests.factories.accounts import UserFactory
from tests.faults.world import OFFERS, SAVE, redis_for, until

pytestmark = pytest.mark.slow

KILLED = -signal.SIGKILL


@pytest.fixture
def world(make_world):
    """Forty offers here and there; nothing has been asked for yet."""
    world = make_world(own=0, theirs=0, offers=60)
    assert len(world.read_offers()) >= 30
    return world


def finish(world, **allowed):
    world.settle(offers=True)
    world.check(**allowed)


def drain(world):
    return ["drain", world.main.pk]


# --- Kills ------------------------------------------------------------------------------------


def test_killed_while_it_is_marked(world):
    """F4-a-kill: the wish and the request to send it stand or fall together."""
    offer = world.offers()[0]
    code = world.run(["change", offer.pk, {"stock": 71}], failpoints={"offer.marked": "kill"})
    assert code == KILLED
    assert not Offer.objects.get(pk=offer.pk).wanted_at
    assert not Command.objects.filter(account=world.main).exists()
    world.must(["change", offer.pk, {"stock": 72}])
    finish(world)


STEPS = {
    "a-committed": {},
    "b": {"outbox.claimed": "kill"},
    "c": {"push.asking": "kill"},
    "d": {"push.answered": "kill"},
    "e": {"outbox.applied": "kill"},
    "e-commit": {"outbox.applied": "lose_commit"},
    "e-committed": {"outbox.committed": "kill"},
}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"F4-{step}-kill")
def test_the_worker_is_killed(world, step):
    offers = world.offers()
    world.wish(offers, stock=71)
    expected = KILLED if STEPS[step] else 0
    deed = [drain(world)] if STEPS[step] else []  # nobody was told: the nudge died as well
    assert world.run(*deed, failpoints=STEPS[step]) == expected
    finish(world)


@pytest.mark.parametrize(
    "fault", ["timeout_after", "timeout_before"], ids=lambda f: f"F4-c-kill-{f}"
)
def test_killed_while_the_request_is_out(world, fault):
    world.wish(stock=71)
    world.fault(fault, SAVE, seconds=8)
    worker = world.start(drain(world))
    world.asked(SAVE)
    assert worker.kill() == KILLED
    finish(world)


@pytest.mark.parametrize("end", ["", "kill"], ids=["F4-d", "F4-d-kill"])
def test_some_of_a_batch_are_refused(world, end):
    """Seven bad ones: the others are taken, and each of the seven says why."""
    offers = world.offers()
    refused = offers[:7]
    Offer.objects.filter(pk__in=[o.pk for o in refused]).update(price_min=None, price_max=None)
    world.wish(refused, price=Decimal("0.0100"))
    world.wish(offers[7:], stock=71)
    world.run(drain(world), failpoints={"push.answered": "kill"} if end else {})
    finish(world, flagged=True)
    told = Command.objects.filter(account=world.main, status="failed")
    assert {one.subject_id for one in told} == {offer.pk for offer in refused}
    assert all(one.messages for one in told)


@pytest.mark.parametrize("end", ["go", "kill"], ids=["F4-f", "F4-f-kill"])
def test_the_price_changes_while_the_old_one_is_on_its_way(world, end):
    offer = world.offers()[0]
    world.wish([offer], price=offer.price + 1)
    worker = world.start(drain(world), failpoints={"push.answered": "wait"})
    worker.reached("push.answered")
    world.wish([offer], price=offer.price + 2)
    if end == "kill":
        assert worker.kill() == KILLED
    else:
        worker.go("push.answered")
        assert worker.wait() == 0, worker.said
    finish(world)


def test_the_web_server_is_killed_under_the_button(world):
    """F4-b-web: pressed once, the server dies; pressed twice more after it is back."""
    import requests

    from tests.live import session_of, settings

    offer = world.offers()[0]
    person = UserFactory(role=Role.OWNER, email=f"web{offer.pk}@example.com")
    browser = requests.Session()
    browser.cookies.set(settings.SESSION_COOKIE_NAME, session_of(person))
    port = free_port()
    root = f"http://localhost:{port}"
    form = {"stock": "71", "price": str(offer.price), "status": offer.status,
            "version": str(offer.version)}  # fmt: skip

    def press():
        page = browser.get(f"{root}/offers/{offer.pk}/", timeout=20)
        token = re.search(r'"X-CSRFToken": "(\w+)"', html.unescape(page.text))
        return browser.post(
            f"{root}/offers/{offer.pk}/change/", form, timeout=20, allow_redirects=False,
            headers={"Origin": root, "X-CSRFToken": token[1]},
        )  # fmt: skip

    def is_up():
        try:
            return requests.get(f"{root}/health/", timeout=2) is not None
        except requests.ConnectionError:
            return False

    server = world.start(["serve", port], failpoints={"offer.marked": "kill"})
    until(is_up, "the web server answers")
    with pytest.raises(requests.ConnectionError):
        press()
    assert server.wait() == KILLED
    assert not Command.objects.filter(account=world.main).exists()
    server = world.start(["serve", port])
    until(is_up, "the web server answers again")
    first, second = press(), press()
    assert first.status_code in (200, 204, 302), first.text[:2000]
    assert second.status_code in (200, 204, 302, 409, 412, 422)
    server.kill()
    assert Command.objects.filter(account=world.main).count() == 1
    finish(world)


@pytest.mark.parametrize(
    "moment", ["push.asking", "outbox.applied"], ids=["F4-c-cluster", "F4-e-cluster"]
)
def test_the_whole_cluster_is_killed(world, moment):
    world.wish(stock=71)
    cluster = world.cluster(failpoints={moment: "kill_group"})
    assert cluster.wait() == KILLED
    cluster = world.cluster()
    world.find_the_dead()
    jobs.enqueue("outbox.sweep")
    until(lambda: all_pushed(world), "everything is sent")
    cluster.kill()
    finish(world)


def all_pushed(world):
    world.let_time_pass()
    return not Offer.objects.filter(account=world.main, wanted_at__isnull=False).exists()


@pytest.mark.parametrize(
    "action", ["terminate", "cut_commit"], ids=["F4-e-session", "F4-e-session-commit"]
)
def test_one_session_is_ended(world, action):
    world.wish(stock=71)
    world.run(drain(world), failpoints={"outbox.applied": action})
    finish(world)


@pytest.mark.parametrize("trouble", ["flush_redis", "stop_redis"], ids=["F4-b-flush", "F4-b-redis"])
def test_redis_forgets_or_dies(world, trouble):
    world.wish(stock=71)
    with redis_for(world) as redis:
        world.must(drain(world), failpoints={"outbox.claimed": f"{trouble}:{redis.pid}"})
    assert all_pushed(world)
    finish(world)


# --- Their side -------------------------------------------------------------------------------

LINE = {
    "lost-reset": ("drop", {"applied": True}),
    "lost-504": ("http_504", {"applied": True}),
    "timeout": ("timeout_before", {"seconds": 60}),
    "slow-drip": ("slow_body", {"rate": 500}),
    "truncated": ("truncate", {}),
    "bad-gzip": ("bad_gzip", {}),
    "wrong-type": ("wrong_content_type", {}),
    "500": ("http_500", {}),
    "503": ("http_503", {}),
}


@pytest.mark.parametrize("kind", LINE, ids=lambda kind: f"F4-c-{kind}")
def test_the_line_and_the_gateway(world, kind):
    name, params = LINE[kind]
    world.wish(stock=71)
    world.fault(name, SAVE, **params)
    world.must(drain(world), short=True)
    assert world.struck(name) == 1
    finish(world)


@pytest.mark.parametrize("asked", ["storm", -1, 1_000_000_000], ids=lambda n: f"F4-c-429-{n}")
def test_too_many_calls(world, asked):
    world.wish(stock=71)
    if asked == "storm":
        world.fault("http_429", SAVE, count=2, match={"nth": [1, 3]})
    else:
        world.fault("http_429", SAVE, retry_after=asked)
    world.must(drain(world))
    assert world.struck("http_429")
    lane = Lane.objects.get(account=world.main)
    assert not lane.is_paused
    assert lane.resting_until is not None, "and the page says until when"
    world.open_gates()
    finish(world)


MALFORMED = {
    "no results": {"remove": ["results"]},
    "results null": {"set": {"results": None}},
    "results a text": {"set": {"results": "yes"}},
    "results a list": {"set": {"results": [1, 2]}},
    "no isError": {"remove": ["isError"]},
    "isError a text": {"set": {"isError": "perhaps"}},
    "no JSON": {"replace": [["{", "<"]]},
    "other offers": {"replace": [['"10', '"99']]},
}


@pytest.mark.parametrize("kind", MALFORMED, ids=lambda kind: "F4-c-" + kind.replace(" ", "-"))
def test_a_reply_that_says_nothing(world, kind):
    """Whatever it meant, what is wanted arrives; and nothing is called refused that was not."""
    world.wish(stock=71)
    world.fault("mangle", SAVE, count=1, **MALFORMED[kind])
    world.must(drain(world))
    assert world.struck("mangle") == 1
    finish(world)


# --- Twice, at once, and at another time ------------------------------------------------------


def test_the_form_saved_three_times(world):
    """F4-twice-form"""
    offer = world.offers()[0]
    world.must(["change", offer.pk, {"stock": 71}, 3])
    assert Command.objects.filter(account=world.main).count() == 1
    finish(world)


def test_five_at_the_form_at_once(world):
    """F4-twice-button"""
    offer = world.offers()[0]
    workers = [world.start(["change", offer.pk, {"stock": 70 + n % 2}]) for n in range(5)]
    for worker in workers:
        assert worker.wait() == 0, worker.said
    finish(world)


def test_the_nudge_three_times(world):
    """F4-twice-job"""
    world.wish(stock=71)
    workers = [world.start(drain(world)) for _n in range(3)]
    for worker in workers:
        assert worker.wait() == 0, worker.said
    calls = len(world.calls(SAVE))
    finish(world)
    assert calls == len(world.calls(SAVE)) <= 2, "fifty in a call, and none twice"


def test_two_workers_at_once(world):
    """F4-two-workers: whoever comes second finds the lane taken."""
    world.wish(stock=71)
    first = world.start(drain(world), failpoints={"push.asking": "wait"})
    first.reached("push.asking")
    world.must(drain(world))
    assert not world.calls(SAVE)
    first.go("push.asking")
    assert first.wait() == 0, first.said
    finish(world)


def test_two_clusters_at_once(make_world):
    """F4-two-clusters: at the true limits of eMAG."""
    world = make_world(own=0, theirs=0, offers=40, scale=1)
    world.read_offers()
    clusters = [world.cluster(), world.cluster()]
    for offer in world.offers():
        world.wish([offer], stock=71)
    until(lambda: all_pushed(world), "everything is sent")
    for cluster in clusters:
        cluster.kill()
    finish(world)


@pytest.mark.parametrize("hours", [1, -1], ids=["F4-clock-ahead", "F4-clock-behind"])
def test_our_clock_is_an_hour_off(world, hours):
    """And is set right again: nothing waits until it has caught up."""
    theirs, *ours = world.offers()
    changed = {"account": world.main.there, "id": int(theirs.external_id)}
    world.options["clock"] = hours * 3600
    world.wish(ours, stock=71)
    world.must(drain(world))
    for clock, stock in ((hours * 3600, 5), (0, 6)):
        world.options["clock"] = clock
        world.sim.do("offer", **changed, stock=[{"warehouse_id": 1, "value": stock}])
        world.must(["job", OFFERS, world.main.pk])
        theirs.refresh_from_db()
        assert theirs.stock == stock
    finish(world)
