"""What people decide: try again, do not send, it did happen, it did not."""

import pytest
from django.utils import timezone

from core.errors import RuleViolation
from core.models import AuditEntry
from outbox import services
from outbox.choices import CommandStatus
from outbox.models import Command
from outbox.services import request, settling
from tests.bazaar import EXECUTOR, Buy, Publish, away, gone, lost, refused

pytestmark = pytest.mark.django_db

BOUGHT = ("tests.Buy", 7)


@pytest.fixture
def ask(account, bazaar):
    return lambda intent: request(intent, executor=EXECUTOR, account=account)


@pytest.fixture
def failed(ask, bazaar, drain):
    def failed(intent):
        bazaar.next(type(intent), refused("Nu."))
        command = ask(intent)
        drain()
        command.refresh_from_db()
        assert command.status == CommandStatus.FAILED
        return command

    return failed


@pytest.fixture
def uncertain(ask, bazaar, drain):
    def uncertain(error=None):
        bazaar.sees = False
        bazaar.next(Buy, error or lost())
        command = ask(Buy(7))
        drain()
        command.refresh_from_db()
        return command

    return uncertain


def verbs():
    return list(AuditEntry.objects.order_by("pk").values_list("verb", "actor_name"))


def test_it_works(failed, bazaar, drain, owner):
    command = failed(Buy(7))
    assert services.retry(command, by=owner).status == CommandStatus.QUEUED
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert bazaar.effects[BOUGHT] == 1
    assert verbs() == [("command.retried", owner.name)]


def test_a_retry_starts_with_all_its_attempts(failed, owner):
    command = failed(Buy(7))
    Command.objects.update(attempts=10)
    assert services.retry(command, by=owner).attempts == 0


def test_what_waits_can_be_tried_now(ask, bazaar, drain, owner):
    bazaar.next(Buy, away())
    command = ask(Buy(7))
    drain()
    services.retry(command, by=owner)
    drain()
    assert bazaar.effects[BOUGHT] == 1


@pytest.mark.parametrize("status", ["queued", "running", "done", "cancelled", "uncertain"])
def test_nothing_else_is_retried(ask, owner, status):
    command = ask(Buy(7))
    ended = timezone.now() if status in {"done", "cancelled"} else None
    Command.objects.update(status=status, ended_at=ended)
    with pytest.raises(RuleViolation):
        services.retry(command, by=owner)


def test_a_state_that_waits_anew_already_is_not_sent_twice(failed, ask, bazaar, owner, drain):
    command = failed(Publish(7))
    newer = ask(Publish(7))
    assert services.retry(command, by=owner) == newer
    command.refresh_from_db()
    assert command.status == CommandStatus.CANCELLED


def test_an_act_that_was_asked_for_again_is_not_sent_twice(failed, ask, bazaar, owner):
    command = failed(Buy(7))
    newer = ask(Buy(7))
    assert services.retry(command, by=owner) == newer
    command.refresh_from_db()
    assert command.status == CommandStatus.CANCELLED


def test_everything_like_this_goes_again_at_once(failed, bazaar, drain, owner):
    commands = [failed(Buy(thing)) for thing in range(3)]
    other = failed(Publish(7))
    assert services.retry_like(commands[0], by=owner) == 3
    drain()
    assert {("tests.Buy", n): 1 for n in range(3)} == dict(bazaar.effects)
    other.refresh_from_db()
    assert other.status == CommandStatus.FAILED
    assert verbs() == [("command.retried", owner.name)]
    assert AuditEntry.objects.get().note == "3 retried together"


def test_of_a_state_that_failed_often_only_the_newest_goes_again(failed, bazaar, drain, owner):
    commands = [failed(Publish(7)) for _ in range(3)]
    assert services.retry_like(commands[0], by=owner) == 1
    drain()
    assert bazaar.effects == {("shown", 7): 1}
    statuses = [Command.objects.get(pk=one.pk).status for one in commands]
    assert statuses == ["cancelled", "cancelled", "done"]


