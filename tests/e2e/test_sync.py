"""The Sync page and rejected payloads in a browser: watched as they go, usable by everybody."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from core.jobs import Run
from core.models import JobRun
from core.models.jobs import JobStatus
from emag.services import trouble
from tests.factories.emag import CredentialFactory, RejectedPayloadFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def started(account, **facts):
    return JobRun.objects.create(
        name="emag.pull_orders", key=str(account.pk), status=JobStatus.RUNNING, starts=1,
        started_at=timezone.now(), **facts,
    )  # fmt: skip


def test_a_reading_is_watched_as_it_goes(visit, manager):
    account = CredentialFactory(account__name="Main shop").account
    page = visit(manager, "/sync/")
    words = page.locator(".sync-line", has_text="Main shop").first
    expect(words).to_contain_text("Has not run yet.")
    row = started(account)
    run = Run(row)
    for done in (400, 900):
        run.progress(done, 2_000)
        run.count("read", 100)
        run.save()
        expect(words).to_contain_text(f"{done} of 2,000")
        expect(words).to_contain_text("a second")
    row.status, row.ended_at = JobStatus.DONE, timezone.now()
    row.save()
    run.count("new", 7)
    run.save()
    expect(words).to_contain_text("7 new, 0 changed.")


def test_a_click_starts_it(visit, manager):
    account = CredentialFactory(account__name="Main shop").account
    page = visit(manager, "/sync/")
    page.get_by_role("button", name="Run now for Main shop").first.click()
    expect(page.locator(".sync-line").first).to_contain_text("Waits for its turn.")
    assert JobRun.objects.get().key == str(account.pk)


def test_pausing_is_seen_at_once(visit, manager):
    CredentialFactory()
    page = visit(manager, "/sync/")
    page.get_by_role("button", name="Pause", exact=True).first.click()
    expect(page.locator(".sync-head").first).to_contain_text("paused")
    page.get_by_role("button", name="Resume", exact=True).first.click()
    expect(page.locator(".sync-head").first).not_to_contain_text("paused")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_pages(visit, manager, width, scheme, check_axe, check_width):
    account = CredentialFactory(account__name="O firmă cu un nume lung de magazin").account
    trouble.put_to_rest(account, "password", "eMAG does not accept the user and password. " * 3)
    started(account, done=500, total=2_000, counters={"read": 500, "new": 500, "calls": 6})
    row = RejectedPayloadFactory(account=account, messages=["products: should be a list " * 8])
    for path in ("/sync/", "/payloads/rejected/", f"/payloads/rejected/{row.pk}/"):
        page = visit(manager, path, width=width, color_scheme=scheme)
        check_axe(page)
        check_width(page)
        page.close()
