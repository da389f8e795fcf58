"""What a production site answers with, header by header, and what the Observatory makes of it."""

import http.client
import json
import re
from dataclasses import replace
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import make_password
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

import magflow.settings
from accounts.choices import Role
from core import audit
from magflow.body_limit import MOST_BYTES
from tests import observatory, production
from tests.factories.accounts import PASSWORD, UserFactory
from tests.observatory import Answer, Visit, directives, score
from tests.production import HOST, SITE, site

__all__ = ["site"]

BAR = 110
WANTED = [
    "csp-implemented-with-no-unsafe-default-src-none",
    "cookies-secure-with-httponly-sessions-and-samesite",
    "cross-origin-resource-sharing-not-implemented",
    "redirection-to-https",
    "referrer-policy-private",
    "hsts-implemented-max-age-at-least-six-months",
    "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
    "x-content-type-options-nosniff",
    "x-frame-options-implemented-via-csp",
    "cross-origin-resource-policy-implemented-with-same-origin",
]


# --- The Observatory --------------------------------------------------------------------------


def test_the_observatory_is_content(site):
    points, outcomes = score(site.scan())
    assert outcomes == WANTED
    assert points >= BAR
    assert points == 135


@pytest.fixture(scope="module")
def visit(site):
    return site.scan()


def changed(visit, **headers):
    """The same visit with other headers on the page; None takes one away."""
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    kept = [(n, v) for n, v in visit.page.headers if n.lower() not in names]
    added = [(n, v) for n, v in names.items() if v is not None]
    return replace(visit, page=replace(visit.page, headers=kept + added))


OUR_CSP = "default-src 'none'; form-action 'self'; script-src 'self'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("headers", "points"),
    [
        ({"content_security_policy": None}, 75),  # below 90 nothing is added
        ({"content_security_policy": "script-src 'self'; script-src 'self'"}, 75),
        ({"content_security_policy": OUR_CSP.replace("'self'; f", "'unsafe-inline'; f")}, 80),
        ({"content_security_policy": OUR_CSP.replace("'self'; f", "'unsafe-eval'; f")}, 115),
        ({"content_security_policy": OUR_CSP + "; style-src 'unsafe-inline'"}, 125),
        ({"content_security_policy": OUR_CSP + "; img-src http://cdn.example"}, 115),
        ({"content_security_policy": OUR_CSP + "; style-src http://cdn.example"}, 80),
        ({"content_security_policy": OUR_CSP.replace("'none'; form", "'self'; form")}, 130),
        ({"content_security_policy": OUR_CSP.replace("form-action 'self'; ", "")}, 130),
        ({"content_security_policy": OUR_CSP.replace("; frame-ancestors 'none'", "")}, 130),
        ({"strict_transport_security": None}, 80),
        ({"strict_transport_security": "max-age=3600"}, 125),
        ({"strict_transport_security": "includeSubDomains"}, 80),
        ({"x_content_type_options": None}, 130),
        ({"x_content_type_options": "sniff"}, 130),
        ({"referrer_policy": None}, 130),
        ({"referrer_policy": "unsafe-url"}, 125),
        ({"cross_origin_resource_policy": None}, 125),
        ({"cross_origin_resource_policy": "cross-origin"}, 125),
        ({"cross_origin_resource_policy": "everywhere"}, 120),
        (
            {
                "content_security_policy": OUR_CSP.replace("; frame-ancestors 'none'", ""),
                "x_frame_options": None,
            },
            80,
        ),
    ],
)
def test_a_worse_header_costs_what_the_table_says(visit, headers, points):
    assert score(visit)[0] == 135
    assert score(changed(visit, **headers))[0] == points


@pytest.mark.parametrize(
    ("cookie", "points"),
    [
        ("csrf=1; Secure; HttpOnly; SameSite=Lax", 135),
        ("session=1; Secure; HttpOnly", 130),
        ("csrf=1; Secure; HttpOnly", 80),
        ("csrf=1; SameSite=Lax", 125),
        ("session=1; HttpOnly; SameSite=Lax", 120),
        ("session=1; Secure; SameSite=Lax", 70),
        ("theme=1; SameSite=None", 80),
    ],
)
def test_a_worse_cookie_costs_what_the_table_says(visit, cookie, points):
    assert score(replace(visit, cookies=[cookie]))[0] == points


