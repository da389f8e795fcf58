"""Asking: one row in the caller's transaction, the same row when it is asked for again."""

import pytest
from django.db import transaction

from core.models import JobRun
from outbox import services
from outbox.choices import CommandStatus, Priority
from outbox.models import Command
from outbox.services import KeyTaken, request, request_many
from tests.bazaar import EXECUTOR, Buy, Publish, Rename, Tell
from tests.factories.accounts import CompanyFactory, MarketplaceAccountFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(account, bazaar):
    def ask(intent, **more):
        return request(intent, executor=EXECUTOR, account=account, **more)

    return ask


def test_it_works(ask, account, owner):
    company = account.company
    command = ask(Buy(7), subject=company, by=owner)
    command.refresh_from_db()
    assert command.status == CommandStatus.QUEUED
    assert command.payload == {"thing_id": 7}
    assert command.intent == Buy(7)
    assert (command.subject_type, command.subject_id) == ("accounts.company", company.pk)
    assert command.subject_label == str(company)
    assert command.requested_by == owner
    assert command.priority == Priority.URGENT
    assert str(command) == f"Buy a label: {company}"


def test_an_act_is_asked_for_once(ask):
    assert ask(Buy(7)) == ask(Buy(7))
    assert ask(Buy(8)) != ask(Buy(7))
    assert Command.objects.count() == 2


@pytest.mark.parametrize("status", ["running", "uncertain", "done"])
def test_an_act_that_is_under_way_or_done_is_not_asked_for_again(ask, status):
    first = ask(Buy(7))
    ended = first.created_at if status == "done" else None
    Command.objects.update(status=status, ended_at=ended)
    assert ask(Buy(7)) == first


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_an_act_that_was_given_up_may_be_asked_for_again(ask, status):
    first = ask(Buy(7))
    ended = first.created_at if status == "cancelled" else None
    Command.objects.update(status=status, ended_at=ended)
    assert ask(Buy(7)) != first


def test_the_same_key_with_other_values_is_refused_loudly(ask):
    ask(Rename(7, "Ana"))
    assert ask(Rename(7, "Ana")).payload["name"] == "Ana"
    with pytest.raises(KeyTaken, match="other values"):
        ask(Rename(7, "Ion"))
    assert Command.objects.count() == 1


def test_some_acts_may_be_wanted_again(ask):
    assert ask(Tell(7)) != ask(Tell(7))


def test_fifty_changes_of_a_state_are_one_row(ask):
    assert len({ask(Publish(7)).pk for _ in range(50)}) == 1


def test_a_change_queues_behind_a_state_that_is_being_sent(ask):
    first = ask(Publish(7))
    Command.objects.update(status=CommandStatus.RUNNING)
    second = ask(Publish(7))
    assert second != first
    assert ask(Publish(7)) == second


def test_accounts_do_not_share_a_state(ask, account):
    other = MarketplaceAccountFactory()
    assert ask(Publish(7)) != request(Publish(7), executor=EXECUTOR, account=other)


def test_a_person_who_waits_makes_it_urgent(ask):
    first = ask(Publish(7))
    assert first.priority == Priority.LOW
    again = ask(Publish(7), is_awaited=True)
    again.refresh_from_db()
    assert again == first
    assert (again.priority, again.is_awaited) == (Priority.URGENT, True)


def test_it_goes_with_the_callers_transaction(ask):
    with transaction.atomic():
        ask(Buy(7))
        transaction.set_rollback(True)
    assert not Command.objects.exists()


def test_only_ids_and_plain_values_are_kept(ask):
    with pytest.raises(TypeError, match=r"tests\.Buy\.thing_id is dict"):
        ask(Buy({"id": 7}))


def test_the_lane_is_woken_once_after_the_commit(ask, lane, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks, transaction.atomic():
        for thing in range(20):
            ask(Buy(thing))
    assert len(callbacks) == 1
    run = JobRun.objects.get(name="outbox.drain")
    assert (run.key, run.args) == (str(lane.pk), [lane.pk])


def test_a_lane_that_is_being_emptied_is_not_woken(ask, lane, monkeypatch):
    monkeypatch.setattr(services.lanes, "is_drained_now", lambda pk: True)
    services.lanes.kick(lane.pk)
    assert not JobRun.objects.exists()


# --- Many at once -----------------------------------------------------------------------------


def many(pairs, account, **more):
    return request_many(pairs, executor=EXECUTOR, account=account, **more)


def test_many_are_a_handful_of_statements(account, bazaar, lane, django_assert_max_num_queries):
    companies = CompanyFactory.create_batch(3)
    pairs = [(Publish(n), companies[n % 3]) for n in range(500)]
    with django_assert_max_num_queries(8):
        commands = many(pairs, account)
    assert [command.payload["thing_id"] for command in commands] == list(range(500))
    assert all(command.pk for command in commands)
    assert commands[4].subject_label == str(companies[1])


def test_many_find_what_is_there(account, ask):
    state, act = ask(Publish(1)), ask(Buy(1))
    found = many([(Buy(2), None), (Publish(1), None), (Buy(1), None)], account)
    assert found[1:] == [state, act]
    assert Command.objects.count() == 3


def test_many_may_name_the_same_twice(account, bazaar):
    first, second, third = many([(Buy(1), None), (Buy(1), None), (Tell(1), None)], account)
    assert first == second
    assert third.kind == Tell.spec.kind


def test_many_refuse_other_values_too(account, ask):
    ask(Rename(7, "Ana"))
    with pytest.raises(KeyTaken):
        many([(Rename(7, "Ion"), None)], account)
    with pytest.raises(KeyTaken):
        many([(Rename(8, "Ion"), None), (Rename(8, "Ana"), None)], account)


def test_none_is_nothing(account):
    assert many([], account) == []
