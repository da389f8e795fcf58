"""Live pages in a real browser: others see what one does; a lost line is told and heals."""

import re
import time

import pytest
from django.db import transaction
from playwright.sync_api import expect

from accounts.choices import Role
from accounts.models import User
from accounts.services import people
from core import live
from core.live import hub
from tests.factories.accounts import UserFactory
from tests.live import Redis, Server, redis_server, redis_settings  # noqa: F401

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

A_SECOND = 1_000
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
}"""


@pytest.fixture(params=["postgres", "redis"])
def way(request, settings):
    """Hints over PostgreSQL, hints over Redis. Asked for before the windows are opened."""
    settings.REDIS_URL = ""
    if request.param == "redis":
        for name, value in redis_settings(request.getfixturevalue("redis_server")).items():
            setattr(settings, name, value)


@pytest.fixture
def ana(db):
    return UserFactory(name="Ana Popescu", role=Role.PICKER)


def live_window(visit, person, path):
    window = visit(person, path)
    expect(window.locator("#live-state")).to_have_attribute("data-state", "live")
    return window


def row_of(window, person):
    return window.locator(f"#results tr[data-pk='{person.pk}']")


def heard(window, *topics):
    """From here on the window notes what live.js tells the page."""
    window.evaluate(
        """(topics) => {
            window.heard = [];
            for (const topic of topics) {
                const note = ({ detail }) => window.heard.push([topic, detail.ids]);
                document.body.addEventListener(`live:${topic}`, note);
            }
        }""",
        topics,
    )


def until_heard(window, count):
    """Playwright's own waiting needs eval, which the page's Content-Security-Policy forbids."""
    deadline = time.monotonic() + 5
    while window.evaluate("window.heard.length") < count:
        assert time.monotonic() < deadline, window.evaluate("window.heard")
        window.wait_for_timeout(20)


def touch(topic, *ids):
    with transaction.atomic():
        live.touch(topic, *ids)


def test_a_change_in_one_window_is_seen_in_the_other(way, visit, owner, manager, ana):
    watching = live_window(visit, manager, "/people/")
    expect(row_of(watching, ana)).to_contain_text("Picker")

    acting = live_window(visit, owner, f"/people/{ana.pk}/")
    acting.get_by_role("button", name="Change role").click()
    dialog = acting.get_by_role("dialog")
    dialog.get_by_label("Role").select_option("packer")
    with acting.expect_response(lambda answer: answer.request.method == "POST"):
        dialog.get_by_role("button", name="Change role").click()

    expect(row_of(watching, ana)).to_contain_text("Packer", timeout=A_SECOND)


def test_what_changed_lights_up(visit, owner, ana):
    window = live_window(visit, owner, "/people/")
    people.change_role(ana, role=Role.PACKER, by=owner)
    lit = window.wait_for_selector("#results tr.fresh", timeout=2 * A_SECOND)
    assert lit.get_attribute("data-pk") == str(ana.pk)
    expect(window.locator("#results tr.fresh")).to_have_count(0)


def test_who_is_deactivated_is_led_to_the_sign_in(visit, owner):
    leaving = UserFactory(role=Role.MANAGER)
    window = live_window(visit, leaving, "/people/")
    people.deactivate_person(leaving, by=owner)
    expect(window).to_have_url(re.compile("/sign-in/"), timeout=5 * A_SECOND)


@pytest.mark.slow
def test_a_server_that_restarts_is_noticed_and_caught_up_with(visit, owner, ana, live_app):
    window = live_window(visit, owner, "/people/")
    for meant in ("WebSocket connection", "ERR_CONNECTION_REFUSED", "htmx:sendError"):
        window.expects(meant)
    live_app.__exit__()
    banner = window.locator("[data-live-banner]")
    expect(window.locator("#live-state")).to_have_attribute("data-state", "connecting")
    expect(banner).to_be_hidden()
    expect(banner).to_be_visible(timeout=10 * A_SECOND)
    expect(window.locator("#live-state")).to_have_attribute("data-state", "offline")
    User.objects.filter(pk=ana.pk).update(name="Ana Ionescu")

    with Server(port=live_app.port):
        expect(banner).to_be_hidden(timeout=30 * A_SECOND)
        expect(row_of(window, ana)).to_contain_text("Ana Ionescu")
        people.change_role(ana, role=Role.PACKER, by=owner)
        expect(row_of(window, ana)).to_contain_text("Packer", timeout=30 * A_SECOND)
        window.close()


@pytest.mark.slow
def test_redis_that_is_away_is_noticed_and_caught_up_with(settings, visit, owner, ana, request):
    redis = Redis()
    request.addfinalizer(redis.stop)
    for name, value in redis_settings(redis).items():
        setattr(settings, name, value)
    window = live_window(visit, owner, "/people/")
    redis.kill()
    expect(window.locator("[data-live-banner]")).to_be_visible(timeout=20 * A_SECOND)
    people.change_role(ana, role=Role.PACKER, by=owner)
    redis.start()
    expect(window.locator("[data-live-banner]")).to_be_hidden(timeout=30 * A_SECOND)
    expect(row_of(window, ana)).to_contain_text("Packer")


def test_while_offline_the_page_is_read_again_every_30_seconds(visit, owner, ana, live_app):
    window = visit(owner, None)
    window.clock.install()
    window.goto("/people/")
    expect(window.locator("#live-state")).to_have_attribute("data-state", "live")
    window.route_web_socket("**/live/", lambda socket: socket.close())
    heard(window, "resync")
    window.evaluate("window.dispatchEvent(new Event('pagehide'))")  # closes the socket
    window.evaluate("window.dispatchEvent(new Event('pageshow'))")  # opens one: closed above
    window.clock.run_for(5_000)
    expect(window.locator("#live-state")).to_have_attribute("data-state", "offline")
    User.objects.filter(pk=ana.pk).update(name="Ana Ionescu")
    window.clock.run_for(31_000)
    expect(row_of(window, ana)).to_contain_text("Ana Ionescu")
    assert window.evaluate("window.heard") == [["resync", "many"]]


def test_a_line_that_went_silent_is_left(visit, owner):
    window = visit(owner, None)
    sockets = []
    window.on("websocket", lambda socket: sockets.append(socket))
    window.clock.install()
    window.goto("/people/")
    expect(window.locator("#live-state")).to_have_attribute("data-state", "live")
    assert len(sockets) == 1
    window.clock.run_for(60_000)
    expect(window.locator("#live-state")).to_have_attribute("data-state", "live")
    assert len(sockets) == 2
    assert sockets[0].is_closed()


def test_a_hidden_tab_waits_until_it_is_looked_at(visit, owner, ana):
    window = live_window(visit, owner, "/people/")
    heard(window, "people", "jobs")
    window.evaluate(HIDE, True)
    touch("people", ana.pk)
    window.wait_for_timeout(400)
    touch("people", owner.pk, ana.pk)
    window.wait_for_timeout(1000 * (hub.PACE + hub.LEAST) + 1000)
    assert window.evaluate("window.heard") == []
    window.evaluate(HIDE, False)
    window.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
    until_heard(window, 1)
    (told,) = window.evaluate("window.heard")
    assert told[0] == "people"
    assert sorted(told[1]) == sorted([owner.pk, ana.pk])


def test_topics_that_come_with_a_fragment_are_followed(visit, owner):
    window = live_window(visit, owner, "/companies/")
    heard(window, "jobs", "jobs:7", "audit")
    window.evaluate(
        """() => {
            const region = document.createElement("div");
            region.dataset.live = "jobs, audit";
            region.setAttribute("hx-trigger", "live:jobs:7 from:body, live:resync from:body");
            document.querySelector("#main").append(region);
            htmx.trigger(region, "htmx:afterSettle", {});
        }"""
    )
    window.wait_for_timeout(300)
    window.evaluate("window.heard.length = 0")  # what may have changed while the fragment came
    touch("jobs:7", 1)
    touch("audit", 2)
    until_heard(window, 2)
    assert sorted(window.evaluate("window.heard")) == [["audit", [2]], ["jobs:7", [1]]]


def test_nobody_has_no_socket(visit):
    window = visit(None, None)
    sockets = []
    window.on("websocket", lambda socket: sockets.append(socket))
    window.goto("/sign-in/")
    window.wait_for_timeout(300)
    assert sockets == []


def test_counters_keep_up_while_hints_pour_in(visit, manager):
    window = live_window(visit, manager, "/orders/")
    asked = []
    window.on("request", lambda request: asked.append(request.url))
    window.evaluate("""() => setInterval(() => document.body.dispatchEvent(
        new CustomEvent("live", { detail: { topic: "orders", ids: [1], at: "" } })), 200)""")
    window.wait_for_timeout(5_500)
    for beside in ("/shell/state/", "/orders/accept/in-stock/"):
        assert 2 <= sum(beside in url for url in asked) <= 4, "soon, then every two seconds"


def test_what_is_told_last_of_several_topics_counts(visit, manager):
    """Each topic is told at its own moment: the one that comes later may have been heard before."""
    window = live_window(visit, manager, "/orders/")
    window.wait_for_timeout(4_000)  # past the pace
    heard = [["orders", "hub:5.5"], ["outbox", "hub:3.25"]]
    tell = """heard => heard.forEach(([topic, at]) => document.body.dispatchEvent(
        new CustomEvent("live", { detail: { topic, ids: [], at } })))"""
    with window.expect_request(re.compile("/shell/state/")) as asked:
        window.evaluate(tell, heard)
    assert asked.value.headers["x-told"] == "hub:5.5"
    window.wait_for_timeout(4_000)
    with window.expect_request(re.compile("/shell/state/")) as asked:
        window.evaluate(tell, [["orders", "hub:5.5"], ["outbox", "other:7.5"]])
    assert "x-told" not in asked.value.headers, "of two processes nobody knows which was later"


def test_who_comes_back_to_a_page_sees_what_happened_meanwhile(visit, owner, ana):
    window = live_window(visit, owner, "/people/")
    window.evaluate("dispatchEvent(new Event('pagehide'))")  # kept by the browser as it is
    people.change_role(ana, role=Role.PACKER, by=owner)
    window.evaluate("dispatchEvent(new Event('pageshow'))")
    expect(row_of(window, ana)).to_contain_text("Packer")
