"""The Sync page: what is read by itself, how it went, and who may start or pause it."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from core import jobs
from core.models import AuditEntry, JobPause, JobRun
from core.models.jobs import JobStatus, JobTrigger
from emag import sync_state
from emag.services import trouble
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.emag import CredentialFactory

pytestmark = pytest.mark.django_db

URL = "/sync/"
PULL = "emag.pull_orders"


@pytest.fixture
def account():
    return CredentialFactory(account__name="Main shop").account


def run_of(account, name=PULL, **facts):
    facts = {"status": JobStatus.DONE, "ended_at": timezone.now(), "starts": 1} | facts
    return JobRun.objects.create(name=name, key=str(account.pk), **facts)


def text(response):
    return response.content.decode()


def test_it_works(owner_client, account):
    run_of(account, counters={"read": 12, "new": 3, "changed": 1, "calls": 4})
    page = text(owner_client.get(URL))
    assert "Main shop" in page
    assert "3 new, 1 changed." in page
    assert "read 12" in page
    assert "calls 4" in page
    for spec in sync_state.specs():
        assert str(spec.title) in page


def test_all_jobs_of_accounts_are_there():
    names = {spec.name for spec in sync_state.specs()}
    assert names >= {
        "emag.pull_orders", "emag.sweep_new_orders", "emag.reread_orders", "emag.pull_offers",
        "emag.pull_reference_data", "emag.check_health", "emag.purge", "orders.accept_new_orders",
    }  # fmt: skip
    assert "emag.pull_order" not in names, "it has no schedule"


def test_none_of_them_begins_on_a_round_minute():
    """eMAG asks for it (§7)."""
    from datetime import UTC, datetime

    from core.jobs.schedules import first_time

    now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    for spec in sync_state.specs():
        if spec.name.startswith("emag."):
            assert 2 <= first_time(spec, now).second <= 58, spec.name


def test_its_queries_are_pinned(owner_client, account, django_assert_num_queries):
    owner_client.get("/sync/")
    with django_assert_num_queries(7):
        owner_client.get("/sync/", headers={"HX-Request": "true"})
    for _more in range(3):
        other = CredentialFactory().account
        run_of(other)
        run_of(other, "emag.pull_offers")
    with django_assert_num_queries(7):
        owner_client.get("/sync/", headers={"HX-Request": "true"})


def test_a_run_that_goes_on_shows_how_far_it_is(owner_client, account):
    run_of(
        account, status=JobStatus.RUNNING, ended_at=None, done=500, total=2_000,
        started_at=timezone.now() - timezone.timedelta(seconds=10),
    )  # fmt: skip
    page = text(owner_client.get(URL, headers={"HX-Request": "true"}))
    assert "500 of 2,000" in page
    assert '<progress max="2000" value="500"' in page
    assert "a second" in page
    assert "left" in page


def test_a_failure_is_said_in_its_words(owner_client, account):
    run_of(account, status=JobStatus.FAILED, error="eMAG has no time for us right now.")
    assert "eMAG has no time for us right now." in text(owner_client.get(URL))


def test_the_last_run_counts(owner_client, account):
    old = timezone.now() - timezone.timedelta(hours=1)
    run_of(account, started_at=old, status=JobStatus.FAILED, error="long ago")
    run_of(account, counters={"read": 1})
    page = text(owner_client.get(URL))
    assert "long ago" not in page
    assert "Nothing new." in page


def test_a_skipped_run_hides_nothing(owner_client, account):
    run_of(account, status=JobStatus.FAILED, error="still true")
    run_of(account, status=JobStatus.SKIPPED, error="The same job was still running.")
    assert "still true" in text(owner_client.get(URL))


def test_trouble_stands_on_top(owner_client, account):
    trouble.put_to_rest(account, "password", "eMAG does not accept the user and password.")
    page = text(owner_client.get(URL))
    assert "does not accept the user and password" in page
    assert page.index("does not accept") < page.index(str(sync_state.specs()[0].title))
    assert reverse("emag:connect_account", args=[account.pk]) in page


def test_a_run_that_did_nothing_is_not_done(owner_client, account):
    run_of(account, log="10:15:00 eMAG refuses the user or password of Main shop.")
    assert badge(PULL) == ("Skipped", "amber")
    trouble.put_to_rest(account, "password", "eMAG does not accept the user and password.")
    assert badge(PULL) == ("Resting", "amber")
    run_of(account, counters={"read": 1})
    assert badge(PULL) == ("Done", "green")


def badge(name):
    job = next(job for job in sync_state.state().jobs if job.spec.name == name)
    return job.lines[0].badge[:2]


def test_accounts_of_other_marketplaces_are_not_here(owner_client):
    MarketplaceAccountFactory(name="Other shop")
    page = text(owner_client.get(URL))
    assert "Other shop" not in page
    assert "No eMAG account yet" in page


# --- Buttons ----------------------------------------------------------------------------------


def post(client, view, name=PULL, **data):
    return client.post(reverse(f"emag:{view}", args=[name]), data)


@pytest.mark.parametrize("key", ["x", "0", "9" * 81])
def test_there_is_no_such_account(owner_client, account, key):
    assert post(owner_client, "sync_run", key=key).status_code == 404
    assert not JobRun.objects.exists()


def test_one_account_is_started(owner_client, account, owner):
    other = CredentialFactory().account
    response = post(owner_client, "sync_run", key=account.pk)
    assert response.status_code == 302
    run = JobRun.objects.get()
    assert (run.name, run.key, run.trigger) == (PULL, str(account.pk), JobTrigger.PERSON)
    assert run.requested_by == owner
    assert run.key != str(other.pk)
    assert AuditEntry.objects.filter(verb="job.started").exists()


def test_all_accounts_are_started(owner_client, account):
    CredentialFactory()
    post(owner_client, "sync_run")
    assert JobRun.objects.count() == 2


def test_a_click_in_the_page_is_answered_with_a_toast(owner_client, account):
    url = reverse("emag:sync_run", args=[PULL])
    response = owner_client.post(url, {"key": account.pk}, headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert "is queued" in response["HX-Trigger"]


def test_pausing_and_resuming(owner_client, account):
    post(owner_client, "sync_pause")
    assert jobs.is_paused(PULL)
    assert "paused" in text(owner_client.get(URL))
    post(owner_client, "sync_resume")
    assert not JobPause.objects.exists()


@pytest.mark.parametrize("name", ["core.beat", "no.such", "emag.pull_order", "outbox.sweep"])
def test_only_jobs_of_this_page_can_be_started_here(owner_client, name):
    assert post(owner_client, "sync_run", name).status_code == 404


def test_managers_may_and_others_may_not(manager_client, viewer_client, account):
    assert manager_client.get(URL).status_code == 200
    assert post(manager_client, "sync_run", key=account.pk).status_code == 302
    assert viewer_client.get(URL).status_code == 403
    assert post(viewer_client, "sync_run").status_code == 403
    assert post(viewer_client, "sync_pause").status_code == 403


def test_get_changes_nothing(owner_client):
    assert owner_client.get(reverse("emag:sync_run", args=[PULL])).status_code == 405


# --- The command ------------------------------------------------------------------------------


def test_a_job_is_run_for_an_account_by_its_name(account, capsys):

    other = CredentialFactory().account
    call_command("job_run", "emag.purge", account="main SHOP")
    run = JobRun.objects.get()
    assert (run.name, run.key, run.status) == ("emag.purge", str(account.pk), JobStatus.DONE)
    call_command("job_run", "emag.purge")
    assert set(JobRun.objects.values_list("key", flat=True)) == {str(account.pk), str(other.pk)}


def test_an_account_that_nobody_knows_is_refused(account):

    with pytest.raises(CommandError, match="no account called"):
        call_command("job_run", "emag.purge", account="Nobody")
