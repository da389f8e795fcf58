"""Every way a command can go: through, back, later, lost, given up."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from core import failpoints
from core.errors import ContractDrift, RuleViolation, SetupNeeded
from core.models import AuditEntry
from core.ratelimit import RateLimited
from outbox import events, services
from outbox.choices import AttemptOutcome, CommandStatus, ErrorKind
from outbox.dispatch import recording
from outbox.models import Attempt, Command, Lane
from outbox.registry import Done, Verdict
from outbox.services import request
from tests.bazaar import (
    EXECUTOR,
    Buy,
    Publish,
    PublishMany,
    Tell,
    away,
    gone,
    lost,
    no_entry,
    refused,
)

pytestmark = pytest.mark.django_db

BOUGHT = ("tests.Buy", 7)


@pytest.fixture
def ask(account, bazaar):
    def ask(intent, **more):
        return request(intent, executor=EXECUTOR, account=account, **more)

    return ask


def seconds_ahead(command):
    return (command.next_attempt_at - timezone.now()).total_seconds()


@pytest.fixture
def told():
    """What those heard who own what messages are about."""
    heard = []

    def hear(sender, *, subjects, **kwargs):
        heard.append(subjects)

    events.commands_changed.connect(hear)
    yield heard
    events.commands_changed.disconnect(hear)


@pytest.mark.parametrize(
    ("error", "is_told"), [(None, True), (refused("Nu."), True), (lost(), True), (away(), False)]
)
def test_whoever_owns_the_subject_hears_what_came_of_it(
    ask, bazaar, drain, account, told, error, is_told
):
    """What only waits for its next attempt is nothing new to a page that says "on its way"."""
    bazaar.sees = False
    if error is not None:
        bazaar.next(Buy, error)
    ask(Buy(7), subject=account)
    about = {account._meta.label_lower: {account.pk}}
    assert told == [about]
    drain()
    assert told == [about] * (1 + is_told)


def test_what_failed_earlier_is_told_when_a_later_one_settles_it(ask, bazaar, drain, account, told):
    bazaar.next(Publish, refused("Nu."))
    ask(Publish(7), subject=account)
    drain()
    first = Command.objects.get()
    Command.objects.update(subject_id=account.pk + 1)
    ask(Publish(7), subject=account)
    told.clear()
    drain()
    first.refresh_from_db()
    assert first.status == CommandStatus.CANCELLED
    assert {account._meta.label_lower: {account.pk + 1}} in told


def test_it_works(ask, bazaar, drain):
    command = ask(Buy(7))
    report = drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert command.ended_at is not None
    assert command.result == "bought"
    assert bazaar.effects[BOUGHT] == 1
    assert bazaar.recorded == [BOUGHT]
    assert (report.sent, report.has_more) == (1, False)
    attempt = command.tries.get()
    assert attempt.outcome == AttemptOutcome.DONE
    assert attempt.took_ms is not None
    assert attempt.call_id == "c1"


def test_urgent_goes_first_then_the_oldest(ask, bazaar, drain):
    for intent in (Publish(1), Tell(2), Buy(3), Buy(4), Tell(5)):
        ask(intent)
    drain()
    assert bazaar.calls == [[3], [4], [2], [5], [1]]


def test_errors_are_kept_in_the_language_of_the_installation(ask, bazaar, drain):
    command = ask(Buy(7))
    bazaar.next(Buy, ValueError("our own mistake"))
    with translation.override("ro"):
        drain()
    command.refresh_from_db()
    assert command.error.startswith("Something went wrong in MagFlow.")


# --- Later ------------------------------------------------------------------------------------


def test_what_time_may_cure_waits(ask, bazaar, drain, pass_time):
    bazaar.next(Buy, away())
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.WAITING
    assert command.error_kind == ErrorKind.UNAVAILABLE
    assert 1.5 < seconds_ahead(command) < 2.5
    drain()
    assert bazaar.effects[BOUGHT] == 0, "not before it is due"
    pass_time()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert (command.error, command.error_kind) == ("", "")
    assert [one.outcome for one in command.tries.all()] == ["unavailable", "done"]


def test_the_waits_grow_and_end_with_a_person(ask, bazaar, drain, pass_time):
    bazaar.next(Buy, *[away()] * 10)
    command = ask(Buy(7))
    waits = []
    for _attempt in range(10):
        drain()
        command.refresh_from_db()
        if command.status == CommandStatus.WAITING:
            tried = command.tries.latest("pk").started_at
            waits.append((command.next_attempt_at - tried).total_seconds())
            pass_time()
    assert command.status == CommandStatus.FAILED
    expected = [2, 4, 8, 16, 32, 64, 300, 900, 3600]
    assert len(waits) == len(expected)
    for wait, planned in zip(waits, expected, strict=True):
        assert 0.8 * planned <= wait < 1.2 * planned + 1  # from when the try began


def test_what_they_ask_for_wins(ask, bazaar, drain):
    bazaar.next(Buy, away(retry_after=90))
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert 88 < seconds_ahead(command) <= 90


@pytest.mark.parametrize(("silly", "least", "most"), [(-1, 1.5, 2.5), (1e9, 3590, 3600)])
def test_nonsense_they_ask_for_does_no_harm(ask, bazaar, drain, silly, least, most):
    bazaar.next(Buy, away(retry_after=silly))
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert least < seconds_ahead(command) <= most


def test_where_a_person_waits_three_quick_attempts_are_made(ask, bazaar, drain, pass_time):
    """Then it stands in the error queue, and goes on by itself when nobody decides."""
    bazaar.next(Buy, away(), away(), away())
    command = ask(Buy(7), is_awaited=True)
    for _attempt in range(3):
        drain()
        command.refresh_from_db()
        waits = seconds_ahead(command)
        pass_time()
    assert command.status == CommandStatus.WAITING
    assert command.tries.count() == 3
    assert 45 < waits < 75
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE


def test_a_used_up_limit_burns_nothing(ask, bazaar, drain, lane):
    bazaar.next(Buy, RateLimited("Used up.", remote="bazaar", retry_after=30))
    command = ask(Buy(7))
    ask(Buy(8))
    drain()
    command.refresh_from_db()
    assert (command.status, command.attempts) == (CommandStatus.QUEUED, 0)
    assert command.error_kind == ErrorKind.RATE_LIMIT
    assert not command.tries.exists()
    assert bazaar.calls == [[7]], "the lane rests"
    lane.refresh_from_db()
    assert 28 < (lane.resting_until - timezone.now()).total_seconds() <= 30
    Lane.objects.update(resting_until=timezone.now())
    drain()
    assert bazaar.effects == {BOUGHT: 1, ("tests.Buy", 8): 1}


# --- Never ------------------------------------------------------------------------------------


def test_what_they_refuse_is_told_in_their_words(ask, bazaar, drain):
    bazaar.next(Buy, refused("Produsul nu există.", "Cod: 17"))
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.FAILED
    assert command.error_kind == ErrorKind.VALIDATION
    assert command.messages == ["Produsul nu există.", "Cod: 17"]
    assert command.tries.get().message == "Produsul nu există.\nCod: 17"


def test_a_rule_of_ours_fails_with_its_text(ask, bazaar, drain):
    bazaar.next(Buy, RuleViolation("The order was cancelled."))
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.FAILED
    assert (command.error_kind, command.error) == (ErrorKind.RULE, "The order was cancelled.")


def test_a_bug_in_what_may_be_repeated_fails_with_a_number(ask, bazaar, drain):
    bazaar.next(Tell, ZeroDivisionError("secret"))
    command = ask(Tell(7))
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.FAILED
    assert command.error_kind == ErrorKind.BUG
    assert "secret" not in command.error
    assert "Quote error" in command.error


def test_a_bug_in_an_act_may_come_after_the_effect(ask, bazaar, drain, pass_time):
    """The handler stumbled over the reply: the label is bought, and must not be bought again."""

    def stumble():
        bazaar.effects[BOUGHT] += 1
        raise KeyError("awb")

    bazaar.next(Buy, stumble)
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert (command.status, command.error_kind) == (CommandStatus.UNCERTAIN, ErrorKind.BUG)
    pass_time()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert bazaar.effects[BOUGHT] == 1


def test_nobody_who_can_send_it(ask, bazaar, drain, account):
    command = request(Buy(7), executor="nobody", account=account)
    from outbox import dispatch

    dispatch.drain(services.lane_for("nobody", account).pk, in_threads=False)
    command.refresh_from_db()
    assert command.status == CommandStatus.FAILED
    assert "No part of MagFlow" in command.error


def test_what_an_older_version_wrote_is_not_guessed_at(ask, bazaar, drain):
    command = ask(Buy(7))
    Command.objects.update(payload={"parcel": 7})
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.FAILED
    assert "another version" in command.error
    assert not bazaar.effects


# --- Lost -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [lost(), ContractDrift("What is this?", remote="bazaar")], ids=["lost", "drift"]
)
def test_a_lost_answer_to_an_act_is_uncertain(ask, bazaar, drain, error):
    bazaar.sees = False
    bazaar.next(Buy, error)
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.UNCERTAIN
    assert command.error_kind == ErrorKind.UNKNOWN
    drain()
    assert bazaar.calls == [[7]], "never a blind second time"


def test_a_lost_answer_to_what_may_be_repeated_waits(ask, bazaar, drain, pass_time):
    bazaar.next(Tell, gone())
    command = ask(Tell(7))
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.WAITING
    pass_time()
    drain()
    assert bazaar.effects[("tests.Tell", 7)] == 1


def test_looking_it_up_finds_that_it_happened(ask, bazaar, drain, pass_time):
    bazaar.next(Buy, lost())
    command = ask(Buy(7))
    drain()
    pass_time()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert bazaar.effects[BOUGHT] == 1
    assert [one.outcome for one in command.tries.all()] == ["unknown", "looked"]


def test_looking_it_up_finds_that_it_did_not(ask, bazaar, drain, pass_time):
    bazaar.next(Buy, gone())
    command = ask(Buy(7))
    drain()
    pass_time()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.WAITING, "it is sent again, after a moment"
    pass_time()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert bazaar.effects[BOUGHT] == 1


def test_what_was_found_is_written_down(ask, bazaar, drain, pass_time):
    bazaar.next(Buy, lost())
    ask(Buy(7))
    drain()
    found = []
    answer = Done(apply=lambda: found.append(Buy(7)), note="AWB 9")
    bazaar.teach(Buy, bazaar.act, reconcile=lambda intent, account: answer)
    pass_time()
    drain()
    assert found == [Buy(7)]
    assert Command.objects.get().result == "AWB 9"


def test_who_cannot_tell_asks_a_person_in_the_end(ask, bazaar, drain, pass_time):
    bazaar.sees = False
    bazaar.next(Buy, lost())
    command = ask(Buy(7))
    drain()
    for _look in range(12):
        pass_time()
        drain()
    command.refresh_from_db()
    assert (command.status, command.next_attempt_at) == (CommandStatus.UNCERTAIN, None)
    assert bazaar.effects[BOUGHT] == 1
    assert command.tries.filter(outcome=AttemptOutcome.LOOKED).count() == 9


def test_a_look_that_fails_is_not_an_answer(ask, bazaar, drain, pass_time):
    bazaar.next(Buy, lost())
    command = ask(Buy(7))
    drain()

    def look(intent, account):
        raise away()

    bazaar.teach(Buy, bazaar.act, reconcile=look)
    pass_time()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.UNCERTAIN
    assert command.next_attempt_at is not None
    bazaar.teach(Buy, bazaar.act, reconcile=lambda intent, account: Verdict.DONE)
    pass_time()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE


def test_without_a_way_to_look_a_person_is_asked_at_once(ask, bazaar, drain):
    bazaar.teach(Buy, bazaar.act)
    bazaar.next(Buy, lost())
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert (command.status, command.next_attempt_at) == (CommandStatus.UNCERTAIN, None)


def test_what_was_done_and_cannot_be_written_down_is_not_done_again(ask, bazaar, drain, pass_time):
    def apply():
        raise ValueError("our own mistake")

    def act(intent, account):
        bazaar.act(intent, account)
        return Done(apply=apply)

    bazaar.teach(Buy, act, reconcile=bazaar.was_done)
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.UNCERTAIN
    assert "could not write it down" in command.error
    pass_time()
    drain()
    assert bazaar.effects[BOUGHT] == 1


def cannot_be_written(bazaar):
    def apply():
        raise ValueError("our own mistake")

    bazaar.teach(Buy, bazaar.act, reconcile=lambda intent, account: Done(apply=apply))


def test_what_was_found_done_and_cannot_be_written_down_is_looked_up_once(
    ask, bazaar, drain, pass_time
):
    """Another look would find the same, and stumble over the same: a person decides."""
    cannot_be_written(bazaar)
    bazaar.next(Buy, lost())
    command = ask(Buy(7))
    drain()
    for _look in range(3):
        pass_time()
        drain()
    command.refresh_from_db()
    assert (command.status, command.next_attempt_at) == (CommandStatus.UNCERTAIN, None)
    assert command.error_kind == ErrorKind.BUG
    assert "It was done, but MagFlow could not write it down" in command.error
    assert command.tries.filter(outcome=AttemptOutcome.BUG).count() == 1
    assert bazaar.effects[BOUGHT] == 1


def test_a_refusal_that_cannot_be_written_down_is_not_called_done(ask, bazaar, drain, monkeypatch):
    real, calls = recording.change, []

    def change(row, outcome):
        calls.append(outcome)
        if len(calls) == 1:
            raise ValueError("our own mistake")
        real(row, outcome)

    monkeypatch.setattr(recording, "change", change)
    bazaar.next(Buy, refused("Nu."))
    command = ask(Buy(7))
    drain()
    command.refresh_from_db()
    assert "could not write down what came of it" in command.error
    assert "was done" not in command.error


def test_an_entry_of_a_batch_may_be_an_error_of_its_own(ask, bazaar, drain):
    answers = {1: Done(), 2: lost(), 3: RuleViolation("There are two of it.")}
    bazaar.teach(PublishMany, lambda intents, account: [answers[one.thing_id] for one in intents])
    done, silent, impossible = (ask(PublishMany(n)) for n in answers)
    drain()
    for command in (done, silent, impossible):
        command.refresh_from_db()
    assert done.status == CommandStatus.DONE
    assert (silent.status, silent.error_kind) == (CommandStatus.WAITING, ErrorKind.UNKNOWN)
    assert (impossible.status, impossible.error_kind) == (CommandStatus.FAILED, ErrorKind.RULE)
    assert impossible.error == "There are two of it."


def test_the_facts_and_the_status_commit_together(ask, bazaar, drain, account):
    def act(intent, account):
        return Done(apply=lambda: account.__class__.objects.update(name="Told"))

    bazaar.teach(Tell, act)
    command = ask(Tell(7))
    with failpoints.armed("outbox.applied", failpoints.raises(KeyboardInterrupt())):
        with pytest.raises(KeyboardInterrupt):
            drain()
    account.refresh_from_db()
    command.refresh_from_db()
    assert (account.name, command.status) == ("Bazaar RO", CommandStatus.RUNNING)


# --- Sign-in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [no_entry(), SetupNeeded("There is no password yet.", "/x/")], ids=["auth", "none"]
)
def test_a_refused_sign_in_stops_the_lane_and_burns_nothing(ask, bazaar, drain, lane, error):
    bazaar.next(Buy, error)
    command = ask(Buy(7))
    ask(Buy(8))
    drain()
    drain()
    command.refresh_from_db()
    lane.refresh_from_db()
    assert (command.status, command.attempts) == (CommandStatus.QUEUED, 0)
    assert lane.paused_reason_kind == "auth"
    assert lane.paused_reason == str(error)
    assert bazaar.calls == [[7]]
    assert AuditEntry.objects.filter(verb="lane.paused").count() == 1


def test_new_credentials_let_it_go_on(ask, bazaar, drain, account, owner):
    bazaar.next(Buy, no_entry())
    ask(Buy(7))
    drain()
    assert not services.resume_if_paused_for(EXECUTOR, account, "person", by=owner)
    assert services.resume_if_paused_for(EXECUTOR, account, "auth", by=owner)
    drain()
    assert bazaar.effects[BOUGHT] == 1


def test_a_refusal_from_before_the_new_password_stops_nothing(account, lane):
    began = timezone.now()
    services.resume_lane(EXECUTOR, account, by=None)
    kept = services.pause_lane(
        EXECUTOR, account, reason_kind="auth", reason="old", seen_at=began - timedelta(seconds=1)
    )
    assert not kept.is_paused
    assert services.pause_lane(EXECUTOR, account, reason_kind="auth", reason="new").is_paused


def test_another_accounts_lane_goes_on(ask, bazaar, drain, account):
    from outbox import dispatch
    from tests.factories.accounts import MarketplaceAccountFactory

    other = MarketplaceAccountFactory()
    bazaar.next(Buy, no_entry())
    ask(Buy(7))
    drain()
    request(Buy(8), executor=EXECUTOR, account=other)
    dispatch.drain(services.lane_for(EXECUTOR, other).pk, in_threads=False)
    assert bazaar.effects[("tests.Buy", 8)] == 1


def test_a_paused_account_sends_nothing(ask, bazaar, drain, account):
    ask(Buy(7))
    account.is_paused, account.paused_at = True, timezone.now()
    account.save()
    assert drain().has_more is False
    assert not bazaar.calls


# --- States -----------------------------------------------------------------------------------


def test_a_state_is_read_when_it_runs(ask, bazaar, drain):
    bazaar.wanted[7] = "10.00"
    ask(Publish(7))
    bazaar.wanted[7] = "12.00"
    drain()
    assert bazaar.shown == {7: "12.00"}


def test_a_state_that_falls_back_behind_a_newer_one_is_closed(ask, bazaar, drain, pass_time):
    first = ask(Publish(7))
    newer = []

    def changed_meanwhile():
        newer.append(ask(Publish(7)))
        raise away()

    bazaar.next(Publish, changed_meanwhile)
    drain()
    first.refresh_from_db()
    assert first.status == CommandStatus.CANCELLED
    assert first.result == "A newer one takes its place."
    assert newer[0] != first
    newer[0].refresh_from_db()
    assert newer[0].status == CommandStatus.DONE


def test_what_failed_for_a_state_is_settled_by_what_goes_through(ask, bazaar, drain):
    bazaar.next(Publish, refused("Prea mic."))
    failed = ask(Publish(7))
    drain()
    ask(Publish(7))
    drain()
    failed.refresh_from_db()
    assert failed.status == CommandStatus.CANCELLED


def test_states_go_in_batches(ask, bazaar, drain):
    for thing in range(7):
        bazaar.wanted[thing] = f"{thing}.00"
        ask(PublishMany(thing))
    drain()
    assert bazaar.calls == [[0, 1, 2, 3, 4], [5, 6]]
    assert bazaar.shown == bazaar.wanted
    assert Attempt.objects.filter(outcome="done").count() == 7


def test_one_entry_of_a_batch_may_be_refused(ask, bazaar, drain):
    bazaar.wanted = {1: "1.00", 2: "bad", 3: "3.00"}
    commands = {thing: ask(PublishMany(thing)) for thing in bazaar.wanted}
    drain()
    for command in commands.values():
        command.refresh_from_db()
    assert commands[2].status == CommandStatus.FAILED
    assert commands[2].messages == ["This price is bad."]
    assert {commands[1].status, commands[3].status} == {CommandStatus.DONE}


def test_a_batch_that_is_refused_as_a_whole_is_sent_one_by_one(ask, bazaar, drain):
    for thing in range(3):
        bazaar.wanted[thing] = "1.00"
        ask(PublishMany(thing))
    bazaar.next(PublishMany, refused("Something in it is wrong."), None, refused("It is me."))
    drain()
    assert bazaar.calls == [[0, 1, 2], [0], [1], [2]]
    assert Command.objects.get(status=CommandStatus.FAILED).payload == {"thing_id": 1}
    assert Command.objects.filter(status=CommandStatus.DONE).count() == 2


def test_a_handler_that_answers_too_few_is_a_bug(ask, bazaar, drain):
    bazaar.teach(PublishMany, lambda intents, account: [Done()])
    for thing in range(2):
        ask(PublishMany(thing))
    drain()
    assert {one.error_kind for one in Command.objects.all()} == {ErrorKind.BUG}


def test_entries_of_a_batch_may_share_what_they_write_down(ask, bazaar, drain):
    written = []

    def publish(intents, account):
        shared = Done(apply=lambda: written.append(len(intents)))
        return [Done(apply=shared.apply) for _ in intents]

    bazaar.teach(PublishMany, publish)
    for thing in range(3):
        ask(PublishMany(thing))
    drain()
    assert written == [3]


# --- Dead workers -----------------------------------------------------------------------------


def test_a_dead_workers_repeatable_row_is_sent_again(ask, bazaar, drain):
    command = ask(Publish(7))
    with failpoints.armed("outbox.sent", failpoints.raises(KeyboardInterrupt())):
        with pytest.raises(KeyboardInterrupt):
            drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.RUNNING
    assert drain().found_dead == 1
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert [one.outcome for one in command.tries.all()] == ["died", "done"]


def test_a_dead_workers_act_is_uncertain_and_looked_up(ask, bazaar, drain, pass_time):
    command = ask(Buy(7))
    with failpoints.armed("outbox.replied", failpoints.raises(KeyboardInterrupt())):
        with pytest.raises(KeyboardInterrupt):
            drain()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.UNCERTAIN
    assert "worker stopped" in command.error
    pass_time()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert bazaar.effects[BOUGHT] == 1


def test_a_row_that_takes_every_worker_down_is_given_up(ask, bazaar, drain):
    command = ask(Publish(7))
    for _death in range(9):
        with failpoints.armed("outbox.sent", failpoints.raises(KeyboardInterrupt())):
            with pytest.raises(KeyboardInterrupt):
                drain()
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.FAILED


def test_a_dead_workers_state_behind_a_newer_one_is_closed(ask, bazaar, drain):
    first = ask(Publish(7))
    Command.objects.update(status=CommandStatus.RUNNING)
    ask(Publish(7))
    drain()
    first.refresh_from_db()
    assert first.status == CommandStatus.CANCELLED
    assert bazaar.effects[("shown", 7)] == 1


# --- Late results -----------------------------------------------------------------------------


def test_an_act_that_was_taken_for_dead_and_was_not(ask, bazaar, drain):
    """The lane's lock was lost, not the worker: what it knows still counts."""
    command = ask(Buy(7))

    def declared_dead():
        bazaar.effects[BOUGHT] += 1
        Command.objects.update(status=CommandStatus.UNCERTAIN, claims=9)

    bazaar.next(Buy, declared_dead)
    drain()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE
    assert bazaar.recorded == [BOUGHT]


def test_a_state_that_lands_late_is_sent_anew(ask, bazaar, drain):
    """It may have undone what somebody else sent meanwhile."""
    first = ask(Publish(7))
    bazaar.wanted[7] = "new"

    def overtaken():
        bazaar.shown[7] = "old"
        Command.objects.update(status=CommandStatus.DONE, ended_at=timezone.now(), claims=9)

    bazaar.next(Publish, overtaken)
    drain()
    assert bazaar.shown[7] == "new"
    assert Command.objects.exclude(pk=first.pk).get().status == CommandStatus.DONE
