"""What a real browser does with hostile text, with pages of others, and with our own policy."""

import re

import pytest
from playwright.sync_api import expect

from accounts.choices import Role
from accounts.models import User
from core import audit
from core.models import JobRun, SavedView
from tests.factories.accounts import (
    BankAccountFactory,
    CompanyFactory,
    MarketplaceAccountFactory,
    UserFactory,
)
from tests.integration.test_hostile_text import HOSTILE
from tests.urlwalk import fresh_client, routes

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# Runs before anything of the page: notes whoever calls pwned(), and each breach of the policy.
WATCH = """
    window.noted = [];
    window.pwned = window.p = () => window.noted.push("pwned");
    addEventListener("securitypolicyviolation", (e) => window.noted.push(e.effectiveDirective));
"""


def watched(visit, user, **options):
    page = visit(user, "", **options)
    page.add_init_script(WATCH)
    page.on("dialog", lambda dialog: pytest.fail(f"a page opened a dialog: {dialog.message}"))
    return page


def open_(page, path):
    page.goto(path)
    expect(page.locator("body")).to_be_visible()
    assert page.evaluate("window.noted") == [], path


@pytest.fixture
def hostile_world(owner):
    """One of everything for each text that would like to be markup."""
    paths = ["/people/", "/companies/", "/marketplaces/", "/audit/?view=all", "/jobs/", "/"]
    for text in HOSTILE.values():
        person = UserFactory(name=text[:120])
        company = CompanyFactory(name=text[:100], city=text[:60])
        BankAccountFactory(company=company, bank=text[:60])
        account = MarketplaceAccountFactory(company=company, name=text[:60])
        SavedView.objects.create(page="ops.audit_list", name=text[:60], owner=owner)
        entry = audit.record("person.changed", person, by=person, label=text, note=text)
        run = JobRun.objects.create(name="core.beat", key=text[:80], error=text, log=text)
        paths += [row.get_absolute_url() for row in (person, company, account)]
        paths += [f"/audit/{entry.pk}/", f"/jobs/{run.pk}/"]
    return paths


def test_hostile_text_does_nothing(visit, owner, hostile_world):
    page = watched(visit, owner)
    for path in hostile_world:
        open_(page, path)


def test_nor_in_menus_dialogs_and_toasts(visit, owner, hostile_world):
    page = watched(visit, owner)
    open_(page, "/audit/?view=all")
    page.locator("#view-menu summary").click()
    expect(page.locator("#view-menu")).to_contain_text(HOSTILE["script"][:20])

    open_(page, "/people/?role=viewer")
    page.keyboard.press("Control+k")
    page.locator("#palette input").fill(HOSTILE["markup"][:60])
    expect(page.locator("#palette-list")).not_to_be_empty()
    page.keyboard.press("Escape")

    # A toast is written by a script, from a header.
    person = User.objects.get(name=HOSTILE["script"])
    page.evaluate(
        "text => document.body.dispatchEvent(new CustomEvent('toast', {detail: {message: text}}))",
        person.name,
    )
    expect(page.locator("#toasts")).to_contain_text(person.name)
    assert page.evaluate("window.noted") == []


def test_no_page_breaks_its_own_policy(visit, owner):
    page = watched(visit, owner)
    client = fresh_client(owner)
    paths = [route.address for route in routes() if not route.parameters]
    for path in paths:
        answer = client.get(path)
        if answer.status_code == 200 and b"<!doctype html>" in answer.getvalue()[:100].lower():
            open_(page, path)


def test_the_policy_stops_what_slips_through(visit, owner):
    """If markup did get in one day, it would still not run."""
    page = watched(visit, owner)
    page.expects("Content Security Policy")
    page.goto("/people/")
    page.evaluate(
        """() => {
            const main = document.getElementById("main");
            main.insertAdjacentHTML("beforeend", "<img src=nothing onerror='pwned()'>");
            const script = document.createElement("script");
            script.textContent = "pwned()";
            main.append(script);
            const far = document.createElement("script");
            far.src = "https://evil.example/x.js";
            main.append(far);
            setTimeout(() => Function("pwned()")());  // not from here: a test may evaluate
        }"""
    )
    page.expects("404")
    page.wait_for_function("window.noted.length >= 4")
    noted = page.evaluate("window.noted")
    # One attribute, one script inside the page, one from elsewhere, one made of text.
    assert sorted(noted) == ["script-src", "script-src-attr", "script-src-elem", "script-src-elem"]


# --- Pages of others ----------------------------------------------------------------------------


ELSEWHERE = "http://evil.example/"


def foreign(page, html):
    """Open a page of another site; nothing leaves this machine."""
    page.route(
        "https://evil.example/", lambda route: route.fulfill(body=html, content_type="text/html")
    )
    page.route(
        "http://evil.example/", lambda route: route.fulfill(body=html, content_type="text/html")
    )
    page.goto("http://evil.example/")


def test_no_page_of_others_can_frame_ours(visit, owner, live_app):
    page = visit(owner, "")
    page.expects("frame")
    page.expects("Content Security Policy")
    foreign(page, f"<iframe src='{live_app.url}/people/' width=800 height=600></iframe>")
    page.wait_for_timeout(500)
    frame = page.frames[-1]
    assert "/people/" not in frame.url or not frame.locator("h1").count()


def test_no_form_of_others_changes_anything(visit, owner, live_app):
    page = visit(owner, "")
    page.expects("403")
    before = User.objects.count()
    foreign(
        page,
        f"""<form method=post action='{live_app.url}/people/invite/'>
            <input name=name value=Thief><input name=email value=thief@example.com>
            <input name=role value=owner></form>""",
    )
    with page.expect_navigation():
        page.evaluate("document.forms[0].submit()")
    assert re.search("sign-in|invite", page.url)
    assert not page.get_by_text("is invited").count()
    assert User.objects.count() == before


def test_no_page_of_others_reads_or_listens(visit, owner, live_app):
    page = visit(owner, "")
    for words in ("CORS", "Failed to load", "ERR_FAILED", "ERR_BLOCKED", "WebSocket", "403"):
        page.expects(words)
    foreign(page, "<h1>Elsewhere</h1>")
    told = page.evaluate(
        """async (site) => {
            const read = await fetch(site + "/people/", {credentials: "include"}).then(
                (answer) => answer.text(), () => "refused");
            const socket = await new Promise((done) => {
                const line = new WebSocket(site.replace("http", "ws") + "/live/");
                line.onopen = () => done("open");
                line.onerror = () => done("refused");
            });
            return [read, socket];
        }""",
        live_app.url,
    )
    assert told == ["refused", "refused"]


def test_signing_out_clears_what_the_browser_kept(visit, owner):
    page = visit(owner, "/")
    page.evaluate("localStorage.setItem('magflow-recent-x', '[\"/people/1/\"]')")
    page.goto("/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    assert page.evaluate("localStorage.length") == 0
    page.go_back()
    page.wait_for_load_state()
    assert "/sign-in/" in page.url or page.locator("#side").count() == 0


def test_a_picker_sees_no_door_that_is_shut(visit):
    """What one may not open is not offered; the server refuses it all the same."""
    page = visit(UserFactory(role=Role.PICKER), "/")
    links = page.locator("#side nav a").evaluate_all("all => all.map((a) => a.pathname)")
    assert links == ["/", "/orders/", "/offers/"]
    page.expects("403")
    page.goto("/people/")
    expect(page.locator("h1")).not_to_have_text("People")
