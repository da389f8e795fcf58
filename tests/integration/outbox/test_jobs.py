"""What starts the sending, and what cleans up: nudge, sweep, tick, purge."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from core.jobs import Run
from core.models import JobRun
from outbox import jobs, services
from outbox.choices import CommandStatus
from outbox.models import Attempt, Command, Lane
from outbox.services import request
from tests.bazaar import EXECUTOR, Buy, away
from tests.factories.outbox import AttemptFactory, CommandFactory, LaneFactory
from tests.work import drain as work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return Run(JobRun.objects.create(name="outbox.sweep"))


def at(**ahead):
    return timezone.now() + timedelta(**ahead)


@pytest.mark.django_db(transaction=True)
def test_it_works(bazaar, account):
    """A retry after two seconds comes after two seconds, not with the sweep of the minute."""
    bazaar.next(Buy, away())
    began = timezone.now()
    command = request(Buy(7), executor=EXECUTOR, account=account)
    work_off()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert 1.5 < (timezone.now() - began).total_seconds() < 6
    assert not OrmQ.objects.exists(), "and then it is quiet"
    assert not JobRun.objects.open().exists()


@pytest.mark.parametrize(
    ("fields", "is_woken"),
    [
        ({"status": "queued"}, True),
        ({"status": "running"}, True),  # whoever ran it has died, or the drain is found busy
        ({"status": "waiting", "next_attempt_at": at(seconds=-1)}, True),
        ({"status": "waiting", "next_attempt_at": at(hours=1)}, False),
        ({"status": "uncertain", "next_attempt_at": at(seconds=-1)}, True),
        ({"status": "uncertain"}, False),
        ({"status": "failed"}, False),
        ({"status": "done", "ended_at": at()}, False),
    ],
)
def test_the_sweep_wakes_lanes_with_something_to_do(run, lane, account, fields, is_woken):
    CommandFactory(account=account, **fields)
    jobs.sweep(run)
    woken = JobRun.objects.filter(name="outbox.drain").values_list("key", flat=True)
    assert list(woken) == ([str(lane.pk)] if is_woken else [])


@pytest.mark.parametrize("trouble", ["lane", "account", "rest"])
def test_the_sweep_leaves_alone_what_may_not_send(run, lane, account, trouble):
    CommandFactory(account=account)
    if trouble == "lane":
        services.pause_lane(EXECUTOR, account, reason_kind="auth", reason="no")
    elif trouble == "account":
        account.is_paused, account.paused_at = True, at()
        account.save()
    else:
        Lane.objects.update(resting_until=at(seconds=30))
    jobs.sweep(run)
    assert not JobRun.objects.filter(name="outbox.drain").exists()


def test_what_is_due_within_a_minute_is_watched(run, lane, account):
    CommandFactory(account=account, status="waiting", next_attempt_at=at(seconds=30))
    jobs.sweep(run)
    jobs.sweep(run)
    assert JobRun.objects.filter(name="outbox.tick").count() == 1


def test_what_is_due_later_is_left_to_the_sweep(run, lane, account):
    CommandFactory(account=account, status="waiting", next_attempt_at=at(minutes=5))
    jobs.sweep(run)
    assert not JobRun.objects.filter(name="outbox.tick").exists()


def test_a_resting_lane_with_something_to_send_is_watched(lane, account):
    Lane.objects.update(resting_until=at(seconds=20))
    assert jobs.next_due(timezone.now()) is None
    CommandFactory(account=account)
    assert jobs.next_due(timezone.now()) is not None


def test_a_stopped_lane_is_not_watched(lane, account):
    CommandFactory(account=account, status="waiting", next_attempt_at=at(seconds=2))
    services.pause_lane(EXECUTOR, account, reason_kind="auth", reason="no")
    assert jobs.next_due(timezone.now()) is None


def test_what_was_sent_long_ago_is_removed(run):
    old, young = at(days=-91), at(days=-89)
    gone = [CommandFactory(status=s, ended_at=old) for s in ("done", "cancelled")]
    AttemptFactory(command=gone[0])
    kept = [
        CommandFactory(status="done", ended_at=young),
        CommandFactory(status="failed", created_at=old),
        CommandFactory(status="uncertain", created_at=old),
    ]
    jobs.purge(run)
    assert set(Command.objects.all()) == set(kept)
    assert not Attempt.objects.exists()
    assert run.counted("removed") == 2


def test_lanes_are_independent(run, account):
    lanes = LaneFactory.create_batch(2)
    CommandFactory(account=lanes[1].account)
    assert jobs.lanes_to_wake(timezone.now()) == [lanes[1].pk]
