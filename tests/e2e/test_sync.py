"""Watching what MagFlow reads by itself: progress, pauses, calls, and what could not be read."""

import json
import re
import threading
from contextlib import contextmanager

import pytest
from django.db import connection
from playwright.sync_api import expect

from core import failpoints, jobs
from core.jobs import runs
from core.models import JobPause
from emag.models import ApiCall, RejectedPayload
from orders.models import Order
from tests.e2e.shop import PULL, follow, go, press, read, row_of, toast, work

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

READ = "order/read"
REST = "emag.reread_orders"


@contextmanager
def held(account, at):
    """A reading in a thread of its own that stands still after so many pages, until it may go."""
    reached, may_go = threading.Event(), threading.Event()

    def hold():
        reached.set()
        assert may_go.wait(60)

    def run():
        try:
            read(account)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with failpoints.armed("pull.committed", hold, at=at):
        thread.start()
        try:
            assert reached.wait(60)
            yield may_go
        finally:
            may_go.set()
            thread.join(60)


def job(page, title):
    return page.locator(".sync-job", has=page.get_by_role("heading", name=title))


def test_progress_is_watched_live(visit, manager, sim, main, monkeypatch):
    monkeypatch.setattr(runs, "SAVE_EVERY", 0.0)
    sim.inject_orders(320, account=main.there)
    page = visit(manager, "/sync/")
    line = job(page, "Read new and changed orders").locator(".sync-line")
    expect(line).to_contain_text("Has not run yet")
    with held(main, at=3) as may_go:
        expect(line).to_contain_text("Running")
        expect(line).to_contain_text(re.compile(r"[1-9]\d* of 320"))
        expect(line.get_by_role("progressbar")).to_be_visible()
        expect(line.get_by_role("button")).to_be_disabled()
        may_go.set()
        expect(line).to_contain_text("320 new", timeout=20_000)
    expect(line.get_by_role("progressbar")).to_have_count(0)
    expect(line.get_by_role("button")).to_be_enabled()


def test_a_job_is_run_paused_and_resumed(visit, manager, sim, main):
    sim.inject_orders(2, account=main.there)
    page = visit(manager, "/sync/")
    section = job(page, "Read new and changed orders")
    section.get_by_role("button", name="Run now for main").click()
    toast(page, "is queued")
    expect(section).to_contain_text("Waits for its turn")
    work()
    expect(section).to_contain_text("2 new")

    section = job(page, "Read the last 30 days of orders again")
    section.get_by_role("button", name="Pause").click()
    expect(section).to_contain_text("paused")
    assert JobPause.objects.filter(name=REST).exists()
    section.get_by_role("button", name="Resume").click()
    expect(section.get_by_role("button", name="Pause")).to_be_visible()
    assert not JobPause.objects.exists()


def test_a_hint_does_not_call_off_what_was_pressed(visit, manager, main):
    """The page reads itself again while the press is on its way: the press goes on, and speaks."""
    page = visit(manager, "/sync/")
    held = []
    page.route("**/run/", lambda route: held.append(route))
    job(page, "Read new and changed orders").get_by_role("button", name="Run now for main").click()
    while not held:
        page.wait_for_timeout(20)
    jobs.pause(REST, by=manager)
    expect(page.get_by_role("button", name="Resume")).to_have_count(1)
    held[0].continue_()
    toast(page, "is queued")
    expect(job(page, "Read new and changed orders")).to_contain_text("Waits for its turn")


def test_all_that_an_answer_says_is_heard_though_the_button_is_gone(visit, manager, main):
    page = visit(manager, "/sync/")
    said = '{"modal:close": "", "toast": {"message": "Done with it"}, "note:written": 5}'
    held = []
    page.route("**/run/", lambda route: held.append(route))
    page.evaluate("""() => {
        window.said = [];
        for (const name of ["modal:close", "note:written"])
            document.body.addEventListener(name, ({ detail }) => window.said.push(detail.value));
    }""")
    job(page, "Read new and changed orders").get_by_role("button", name="Run now for main").click()
    while not held:
        page.wait_for_timeout(20)
    jobs.pause(REST, by=manager)
    expect(page.get_by_role("button", name="Resume")).to_have_count(1)
    held[0].fulfill(status=204, headers={"HX-Trigger": said})
    toast(page, "Done with it")
    assert page.evaluate("window.said") == ["", 5]