def test_like_this_leaves_alone_what_is_there_already(failed, ask, bazaar, drain, owner):
    act, state = failed(Buy(7)), failed(Publish(7))
    ask(Buy(7))
    ask(Publish(7))
    assert services.retry_like(act, by=owner) == 0
    assert services.retry_like(state, by=owner) == 0
    drain()
    assert bazaar.effects == {BOUGHT: 1, ("shown", 7): 1}


def test_an_act_that_failed_twice_goes_again_once(failed, bazaar, drain, owner):
    first, _second = failed(Buy(7)), failed(Buy(7))
    assert services.retry_like(first, by=owner) == 1
    drain()
    assert bazaar.effects[BOUGHT] == 1


def test_what_is_cancelled_is_not_sent(ask, bazaar, drain, owner):
    command = ask(Buy(7))
    services.cancel(command, by=owner, note="wrong parcel")
    drain()
    assert not bazaar.calls
    assert AuditEntry.objects.get().note == "wrong parcel"


@pytest.mark.parametrize("status", ["running", "uncertain", "done", "cancelled"])
def test_what_may_have_happened_is_not_cancelled(ask, owner, status):
    command = ask(Buy(7))
    ended = timezone.now() if status in {"done", "cancelled"} else None
    Command.objects.update(status=status, ended_at=ended)
    with pytest.raises(RuleViolation):
        services.cancel(command, by=owner)


def test_it_did_happen(uncertain, bazaar, drain, owner, pass_time):
    command = services.resolve(uncertain(), happened=True, by=owner, note="I see the label")
    assert command.status == CommandStatus.DONE
    assert command.result == "I see the label"
    assert bazaar.recorded == [("confirmed", 7)]
    pass_time()
    drain()
    assert bazaar.effects[BOUGHT] == 1
    assert verbs() == [("command.confirmed", owner.name)]


def test_it_did_not_happen(uncertain, bazaar, drain, owner):
    command = services.resolve(uncertain(gone()), happened=False, by=owner)
    assert command.status == CommandStatus.QUEUED
    drain()
    assert bazaar.effects[BOUGHT] == 1
    assert verbs() == [("command.denied", owner.name)]


def test_it_did_not_happen_and_need_not(uncertain, bazaar, drain, owner):
    services.resolve(uncertain(gone()), happened=False, by=owner, again=False)
    drain()
    assert not bazaar.effects


@pytest.mark.parametrize("happened", [True, False])
def test_only_what_is_uncertain_is_settled_so(ask, bazaar, owner, happened):
    with pytest.raises(RuleViolation):
        services.resolve(ask(Buy(7)), happened=happened, by=owner)


def test_an_answer_that_comes_after_the_person_changes_nothing(uncertain, bazaar, owner, lane):
    """The look was under way when somebody said that it did not happen."""
    from outbox.dispatch import claiming, recording
    from outbox.dispatch.carrying import carry_out

    command = uncertain()
    Command.objects.update(next_attempt_at=timezone.now())
    look = claiming.next_look(lane, timezone.now())
    bazaar.sees = True
    outcomes = carry_out(look)
    services.resolve(command, happened=False, by=owner, again=False)
    recording.record(look, outcomes, seconds=0.1)
    command.refresh_from_db()
    assert command.status == CommandStatus.CANCELLED


def test_pausing_twice_keeps_the_first_reason(account, lane, owner):
    services.pause_lane(EXECUTOR, account, reason_kind="auth", reason="first")
    kept = services.pause_lane(EXECUTOR, account, reason_kind="person", reason="second", by=owner)
    assert kept.paused_reason == "first"
    services.resume_lane(EXECUTOR, account, by=owner)
    lane.refresh_from_db()
    assert not lane.is_paused
    assert [verb for verb, _who in verbs()] == ["lane.paused", "lane.resumed"]


def test_all_alike_asked_for_again_meanwhile_is_said_in_words(failed, ask, monkeypatch, owner):
    """Somebody's row may be there only after ours were looked through."""
    command = failed(Buy(7))
    ask(Buy(7))
    monkeypatch.setattr(settling, "GIVEN_UP", frozenset(CommandStatus))  # nothing is seen
    with pytest.raises(RuleViolation, match="asked for again meanwhile"):
        services.retry_like(command, by=owner)