def test_other_ways_to_lose(visit):
    page = Answer("http://erp.example.com/", 200, [])
    assert score(replace(visit, from_http=[page]))[0] == 80
    elsewhere = [page, Answer("https://www.example.com/", 200, [])]
    assert score(replace(visit, from_http=elsewhere))[0] == 130
    universal = [
        ("Access-Control-Allow-Origin", observatory.ABROAD),
        ("Access-Control-Allow-Credentials", "true"),
    ]
    assert score(replace(visit, cors=replace(visit.page, headers=universal)))[0] == 50
    foreign = replace(visit.page, body='<script src="https://cdn.example/x.js"></script>')
    assert score(replace(visit, page=foreign))[0] == 130
    assert score(Visit([page], Answer(SITE, 200, [])))[0] == 10


# --- Header by header, on every kind of answer ------------------------------------------------

ANSWERS = {
    "sign-in page": {"url": "/sign-in/"},
    "way to the sign-in": {"url": "/people/"},
    "fragment refused to a stranger": {"url": "/people/", "headers": {"HX-Request": "true"}},
    "way to https": {"url": f"http://{HOST}/sign-in/"},
    "not found": {"url": "/nothing/here/"},
    "static file": {"url": "/static/js/shell.js"},
    "picture": {"url": "/static/img/icons.svg"},
    "missing static file": {"url": "/static/nothing.js"},
    "health": {"url": "/health/"},
    "refused form": {"url": "/sign-in/", "method": "POST", "body": "login=a"},
    "wrong host": {"url": "https://evil.example/"},
    "other method": {"url": "/shell/theme/"},
    "dead invitation": {"url": "/invitation/1/abc-def/"},
}


@pytest.fixture(params=ANSWERS, scope="module")
def answer(request, site):
    return site.ask(**ANSWERS[request.param])


def check_headers(answer):
    """What every answer of the application carries."""
    policy = directives(answer.first("Content-Security-Policy"))
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == {"'none'"}
    assert policy["frame-ancestors"] == {"'none'"}
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == {"'self'"}
    assert policy["connect-src"] == policy["font-src"] == policy["manifest-src"] == {"'self'"}
    assert policy["img-src"] >= {"'self'", "data:", "https://*.emag.ro"}
    assert all(one.startswith("https://*.") for one in policy["img-src"] - {"'self'", "data:"})
    assert "upgrade-insecure-requests" in policy
    assert "unsafe" not in answer.first("Content-Security-Policy")
    assert answer.first("X-Content-Type-Options") == "nosniff"
    assert answer.first("Referrer-Policy") == "same-origin"  # saved views are opened by referrer
    assert answer.first("Cross-Origin-Opener-Policy") == "same-origin"
    assert answer.first("Cross-Origin-Resource-Policy") == "same-origin"
    assert "geolocation=()" in answer.first("Permissions-Policy")
    for name in ("Server", "X-Powered-By", "Via", "Access-Control-Allow-Origin"):
        assert not answer.all(name), name
    kind = answer.first("Content-Type").lower().replace('"', "")
    assert "charset=utf-8" in kind or not kind.startswith("text/"), kind
    assert len(answer.all("Content-Security-Policy")) == 1


def check_transport(answer):
    facts = [part.strip() for part in answer.first("Strict-Transport-Security").split(";")]
    assert "includeSubDomains" in facts
    age = next(fact for fact in facts if fact.startswith("max-age="))
    assert int(age.removeprefix("max-age=")) >= 365 * 24 * 3600


def test_every_answer_is_strict(answer):
    assert answer.status < 500
    check_headers(answer)
    if answer.url.startswith("https://"):
        check_transport(answer)


def test_only_files_of_ours_may_be_kept(answer):
    kept = answer.first("Cache-Control")
    if answer.url.startswith(f"{SITE}/static/") and answer.status == 200:
        assert "public" in kept
    else:
        assert "no-store" in kept


def test_hashed_files_are_kept_for_ever(site):
    page = site.ask("/sign-in/").body
    address = page.partition('<script src="')[2].partition('"')[0]
    assert site.ask(address).first("Cache-Control") == "max-age=315360000, public, immutable"


