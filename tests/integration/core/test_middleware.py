"""Around every view: a number, the person's language and zone, errors people understand."""

import json
import logging
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from core import error_views
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.error_urls")]

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client():
    user = UserFactory(language="en")
    made = signed_in(user)
    made.raise_request_exception = False
    made.user = user
    return made


def toast(response):
    return json.loads(response["HX-Trigger"])["toast"]


def test_it_works(client):
    response = client.get("/fails/rule/", headers=HTMX)
    assert response.status_code == 422
    assert toast(response) == {"message": "Only open orders can be cancelled.", "level": "error"}
    assert response["HX-Reswap"] == "none"
    assert response.content == b""
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("rule", 422), ("stale", 409), ("setup", 409),
        ("unavailable", 503), ("rejected", 502), ("unknown", 502),
    ],
)  # fmt: skip
def test_every_kind_has_its_status_as_toast_and_as_page(client, kind, status):
    assert client.post(f"/fails/{kind}/", headers=HTMX).status_code == status
    page = client.get(f"/fails/{kind}/")
    assert page.status_code == status
    assert page.templates[0].name == "core/error_page.html"


def test_the_page_says_what_happened_and_leads_back(client):
    came_from = "http://testserver/orders/?status=open"
    page = client.post("/fails/rule/", headers={"Referer": came_from})
    text = page.content.decode()
    assert "Only open orders can be cancelled." in text
    assert 'href="/orders/?status=open"' in text
    assert 'id="side"' in text, "inside the frame, with the navigation"
    assert page["Content-Language"] == "en"


@pytest.mark.parametrize(
    "referer", ["https://evil.example/x", "javascript:alert(1)", "", "//evil/x"]
)
def test_the_way_back_never_leads_away(client, referer):
    page = client.get("/fails/rule/", headers={"Referer": referer})
    assert page.context["back_url"] == "/"


def test_the_way_back_is_not_a_loop(client):
    page = client.get("/fails/rule/?a=1", headers={"Referer": "http://testserver/fails/rule/?a=1"})
    assert page.context["back_url"] == "/"


def test_a_stranger_gets_a_page_without_the_navigation():
    page = Client().get("/fails-openly/setup-nowhere/")
    assert page.status_code == 409
    assert 'id="side"' not in page.content.decode()


def test_what_is_not_set_up_links_to_where(client):
    detail = toast(client.post("/fails/setup/", headers=HTMX))
    assert (detail["url"], detail["link"]) == ("/set-up/series/", "Set it up")
    assert 'href="/set-up/series/"' in client.get("/fails/setup/").content.decode()
    assert "url" not in toast(client.post("/fails/setup-nowhere/", headers=HTMX))


def test_who_was_too_late_sees_what_is_true(client):
    response = client.post("/fails/stale/", headers=HTMX)
    assert "live:resync" in json.loads(response["HX-Trigger"])


def test_a_busy_remote_says_for_how_long_and_gives_a_number(client):
    response = client.post("/fails/unavailable/", headers=HTMX)
    assert response["Retry-After"] == "12"
    assert toast(response)["ref"] == response["X-Request-ID"]
    assert client.get("/fails/unavailable/")["Retry-After"] == "12"


def test_a_boosted_link_gets_a_page(client):
    response = client.get("/fails/rule/", headers={**HTMX, "HX-Boosted": "true"})
    assert b"Only open orders" in response.content
    assert "HX-Trigger" not in response


# --- Bugs -------------------------------------------------------------------------------------


def test_a_bug_is_logged_with_the_number_that_the_person_gets(client, caplog):
    page = client.get("/bug/")
    assert page.status_code == 500
    number = page["X-Request-ID"]
    assert number in page.content.decode()
    assert "a detail nobody should read" not in page.content.decode()
    [record] = [r for r in caplog.records if r.exc_info]
    assert record.request.id == number
    assert "ZeroDivisionError" in caplog.text


def test_a_bug_behind_a_click_is_a_toast(client):
    response = client.post("/bug/", headers=HTMX)
    assert response.status_code == 500
    assert toast(response)["ref"] == response["X-Request-ID"]
    assert response.content == b""


