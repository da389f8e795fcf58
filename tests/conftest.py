"""What every test may use: a database, a browser, people by role, signed-in clients."""

import asyncio
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client

from accounts.choices import Role
from tests import browser, throwaway
from tests.factories.accounts import UserFactory
from tests.groups import ByGroup


def pytest_configure(config):
    throwaway.begin(config)


def pytest_unconfigure(config):
    throwaway.end(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByGroup(config, log)


def pytest_collection_modifyitems(items):
    if not browser.find():
        for item in items:
            if item.get_closest_marker("e2e"):
                item.fixturenames.insert(0, "_no_browser")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    with no_event_loop(item):
        reconnect()
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    with no_event_loop(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item, nextitem):
    with no_event_loop(item if nextitem else None):  # at the very end the browser itself is closed
        return (yield)


@contextmanager
def no_event_loop(item):
    """The browser's library leaves its event loop behind in the thread, where it stands still.

    To code that asks it would look like one that runs: asyncio refuses a second, and Django opens
    connections of its own under it. Fixtures of whole modules must not see it either.
    """
    if item is None or item.get_closest_marker("e2e"):
        yield
        return
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


def reconnect():
    """A test that lost its connection fails; the ones after it begin with another."""
    for one in connections.all(initialized_only=True):
        if one.connection is not None and one.connection.closed:
            one.close()


@pytest.fixture
def _no_browser():
    (pytest.fail if browser.must_exist() else pytest.skip)(browser.MISSING)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": browser.find(), "args": browser.FLAGS}


@pytest.fixture(autouse=True)
def _nothing_counted(request):
    """The cache lies in the database, but in no model's table: after a test whose changes stay,
    Django empties the others only. Attempts to sign in would count on in the next test."""
    marker = request.node.get_closest_marker("django_db")
    changes_stay = marker is not None and marker.kwargs.get("transaction")
    if not changes_stay and "transactional_db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")  # still there when this fixture ends
    yield
    cache.clear()


@pytest.fixture
def owner(db):
    return UserFactory(role=Role.OWNER)


@pytest.fixture
def manager(db):
    return UserFactory(role=Role.MANAGER)


@pytest.fixture
def viewer(db):
    return UserFactory(role=Role.VIEWER)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


@pytest.fixture
def owner_client(owner) -> Client:
    return signed_in(owner)


@pytest.fixture
def manager_client(manager) -> Client:
    return signed_in(manager)


@pytest.fixture
def viewer_client(viewer) -> Client:
    return signed_in(viewer)
