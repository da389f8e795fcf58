"""The outbox with real processes, real threads and real deaths."""

import json
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.models import JobRun
from outbox import dispatch, jobs, services
from outbox.choices import AttemptOutcome, CommandStatus
from outbox.models import Attempt, Command
from outbox.services import lane_for, request, request_many
from outbox.services.lanes import is_drained_now, kick
from tests.bazaar import EXECUTOR, Bazaar, Buy, Publish, PublishMany, Tell
from tests.factories.accounts import CompanyFactory, MarketplaceAccountFactory
from tests.work import drain as work_off
from tests.work import environment

pytestmark = [pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="Bazaar RO")


@pytest.fixture
def lane(account):
    return lane_for(EXECUTOR, account)


@pytest.fixture
def bazaar():
    with Bazaar().open() as bazaar:
        yield bazaar


@pytest.fixture
def ask(account):
    return lambda intent, **more: request(intent, executor=EXECUTOR, account=account, **more)


def start(what, lane, folder, failpoints=""):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.outbox_worker", what, str(lane.pk), str(folder)],
        cwd=ROOT,
        env=environment() | {"MAGFLOW_FAILPOINTS": failpoints},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def effects(folder):
    file = folder / "effects"
    return file.read_text().splitlines() if file.exists() else []


@pytest.mark.slow
def test_six_processes_claim_four_hundred_rows_exactly_once(account, lane, tmp_path):
    request_many([(Buy(n), None) for n in range(400)], executor=EXECUTOR, account=account)
    processes = [start("claim", lane, tmp_path) for _ in range(6)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:  # all together
        process.stdin.write("\n")
        process.stdin.flush()
    claimed = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    everything = [pk for mine in claimed for pk in mine]
    assert sorted(everything) == sorted(Command.objects.values_list("pk", flat=True))
    assert sum(1 for mine in claimed if mine) > 1, "it was a race"
    assert set(Command.objects.values_list("status", "claims")) == {("running", 1)}


KILL_POINTS = ["outbox.claimed", "outbox.sent", "outbox.replied", "outbox.applied",
               "outbox.committed"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("point", KILL_POINTS)
@pytest.mark.parametrize("intent", [Buy(7), Publish(7)], ids=["act", "state"])
def test_a_worker_that_is_killed_at_any_moment(ask, lane, tmp_path, point, intent):
    command = ask(intent)
    dead = start("drain", lane, tmp_path, failpoints=f"{point}=kill")
    assert dead.wait(timeout=60) == -9
    until_the_lock_is_free(lane)
    for _turn in range(4):  # found dead, looked up, sent again: each due at once
        Command.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
        process = start("drain", lane, tmp_path)
        assert process.wait(timeout=60) == 0
        command.refresh_from_db()
        if command.status == CommandStatus.DONE:
            break
    assert command.status == CommandStatus.DONE
    done = effects(tmp_path)
    if isinstance(intent, Buy):
        assert done == ["tests.Buy 7"], "exactly once"
    else:
        assert 1 <= len(done) <= 2, "a state may be sent twice"
    assert not Attempt.objects.filter(outcome=AttemptOutcome.STARTED).exists()


def until_the_lock_is_free(lane):
    """PostgreSQL notices within moments that the connection has gone."""
    for _ in range(100):
        if not is_drained_now(lane.pk):
            return
        time.sleep(0.05)
    raise AssertionError("the lock of a dead process is still held")


def test_a_living_workers_rows_are_left_alone(ask, bazaar, lane):
    """However long it takes: the lock says that it lives, no clock says otherwise."""
    command = ask(Buy(7))
    reached, go_on = threading.Event(), threading.Event()

    def slowly():
        reached.set()
        go_on.wait(10)

    bazaar.next(Buy, slowly)
    worker = threading.Thread(target=in_thread, args=[lambda: dispatch.drain(lane.pk)])
    worker.start()
    assert reached.wait(10)
    Attempt.objects.update(started_at=timezone.now() - timedelta(days=1))
    assert dispatch.drain(lane.pk).is_busy
    JobRun.objects.all().delete()  # the one of the request itself
    kick(lane.pk)
    assert not JobRun.objects.exists(), "whoever has the lock looks again afterwards"
    command.refresh_from_db()
    assert command.status == CommandStatus.RUNNING
    go_on.set()
    worker.join(20)
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE


def in_thread(function):
    try:
        function()
    finally:
        connection.close()


def test_as_many_calls_in_flight_as_the_budget_allows(ask, bazaar, lane):
    bazaar.reply_seconds = 0.4
    for thing in range(12):
        ask(Tell(thing))
    began = time.monotonic()
    dispatch.drain(lane.pk)
    assert 2 <= bazaar.most_at_once <= 16
    assert time.monotonic() - began < 12 * 0.4, "slow replies do not add up"


def test_one_thing_is_never_worked_on_twice_at_once(ask, bazaar, lane):
    bazaar.reply_seconds = 0.05
    companies = CompanyFactory.create_batch(3)
    for n in range(18):
        ask(Tell(companies[n % 3].pk), subject=companies[n % 3])
    dispatch.drain(lane.pk)
    assert bazaar.overlaps == []
    assert bazaar.most_at_once > 1
    assert sum(bazaar.effects.values()) == 18


def test_a_newer_state_waits_for_the_one_that_is_being_sent(ask, bazaar, lane):
    ask(Publish(7))

    def changed_meanwhile():
        bazaar.wanted[7] = "new"
        ask(Publish(7))

    bazaar.next(Publish, changed_meanwhile)
    dispatch.drain(lane.pk)
    assert bazaar.overlaps == []
    assert bazaar.shown == {7: "new"}


def test_a_change_that_is_not_committed_yet_is_not_missed(ask, bazaar, lane, account):
    """The row waits already; a change asks for it again, and a worker comes in between."""
    bazaar.wanted[7] = "old"
    ask(Publish(7))
    with transaction.atomic():
        ask(Publish(7))  # the caller has changed the price, and not committed yet
        worker = threading.Thread(target=in_thread, args=[lambda: dispatch.drain(lane.pk)])
        worker.start()
        worker.join(20)
        bazaar.wanted[7] = "new"  # what the commit makes visible
    dispatch.drain(lane.pk)
    assert bazaar.shown == {7: "new"}


def test_a_row_that_somebody_is_deciding_about_is_passed_by(ask, bazaar, lane):
    first, second = ask(Buy(1)), ask(Buy(2))
    with transaction.atomic():
        services.cancel(first, by=None)
        worker = threading.Thread(target=in_thread, args=[lambda: dispatch.drain(lane.pk)])
        worker.start()
        worker.join(20)
    second.refresh_from_db()
    assert second.status == CommandStatus.DONE
    assert bazaar.calls == [[2]]


def test_two_who_ask_at_once_get_one_row(account, bazaar):
    found, barrier = [], threading.Barrier(5)

    def ask():
        barrier.wait()
        found.append(request(Buy(7), executor=EXECUTOR, account=account).pk)

    threads = [threading.Thread(target=in_thread, args=[ask]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert Command.objects.count() == 1


def test_batches_are_asked_for_side_by_side_without_deadlock(account, bazaar):
    failures = []

    def ask(things):
        try:
            request_many(
                [(PublishMany(n), None) for n in things], executor=EXECUTOR, account=account
            )
        except Exception as error:
            failures.append(error)

    orders = [range(200), reversed(range(200)), range(100, 300), reversed(range(300))]
    threads = [
        threading.Thread(target=in_thread, args=[lambda things=things: ask(list(things))])
        for things in orders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Command.objects.count() == 300


def test_a_connection_that_breaks_at_the_commit_loses_nothing(ask, bazaar, lane):
    """PostgreSQL ends the session that writes down what happened; it is written by the next."""
    command = ask(Buy(7))
    from core import failpoints

    def cut():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with failpoints.armed("outbox.applied", cut):
        dispatch.drain(lane.pk)
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert bazaar.effects == {("tests.Buy", 7): 1}


def test_from_the_request_to_the_effect_through_the_queue(ask, bazaar):
    ask(Buy(7))
    work_off()
    assert bazaar.effects == {("tests.Buy", 7): 1}


def test_the_sweep_wakes_what_was_forgotten(ask, bazaar, lane):
    from django_q.models import OrmQ

    ask(Buy(7))
    OrmQ.objects.all().delete()  # the nudge was lost
    JobRun.objects.all().delete()
    jobs.sweep(FakeRun())
    work_off()
    assert bazaar.effects == {("tests.Buy", 7): 1}


class FakeRun:
    is_time_up = False

    def count(self, *args):
        pass

    log = hand_over = count
