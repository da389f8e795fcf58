"""Above the list of orders: when they were read last, and when they are read again."""

import datetime as dt

import pytest
from django.utils import timezone
from django_q.models import Schedule

from core.models import JobPause, JobRun
from core.models.jobs import JobStatus
from orders.last_look import last_look
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.emag import CredentialFactory

pytestmark = pytest.mark.django_db

URL = "/orders/last-look/"
PULL = "emag.pull_orders"


def connected(name, *, days=30, **facts):
    added_at = timezone.now() - dt.timedelta(days=days)
    account = MarketplaceAccountFactory(name=name, platform="emag", created_at=added_at, **facts)
    CredentialFactory(account=account)
    return account


@pytest.fixture
def account():
    return connected("Main shop")


@pytest.fixture(autouse=True)
def schedule():
    Schedule.objects.filter(name=PULL).update(
        next_run=timezone.now() + dt.timedelta(minutes=3, seconds=5)
    )


def run_of(account, *, minutes=1, **facts):
    ended_at = timezone.now() - dt.timedelta(minutes=minutes)
    facts = {"status": JobStatus.DONE, "counters": {"calls": 1}, "ended_at": ended_at} | facts
    return JobRun.objects.create(name=PULL, key=str(account.pk), started_at=ended_at, **facts)


def said(client):
    return " ".join(client.get(URL, headers={"HX-Request": "true"}).content.decode().split())


def test_it_works(manager_client, account):
    run_of(account, minutes=9)
    run_of(account, minutes=2)
    page = said(manager_client)
    assert ">2 min ago</time>" in page
    assert ">in 3 min</time>" in page
    assert "Main shop" not in page, "a name only where something is in the way"


def test_the_account_that_was_read_longest_ago_counts(manager_client, account):
    run_of(account)
    other = connected("Bulgaria")
    run_of(other, minutes=40)
    page = said(manager_client)
    assert "Bulgaria was last read" in page
    assert ">40 min ago</time>" in page


def test_of_accounts_that_were_never_read_too(manager_client, account):
    run_of(account)
    connected("Hungary")
    assert "Hungary has not been read lately" in said(manager_client)


@pytest.mark.parametrize(
    "facts",
    [{"counters": {}}, {"status": JobStatus.FAILED}, {"status": JobStatus.SKIPPED}],
    ids=["left alone", "failed", "skipped"],
)
def test_a_run_that_read_nothing_is_no_look(account, facts):
    run_of(account, minutes=30)
    run_of(account, **facts)
    assert last_look().is_late


def test_accounts_that_rest_by_a_persons_will_are_not_missed(account):
    run_of(account)
    connected("Bulgaria", is_paused=True, paused_at=timezone.now())
    MarketplaceAccountFactory(platform="bazaar")  # nobody reads it
    assert last_look().account == account.name


def test_accounts_that_cannot_have_been_read_yet_hide_nothing_of_the_others(account):
    run_of(account)
    connected("Bulgaria", days=0)
    MarketplaceAccountFactory(platform="emag", created_at=account.created_at)  # not connected yet
    assert last_look().account == account.name


def test_what_goes_on(manager_client, account):
    run_of(account)
    JobRun.objects.create(name=PULL, key=str(account.pk), status=JobStatus.RUNNING)
    assert "being read now" in said(manager_client)
    JobRun.objects.running().delete()
    JobPause.objects.create(name=PULL)
    assert "reading is paused" in said(manager_client)
    JobPause.objects.all().delete()
    Schedule.objects.filter(name=PULL).update(next_run=timezone.now())
    assert "next at any moment" in said(manager_client)


def test_without_accounts_the_list_says_what_it_is(manager_client):
    assert "What customers bought" in said(manager_client)


def test_its_queries_are_pinned(manager_client, account, django_assert_num_queries):
    run_of(account)
    said(manager_client)
    with django_assert_num_queries(7):
        said(manager_client)