def test_http_leads_to_https_and_sets_nothing(site):
    answer = site.ask(f"http://{HOST}/people/?role=picker")
    assert answer.status == 301
    assert answer.first("Location") == f"{SITE}/people/?role=picker"
    assert not answer.all("Set-Cookie")


def test_a_stranger_cannot_say_for_which_host_he_asks(site):
    assert site.ask("https://evil.example/").status == 400
    forged = site.ask("/sign-in/", headers={"X-Forwarded-Host": "evil.example"})
    assert forged.status == 200
    assert "evil.example" not in forged.body
    led = site.ask(f"http://{HOST}/", headers={"X-Forwarded-Host": "evil.example"})
    assert led.first("Location") == f"{SITE}/"


def test_what_was_sent_is_not_echoed(site):
    answer = site.ask("/sign-in/", method="TRACE", headers={"X-Secret": "do-not-echo"})
    assert "do-not-echo" not in answer.body


NOTHING = [
    "/.env", "/.git/config", "/static/", "/static/../magflow/settings.py",
    "/static/%2e%2e/manage.py", "/var/secret_key", "/media/",
]  # fmt: skip


@pytest.mark.parametrize("path", NOTHING)
def test_there_is_nothing_to_browse(site, path):
    assert site.ask(path).status == 404


# --- Somebody who signs in --------------------------------------------------------------------


@pytest.fixture
def owner(transactional_db, settings):
    """Somebody with a password as a production site keeps it."""
    settings.PASSWORD_HASHERS = magflow.settings.PASSWORD_HASHERS
    made = UserFactory(role=Role.OWNER, email="ana@example.com")
    made.password = make_password(PASSWORD)
    made.save(update_fields=["password"])
    audit.record("person.changed", made, by=made, label="=1+1")
    return made


def test_passwords_are_kept_with_argon2(owner):
    assert owner.password.startswith("argon2$argon2id$")


class Browser:
    """Keeps cookies, as the site sets them."""

    def __init__(self, site):
        self.site = site
        self.jar = {}

    def ask(self, url, **options):
        told = {"Cookie": "; ".join(f"{name}={m.value}" for name, m in self.jar.items())}
        told |= options.pop("headers", {})
        answer = self.site.ask(url, headers=told, **options)
        for text in answer.all("Set-Cookie"):
            for name, morsel in SimpleCookie(text).items():
                self.jar[name] = morsel
        return answer

    def post(self, url, *, form="", **fields):
        """Fill in the form at this address (or the one at `form`) and send it."""
        page = self.ask(form or url)
        fields["csrfmiddlewaretoken"] = re.search(TOKEN, page.body)[1]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"{SITE}{form or url}",
        }
        return self.ask(url, method="POST", body=urlencode(fields), headers=headers)


TOKEN = 'name="csrfmiddlewaretoken" value="([^"]+)"'


@pytest.fixture
def person(site, owner):
    visitor = Browser(site)
    answer = visitor.post("/sign-in/", login=owner.email, password=PASSWORD)
    assert (answer.status, answer.first("Location")) == (302, "/")
    check_headers(answer)
    return visitor


def test_every_cookie_is_ours_alone(person):
    person.ask("/")
    # The switches of the sign-in page keep their cookies too.
    stranger = Browser(person.site)
    for url, field in (
        ("/shell/theme/", {"theme": "dark"}),
        ("/shell/language/", {"language": "ro"}),
    ):
        assert stranger.post(url, form="/sign-in/", **field).status == 302
    cookies = {**stranger.jar, **person.jar}
    assert cookies.keys() == {"__Host-session", "__Host-csrf", "__Host-theme", "__Host-language"}
    for name, cookie in cookies.items():
        assert cookie["secure"], name
        assert cookie["httponly"], name
        assert cookie["path"] == "/", name
        assert not cookie["domain"], name
        assert cookie["samesite"] == "Lax", name


def test_messages_wait_in_the_session_and_not_in_a_cookie(person):
    """What a page says after a change may name people."""
    facts = {"language": "en", "time_zone": "", "theme": "dark", "density": "compact"}
    assert person.post("/you/", name="Ana", **facts).status == 302
    assert person.jar.keys() == {"__Host-session", "__Host-csrf"}
    assert "Saved." in person.ask("/you/").body


