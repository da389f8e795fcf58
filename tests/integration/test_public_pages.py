"""What strangers can reach, send and learn: forged forms, addresses and hosts, errors."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path, reverse

from accounts.choices import Role
from magflow.urls import handler500
from tests.factories.accounts import PASSWORD, UserFactory
from tests.urlwalk import WHO, World, fresh_client, routes, url_of

__all__ = ["handler500"]

SECRET = "correct-horse-of-the-database"


# --- Addresses of this test: a view that breaks and one that is asked for too much -------------


@login_not_required
def broken(request):
    password = SECRET
    raise ValueError(f"could not connect with {password}")


@login_not_required
def suspicious(request):
    raise SuspiciousOperation(SECRET)


@login_not_required
def reads_the_form(request):
    return HttpResponse(str(len(request.POST)))


urlpatterns = [
    path("broken/", broken),
    path("suspicious/", suspicious),
    path("form/", reads_the_form),
    path("", include("magflow.urls")),
]


# --- Forged forms -----------------------------------------------------------------------------


# Called by other programs, which have no form of ours; what is in their address proves them.
WITHOUT_TOKEN = {"emag:hook"}


@pytest.mark.parametrize("who", [WHO[0], Role.OWNER])
def test_every_post_without_a_token_is_refused(db, who):
    """The walk asks each address, so a view that is exempt would be found."""
    world = World()
    person = world.people.get(who)
    client = (
        fresh_client(person, enforce_csrf_checks=True)
        if person
        else Client(enforce_csrf_checks=True)
    )
    exempt = set()
    for route in routes():
        for _label, arguments in world.arguments(route, who):
            url = url_of(route, arguments)
            if getattr(route.view, "csrf_exempt", False):
                exempt.add(route.name)
                continue
            for more in ({}, {"HTTP_HX_REQUEST": "true"}):
                response = client.post(url, **more)
                assert response.status_code == 403, url
                assert not hasattr(response.wsgi_request, "csrf_processing_done"), url
    assert exempt == WITHOUT_TOKEN


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://testserver"}, 302),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Referer": "https://testserver/you/"}, 302),
        ({"Referer": "https://evil.example/"}, 403),
        ({}, 403),
    ],
)
def test_a_token_is_worthless_on_a_page_of_others(viewer, headers, status):
    client = fresh_client(viewer, enforce_csrf_checks=True)
    page = client.get(reverse("accounts:profile"), secure=True)
    token = page.context["csrf_token"]
    facts = {"name": "V", "language": "en", "theme": "dark", "density": "compact"}
    response = client.post(
        reverse("accounts:profile"),
        {**facts, "csrfmiddlewaretoken": str(token)},
        secure=True,
        headers=headers,
    )
    assert response.status_code == status


# --- Forged addresses -------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://testserver@evil.example/",
    "https://testserver.evil.example/",
    "\thttps://evil.example",
    "/%0d%0aLocation:https://evil.example",
]


def leads_elsewhere(target):
    """Whether a browser that follows this leaves the site."""
    bare = target.replace("\\", "/").strip()
    return bare.startswith("//") or bool(re.match("[a-z][a-z0-9+.-]*:", bare))


@pytest.mark.parametrize("evil", ELSEWHERE)
def test_signing_in_leads_to_no_other_site(db, evil):
    person = UserFactory(password=PASSWORD)
    response = Client().post(
        reverse("account_login"), {"login": person.email, "password": PASSWORD, "next": evil}
    )
    assert response.status_code == 302
    assert not leads_elsewhere(response["Location"]), response["Location"]


@pytest.mark.parametrize("evil", ELSEWHERE)
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("account_logout", {}),
        ("account_reauthenticate", {"password": PASSWORD}),
        ("core:set_theme", {"theme": "dark"}),
        ("core:set_language", {"language": "en"}),
    ],
)
def test_no_form_leads_to_another_site(db, name, data, evil):
    person = UserFactory(password=PASSWORD)
    for referer in ("", evil.strip()):
        client = fresh_client(person)
        response = client.post(reverse(name), {**data, "next": evil}, headers={"Referer": referer})
        assert response.status_code == 302
        assert not leads_elsewhere(response["Location"]), response["Location"]


@pytest.mark.parametrize("evil", ELSEWHERE)
def test_the_way_back_after_an_expired_session_is_ours(db, evil):
    headers = {"HX-Request": "true", "HX-Current-URL": evil.strip()}
    where = Client().get(reverse("ops:audit_list"), headers=headers)["HX-Redirect"]
    person = UserFactory(password=PASSWORD)
    response = Client().post(where, {"login": person.email, "password": PASSWORD})
    assert response.status_code == 302
    assert not leads_elsewhere(response["Location"]), response["Location"]


@pytest.mark.parametrize("evil", ELSEWHERE)
def test_the_admin_hands_no_foreign_address_on(db, evil):
    person = UserFactory(password=PASSWORD, role=Role.OWNER)
    client = Client()
    page = client.get(reverse("admin:login"), {"next": evil}, follow=True)
    fields = {"login": person.email, "password": PASSWORD, "next": evil}
    response = client.post(page.request["PATH_INFO"], fields)
    assert response.status_code == 302
    assert not leads_elsewhere(response["Location"]), response["Location"]


# --- Forged hosts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver@evil", "a b"]
)
def test_another_host_is_not_answered_to(db, host):
    response = Client(headers={"host": host}).get(reverse("account_login"))
    assert response.status_code == 400
    assert b"evil" not in response.content


def test_a_forwarded_host_is_not_believed(db):
    response = Client(headers={"x-forwarded-host": "evil.example"}).get("/")
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


# --- More than a form sends -------------------------------------------------------------------


@pytest.mark.urls(__name__)
def test_too_many_fields_and_too_much_text_are_refused(db):
    client = Client()
    assert client.post("/form/", {f"f{n}": "1" for n in range(900)}).status_code == 200
    assert client.post("/form/", {f"f{n}": "1" for n in range(1100)}).status_code == 400
    assert client.post("/form/", {"text": "x" * 3_000_000}).status_code == 400


def test_a_null_character_is_no_server_error(db, owner):
    client = fresh_client(owner)
    for url in ("/people/?search=%00", "/audit/?search=a%00b", "/shell/palette/?q=%00"):
        assert client.get(url).status_code == 200, url
    answer = client.post(
        reverse("account_login"), {"login": "a\x00@example.com", "password": "\x00"}
    )
    assert answer.status_code < 500


@pytest.mark.parametrize("pk", [0, 2**63, 10**30])
def test_a_number_nobody_has_is_not_found(db, owner, pk):
    client = fresh_client(owner)
    for name in ("accounts:person_detail", "ops:audit_entry", "ops:job_run_page"):
        url = reverse(name, args=[pk])
        assert client.get(url).status_code == 404, url


# --- What errors tell -------------------------------------------------------------------------


@pytest.fixture
def calm():
    """A browser, which gets error pages where a test client would get the exception."""
    return Client(raise_request_exception=False)


TOO_MUCH = (SECRET, "Traceback", "ValueError", ".py", "settings", settings.SECRET_KEY, "magflow/")


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_bug_tells_a_number_and_nothing_else(db, calm, headers):
    response = calm.get("/broken/", headers=headers)
    assert response.status_code == 500
    told = response.content.decode() + str(dict(response.headers))
    assert response["X-Request-ID"] in told
    for word in TOO_MUCH:
        assert word not in told, word
    assert response["Content-Security-Policy"]


@pytest.mark.urls(__name__)
def test_a_suspicious_request_is_told_nothing(db, calm):
    response = calm.get("/suspicious/")
    assert response.status_code == 400
    for word in TOO_MUCH:
        assert word not in response.content.decode(), word


def test_a_missing_page_does_not_repeat_its_address(db, calm, owner):
    for client in (calm, fresh_client(owner)):
        response = client.get("/nothing/%3Cscript%3Ealert(1)%3C/script%3E/")
        assert response.status_code == 404
        assert b"<script>alert" not in response.content


def test_debug_pages_are_off():
    assert settings.DEBUG is False
    assert not any(route.name == "core:ui_kit" for route in routes())


# --- What strangers see -----------------------------------------------------------------------


def test_pages_for_strangers_tell_nothing_of_the_shop(db):
    world = World()
    names = [world.company.name, world.account.name, *(p.name for p in world.people.values())]
    for route in routes():
        if getattr(route.view, "login_required", True) or route.name.startswith("accounts:"):
            continue
        for _label, arguments in world.arguments(route, WHO[0]):
            body = Client().get(url_of(route, arguments)).content.decode()
            assert not [name for name in names if name in body], route.name
            assert 'id="side"' not in body, route.name


def test_health_says_no_more_than_it_must(db):
    response = Client().get("/health/")
    assert (response.status_code, response.content) == (200, b"ok\n")