def test_the_page_of_a_bug_needs_no_database(client, django_assert_num_queries, rf):
    request = rf.get("/bug/")
    request.id = "abcde-fghjk"
    with django_assert_num_queries(0):
        assert b"abcde-fghjk" in error_views.server_error(request).content


def test_not_even_a_template(rf, monkeypatch, caplog):
    def broken(*args):
        raise ValueError("no such tag")

    monkeypatch.setattr("core.error_views.loader.render_to_string", broken)
    request = rf.get("/")
    request.id = "<b>"
    response = error_views.server_error(request)
    assert response.status_code == 500
    assert b"&lt;b&gt;" in response.content


def test_our_own_refusals_make_no_noise(client, caplog):
    with caplog.at_level(logging.WARNING, "magflow.errors"):
        client.get("/fails/rule/")
        assert not [r for r in caplog.records if r.name == "magflow.errors"]
        client.get("/fails/unknown/")
        assert "eMAG did not answer." in caplog.text


# --- The number -------------------------------------------------------------------------------


def told(response):
    return response.content.decode().split("|")


def test_each_request_has_a_number_of_its_own(client):
    one, two = client.get("/tells/"), client.get("/tells/")
    assert told(one)[0] == one["X-Request-ID"] == told(one)[4]
    assert one["X-Request-ID"] != two["X-Request-ID"]
    assert re.fullmatch(r"[2-9a-z]{5}-[2-9a-z]{5}", one["X-Request-ID"])
    assert told(one)[3] == "page"


def test_strangers_do_not_choose_the_number(client):
    response = client.get("/tells/", headers={"X-Request-ID": "mine"})
    assert "mine" not in response.content.decode() + response["X-Request-ID"]


# --- Language and zone ------------------------------------------------------------------------


def test_the_persons_language_wins_over_the_browsers():
    client = signed_in(UserFactory(language="ro", time_zone="Europe/Budapest"))
    response = client.get("/tells/", headers={"Accept-Language": "en"})
    assert told(response)[1:3] == ["ro", "Europe/Budapest"]
    assert told(response)[5] == response["Content-Language"] == "ro"
    assert translation.get_language() == "en", "and it ends with the request"


def test_without_a_choice_the_browser_decides(settings):
    client = signed_in(UserFactory(language="", time_zone=""))
    response = client.get("/tells/", headers={"Accept-Language": "ro-RO,ro;q=0.9"})
    assert told(response)[1:3] == ["ro", settings.TIME_ZONE]
    assert "Accept-Language" in response["Vary"]


@pytest.mark.parametrize("zone", ["Nowhere/Atall", "../../etc/passwd", "\x00"])
def test_a_zone_that_does_not_exist_is_no_error(settings, zone):
    from core.middleware import _zone

    assert _zone(zone) is None


def test_before_sign_in_the_cookie_decides(settings):
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ro"
    page = client.get(reverse("account_login"))
    assert page["Content-Language"] == "ro"


# --- An expired sign-in -----------------------------------------------------------------------


def test_an_expired_sign_in_moves_the_window_and_not_the_table():
    response = Client().get(
        "/tells/?page=2",
        headers={**HTMX, "HX-Current-URL": "http://testserver/orders/?status=open"},
    )
    assert response.status_code == 204
    assert response["HX-Redirect"] == reverse("account_login") + "?next=/orders/%3Fstatus%3Dopen"


@pytest.mark.parametrize(
    "current",
    [
        "https://evil.example/x", "", "not a url", "http://testserver",
        "http://testserver//evil.example/", "javascript:alert(1)", "/orders/",
    ],
)  # fmt: skip
def test_the_way_after_sign_in_stays_here(current):
    response = Client().get("/tells/", headers={**HTMX, "HX-Current-URL": current})
    assert response["HX-Redirect"] == reverse("account_login") + "?next=/"


def test_a_browser_is_redirected_as_always():
    response = Client().get("/tells/")
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_other_redirects_are_left_alone(client):
    response = client.get("/moves/", headers=HTMX)
    assert (response.status_code, response["Location"]) == (302, "/tells/")
