"""The checks bite: three wrong outboxes, each caught by what checks the right one."""

import threading

import pytest
from django.db import connection, transaction

from outbox import dispatch
from outbox.choices import CommandStatus
from outbox.dispatch import draining, recording
from outbox.models import Attempt, Command
from outbox.services import asking, request
from tests.bazaar import EXECUTOR, Buy
from tests.outbox_walk import Walk

LOST_REPLY = [("trouble", 6), ("buy", 0), ("drain", 0), ("wait", 0), ("drain", 0)]
DEATH_AFTER_EFFECT = [("buy", 1), ("die", 2), ("drain", 0), ("wait", 0), ("drain", 0)]


@pytest.mark.django_db
@pytest.mark.parametrize("steps", [LOST_REPLY, DEATH_AFTER_EFFECT], ids=["lost", "dead"])
def test_a_blind_retry_is_caught(bazaar, account, lane, steps, monkeypatch):
    """An act with an unknown outcome is simply sent again."""
    with transaction.atomic():
        Walk(bazaar, lane, account).go(steps)  # the real one passes
        transaction.set_rollback(True)
    bazaar.effects.clear()
    monkeypatch.setattr(recording, "lose", recording.wait_or_fail)
    with pytest.raises(AssertionError, match="bought"):
        Walk(bazaar, lane, account).go(steps)


@pytest.mark.django_db
def test_a_newer_state_that_waits_for_nobody_is_caught(bazaar, account, lane, monkeypatch):
    """A change asked for while the old value is on its way joins the row that is running."""
    steps = [("change", 1), ("drain", 0)]

    def changed_meanwhile():
        walk.change(1)

    bazaar.next(_publish(), changed_meanwhile)
    walk = Walk(bazaar, lane, account)
    with transaction.atomic():
        walk.go(steps)
        transaction.set_rollback(True)
    bazaar.shown.clear()
    twins = asking._twins

    def with_running(wanted):
        keys = [one.coalesce_key for one in wanted if one.coalesce_key]
        running = Command.objects.filter(coalesce_key__in=keys, status=CommandStatus.RUNNING)
        return {one.coalesce_key: one for one in running} or twins(wanted)

    def insert(wanted):
        found = with_running([wanted]).get(wanted.coalesce_key)
        if found is None:
            wanted.save(force_insert=True)
        return found or wanted

    monkeypatch.setattr(asking, "_insert", insert)
    bazaar.next(_publish(), changed_meanwhile)
    walk = Walk(bazaar, lane, account)
    with pytest.raises(AssertionError, match="old value"):
        walk.go(steps)


def _publish():
    from tests.bazaar import Publish

    return Publish


def overlap(bazaar, lane, account):
    """A worker that is slow but alive, and a second one that comes by."""
    request(Buy(7), executor=EXECUTOR, account=account)
    reached, go_on = threading.Event(), threading.Event()

    def slowly():
        reached.set()
        go_on.wait(10)
        bazaar.effects[("tests.Buy", 7)] += 1

    bazaar.next(Buy, slowly)

    def work():
        try:
            dispatch.drain(lane.pk, in_threads=False)
        finally:
            connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert reached.wait(10)
    try:
        dispatch.drain(lane.pk, in_threads=False)
    finally:
        go_on.set()
        first.join(20)
    assert bazaar.effects[("tests.Buy", 7)] == 1, "bought twice"
    assert Command.objects.get().status == CommandStatus.DONE


@pytest.mark.django_db(transaction=True)
def test_liveness_by_the_clock_is_caught(bazaar, lane, account, monkeypatch):
    """Rows that run "too long" are put back, whoever holds the lock."""
    overlap(bazaar, lane, account)  # the real one passes
    Command.objects.all().delete()
    bazaar.effects.clear()

    from contextlib import contextmanager

    @contextmanager
    def no_lock(*parts):
        yield True

    def put_back(lane):
        Attempt.objects.filter(outcome="started").update(outcome="died")
        late = Command.objects.of_lane(lane).filter(status=CommandStatus.RUNNING)
        return late.update(status=CommandStatus.QUEUED)

    monkeypatch.setattr(draining, "session_lock", no_lock)
    monkeypatch.setattr(draining, "settle_dead", put_back)
    with pytest.raises(AssertionError, match="bought twice"):
        overlap(bazaar, lane, account)


def rolled_back(bazaar, account):
    """Somebody asks, and the change that wanted it does not come about."""
    with transaction.atomic():
        request(Buy(7), executor=EXECUTOR, account=account)
        transaction.set_rollback(True)
    intents = Command.objects.filter(kind=Buy.spec.kind, payload={"thing_id": 7}).count()
    assert bazaar.effects[("tests.Buy", 7)] <= intents, "an effect without an intent"


@pytest.mark.django_db
def test_an_effect_before_its_intent_is_caught(bazaar, account, lane, monkeypatch):
    """The call is made where it is wanted, in the transaction of whoever wants it."""
    rolled_back(bazaar, account)  # the real one passes
    insert = asking._insert

    def at_once(wanted):
        bazaar.act(wanted.intent, account)
        return insert(wanted)

    monkeypatch.setattr(asking, "_insert", at_once)
    with pytest.raises(AssertionError, match="without an intent"):
        rolled_back(bazaar, account)


@pytest.mark.django_db
def test_facts_written_apart_from_the_status_are_caught(bazaar, account, lane, monkeypatch):
    """ "Done" is committed first, what was learned after it: a death between the two loses it."""
    steps = [("buy", 0), ("die", 4), ("drain", 0)]
    with transaction.atomic():
        Walk(bazaar, lane, account).go(steps)
        transaction.set_rollback(True)
    bazaar.effects.clear()
    bazaar.recorded.clear()
    later = []
    monkeypatch.setattr(
        recording, "_applies", lambda pairs: later.extend(pairs) or []
    )  # ... and the process dies before it comes to "later"
    with pytest.raises(AssertionError, match="do not know it"):
        Walk(bazaar, lane, account).go(steps)