PAGES = [
    "/", "/people/", "/people/invite/", "/roles/", "/companies/", "/marketplaces/", "/audit/",
    "/jobs/", "/you/", "/you/security/", "/you/two-factor/codes/new/", "/admin/",
    "/admin/core/auditentry/", "/shell/palette/", "/people/?_panel=filters", "/nothing/",
]  # fmt: skip


def test_pages_with_peoples_data_are_never_kept(person):
    for url in PAGES:
        answer = person.ask(url)
        assert answer.status in {200, 404}, url
        check_headers(answer)
        check_transport(answer)
        assert "no-store" in answer.first("Cache-Control"), url
        assert "Cookie" in answer.first("Vary"), url


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_exports_are_files_and_never_kept(person, kind):
    answer = person.ask(f"/audit/?export={kind}")
    assert answer.status == 200
    check_headers(answer)
    assert answer.first("Cache-Control") == "no-store"
    assert answer.first("Content-Disposition").startswith('attachment; filename="')
    if kind == "csv":
        assert "'=1+1" in answer.body


def test_signing_out_leaves_nothing_behind(person):
    stolen = Browser(person.site)
    stolen.jar = dict(person.jar)
    assert stolen.ask("/people/").status == 200
    answer = person.post("/sign-out/")
    assert answer.status == 302
    assert answer.first("Clear-Site-Data") == '"storage"'
    assert stolen.ask("/people/").status == 302


# --- The socket, as production knows its own name -----------------------------------------------


def socket(site, *, origin=SITE, cookies=()):
    told = {"Host": HOST, "X-Forwarded-Proto": "https"}
    told["Cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in dict(cookies).items())
    return connect(
        f"ws://127.0.0.1:{site.port}/live/", origin=origin, additional_headers=told, proxy=None
    )


def test_the_socket_serves_who_is_signed_in(site, person):
    with socket(site, cookies=person.jar) as line:
        line.send(json.dumps({"topics": ["audit"], "age": 0}))
        told = []
        while not told or told[-1].get("type") != "following":  # what it had missed comes before
            told.append(json.loads(line.recv(timeout=10)))
        assert told[-1]["topics"] == ["audit"]


def test_the_socket_shows_strangers_out(site):
    with socket(site) as line:
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(timeout=10)
        assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("origin", ["https://evil.example", f"https://{HOST}.evil.example", None])
def test_the_socket_refuses_pages_of_others(site, person, origin):
    with pytest.raises(InvalidStatus) as refused:
        socket(site, origin=origin, cookies=person.jar)
    assert refused.value.response.status_code == 403


# --- Large bodies -----------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused_unread(site):
    line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    line.putrequest("POST", "/sign-in/", skip_host=True)
    for name, value in (("Host", HOST), ("X-Forwarded-Proto", "https")):
        line.putheader(name, value)
    line.putheader("Content-Length", str(MOST_BYTES + 1))
    line.endheaders()
    response = line.getresponse()  # nothing was sent, and the answer is there
    assert response.status == 413
    line.close()


def test_a_body_without_an_end_is_cut_off(site):
    line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    headers = {"Host": HOST, "X-Forwarded-Proto": "https"}
    chunk = b"x" * 1024 * 1024

    def endless():
        for _ in range(2 * MOST_BYTES // len(chunk)):
            yield chunk

    try:
        line.request("POST", "/sign-in/", body=endless(), headers=headers, encode_chunked=True)
        assert line.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # cut off while still talking
    finally:
        line.close()
    assert site.ask("/health/").status == 200


def test_what_pages_send_is_small_enough(site):
    """Just below the limit the application itself answers: a form is never that large."""
    answer = site.ask("/sign-in/", method="POST", body="x" * (MOST_BYTES - 1))
    assert answer.status in {400, 403}
    check_headers(answer)


# --- What production must not start with --------------------------------------------------------


def test_debug_and_weak_keys_do_not_slip_in():
    assert magflow.settings.DEBUG is False
    assert magflow.settings.PASSWORD_HASHERS[0].endswith(".Argon2PasswordHasher")
    assert "security.W018" in production.django_check(DEBUG="true")
    assert "no issues" in production.django_check()
