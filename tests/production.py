"""MagFlow as a production site: the Procfile's own web process with an https SITE_URL.

A process of its own, because cookies, headers and the web server are decided when it starts. What
speaks to it here stands where the reverse proxy stands: it says for which host and by which scheme.
"""

import http.client
import os
import shlex
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import connection

from magflow import environment
from magflow.environment import BASE_DIR
from tests.checkout import free_port
from tests.observatory import ABROAD, Answer, Visit

HOST = "erp.example.com"
SITE = f"https://{HOST}"
PATIENCE = 60
# The last one is the browser tests', which may run in this very process.
NOT_PRODUCTION = frozenset({"DEBUG", "REDIS_URL", "DJANGO_ALLOW_ASYNC_UNSAFE"})


def database_url():
    """The address of the database this test run uses."""
    at = connection.settings_dict
    secret = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    port = f":{at['PORT']}" if at["PORT"] else ""
    # A socket's folder is a path, which has to be quoted to stand where a host stands.
    host = at["HOST"].replace("/", "%2F")
    return f"postgres://{at['USER']}{secret}@{host}{port}/{at['NAME']}"


def production_environment(**more):
    return {
        **{name: text for name, text in os.environ.items() if name not in NOT_PRODUCTION},
        "DJANGO_SETTINGS_MODULE": "tests.production_settings",
        "SITE_URL": SITE,
        "ALLOWED_HOSTS": HOST,
        "SECRET_KEY": environment.make_secret_key(),
        "FIELD_KEY": environment.make_field_key(),
        "DATABASE_URL": database_url(),
        "TRUSTED_PROXIES": "1",
        **more,
    }


def web_command(port):
    """The line of the Procfile, listening on this machine only."""
    lines = (BASE_DIR / "Procfile").read_text().splitlines()
    line = next(line for line in lines if line.startswith("web:")).partition(":")[2]
    words = shlex.split(line.replace("${PORT:-8000}", str(port)).replace("0.0.0.0", "127.0.0.1"))
    assert "python" in words, line
    return [sys.executable if word == "python" else word for word in words]


class Site:
    """A browser, or a scanner, on its way through the proxy."""

    def __init__(self, port, secret_key):
        self.port = port
        self.secret_key = secret_key
        self.set_cookies = []

    def ask(self, url, *, method="GET", headers=(), body=None):
        parts = urlsplit(urljoin(SITE, url))
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        told = {
            "Host": parts.netloc,
            "X-Forwarded-Proto": parts.scheme,
            "X-Forwarded-For": "203.0.113.7",
            "Accept": "text/html",
            **dict(headers),
        }
        try:
            line.request(method, path or "/", headers=told, body=body)
            response = line.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            line.close()
        answer = Answer(parts.geturl(), response.status, response.getheaders(), text)
        self.set_cookies += answer.all("Set-Cookie")
        return answer

    def follow(self, url, **options):
        """Every answer on the way from this address to a page."""
        way = [self.ask(url, **options)]
        while way[-1].status in {301, 302, 303, 307, 308}:
            assert len(way) < 10, [answer.url for answer in way]
            way.append(self.ask(urljoin(way[-1].url, way[-1].first("Location")), **options))
        return way

    def scan(self):
        """What the Observatory does with a host name."""
        self.set_cookies.clear()
        way = self.follow(f"http://{HOST}/")
        page = self.follow(SITE)[-1]
        self.ask("/robots.txt")
        preflight = {"Access-Control-Request-Method": "GET", "Origin": ABROAD}
        cors = self.ask(page.url, method="OPTIONS", headers=preflight)
        return Visit(way, page, list(self.set_cookies), cors)

    @property
    def cookies(self):
        """What a browser would hold after all of it: the name and every attribute."""
        found = [m for text in self.set_cookies for m in SimpleCookie(text).values()]
        return {morsel.key: morsel for morsel in found}


@contextmanager
def running(**more):
    with tempfile.TemporaryDirectory() as static_root:
        settings = production_environment(TEST_STATIC_ROOT=static_root, **more)
        common = {"cwd": BASE_DIR, "env": settings, "stdin": subprocess.DEVNULL}
        collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
        subprocess.run(collect, check=True, **common)
        port = free_port()
        web = subprocess.Popen(web_command(port), start_new_session=True, **common)
        try:
            site = Site(port, settings["SECRET_KEY"])
            wait_for(site, web)
            yield site
        finally:
            web.terminate()
            web.wait(PATIENCE)


def wait_for(site, web):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            assert site.ask("/health/").status == 200
            return
        except OSError:
            assert web.poll() is None, "the web process ended"
            assert time.monotonic() < deadline, "the web process does not answer"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker):
    """A production site over the test database. Module-wide: it takes seconds to start."""
    with django_db_blocker.unblock(), running() as found:
        yield found


def django_check(**more):
    """What `manage.py check --deploy` says about these settings."""
    with tempfile.TemporaryDirectory() as static_root:
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            cwd=BASE_DIR,
            env=production_environment(TEST_STATIC_ROOT=static_root, **more),
            capture_output=True,
            text=True,
        )
    return done.stdout + done.stderr