def test_an_account_that_is_refused_says_why(visit, manager, sim, main, connect):
    connect("second")
    main.emag_credential.password = "was changed there"
    main.emag_credential.save()
    read(main)
    page = visit(manager, "/sync/")
    trouble = page.locator(".sync-trouble")
    expect(trouble).to_have_count(1)
    expect(trouble).to_contain_text("main")
    expect(trouble).to_contain_text("password")
    main.emag_credential.refresh_from_db()
    main.emag_credential.password = "secret"
    main.emag_credential.save()
    trouble.get_by_role("button", name="Test now").click()
    toast(page, "is queued")
    work()
    expect(page.locator(".sync-trouble")).to_have_count(0)


def test_who_may_not_run_jobs_does_not_see_the_page(visit, viewer, main):
    page = visit(viewer, "/orders/")
    expect(page.get_by_role("link", name="Sync", exact=True)).to_have_count(0)
    page.expects("403")
    page.goto("/sync/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_a_call_is_found_and_repeated(visit, manager, sim, main):
    (number,) = sim.inject_orders(1, account=main.there)
    read(main)
    page = visit(manager, "/calls/")
    every = page.locator("#results tr[data-pk]")
    assert every.count() > 1
    page.locator("[data-search]").fill(str(number))
    expect(every).to_have_count(1)
    follow(page, every.get_by_role("link", name=READ))
    expect(page.locator("#said")).to_contain_text(str(number))
    before = ApiCall.objects.count()
    page.get_by_role("button", name="Repeat this reading").click()
    expect(page.locator("#said")).to_contain_text("The reply is the same as before.")
    assert ApiCall.objects.count() == before + 1
    sim.order_event(number, "customer_cancel", account=main.there)
    page.get_by_role("button", name="Repeat this reading").click()
    expect(page.locator("#said")).to_contain_text("Then,")
    expect(page.locator("#said")).to_contain_text("Now,")


def test_what_could_not_be_read_is_read_again(visit, manager, sim, main):
    (number,) = sim.inject_orders(1, account=main.there)
    sim.fault("mangle", match={"route": READ}, count=1, set={"results.0.products": "none"})
    read(main)
    assert RejectedPayload.objects.get().external_id == str(number)
    page = visit(manager, "/payloads/rejected/")
    counter = page.get_by_role("navigation", name="Main").get_by_role(
        "link", name="Rejected payloads"
    )
    expect(counter).to_contain_text("1")
    follow(page, row_of(page, number).get_by_role("link"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Open")
    expect(page.locator("#main")).to_contain_text("products")
    press(page, "Read again")
    work()
    assert Order.objects.get().external_id == str(number)
    expect(counter).not_to_contain_text("1")
    go(page, "/payloads/rejected/?status=open")
    expect(page.locator("#results tr[data-pk]")).to_have_count(0)


def test_an_order_as_it_was_sent(visit, manager, sim, main):
    (number,) = sim.inject_orders(1, account=main.there)
    read(main, PULL)
    page = visit(manager, f"/orders/{Order.objects.get().pk}/")
    follow(page, page.get_by_role("link", name="Show it"))
    text = page.locator("#payload-text")
    expect(text).to_contain_text(str(number))
    told = json.loads(text.inner_text())
    there = sim.truth("order", main.there)[number]
    assert [line["id"] for line in told["products"]] == [line["id"] for line in there["products"]]
    follow(page, page.get_by_role("link", name=str(number)))
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(number))
