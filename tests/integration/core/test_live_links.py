"""The link between processes breaks and comes back: nothing fails, and pages catch up."""

import logging
import os
import signal
import time

import psutil
import pytest
import redis as redis_client
from django.db import connection, transaction
from django.test import override_settings

from core import live, registry
from core.live import hub, over_redis, wiring
from core.quiet import OncePerMinute
from tests.live import (
    BEAT,
    Redis,
    Server,
    committing,  # noqa: F401 - the fixture transactional_db
    elsewhere,
    open_socket,
    redis_settings,
    session_of,
    until,
)

RESYNC, PAUSE = {"type": "resync"}, {"type": "pause"}


@pytest.fixture
def over_postgres(topics, transactional_db):
    with override_settings(REDIS_URL=""):
        yield


@pytest.fixture
def own_redis():
    """One that this test may kill."""
    server = Redis()
    yield server
    server.stop()


@pytest.fixture
def over_own_redis(topics, transactional_db, own_redis, monkeypatch):
    monkeypatch.setattr(over_redis, "PULSE", 0.3)
    with override_settings(**redis_settings(own_redis)):
        yield own_redis
        if over_redis.outage.active:
            own_redis.kill()
            own_redis.start()
            until(lambda: not over_redis.outage.active, within=30)


@pytest.fixture
def tab(person):
    with Server() as server, open_socket(server, session_of(person)) as tab:
        tab.follow("things")
        yield tab


def listeners(kill=False):
    """The server's processes that listen for us; killed when asked for."""
    what = "pg_terminate_backend(pid)" if kill else "pid"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'magflow live'"
        )
        return [row[0] for row in cursor.fetchall()]


def change(number):
    with transaction.atomic():
        live.touch("things", number)


def touched(tab, number):
    """Whether a change reaches the page, whatever it is told besides."""
    change(number)
    while (message := tab.hint()) in (PAUSE, RESYNC):
        pass
    return message == {"topic": "things", "ids": [number]}


# --- PostgreSQL ---


def test_a_cut_line_to_postgresql_is_mended(over_postgres, tab):
    assert listeners(kill=True) == [True]
    assert [tab.hint(), tab.hint()] == [PAUSE, RESYNC]
    assert touched(tab, 1)
    assert len(listeners()) == 1


def test_a_line_that_hangs_is_found(over_postgres, tab, monkeypatch):
    """A firewall that forgot the connection: nothing arrives, nothing fails."""
    monkeypatch.setattr("core.live.over_postgres.CHECK_EVERY", 0.2)
    monkeypatch.setattr("core.live.over_postgres.PATIENCE", 0.5)
    listeners(kill=True)  # so that the new line has the short patience
    assert [tab.hint(), tab.hint()] == [PAUSE, RESYNC]
    (pid,) = listeners()
    if not psutil.pid_exists(pid) or not psutil.Process(pid).name().startswith("postgres"):
        pytest.skip("PostgreSQL runs on another machine")
    hung = psutil.Process(pid)
    hung.suspend()
    try:
        assert tab.hint() == PAUSE
        assert tab.hint() == RESYNC
    finally:
        hung.resume()


def test_nothing_is_left_when_the_server_stops(over_postgres, tab, person):
    with Server() as second, open_socket(second, session_of(person)) as other:
        other.follow("things")
        assert len(listeners()) == 2
    until(lambda: len(listeners()) == 1)


def test_without_pages_nobody_listens(over_postgres, person, monkeypatch):
    monkeypatch.setattr(hub, "BEAT", BEAT)
    with Server() as server:
        assert listeners() == [], "it starts with the first page"
        with open_socket(server, session_of(person)) as tab:
            tab.follow("things")
            assert len(listeners()) == 1
        until(lambda: listeners() == [], what="let go of the connection")
        with open_socket(server, session_of(person)) as tab:
            tab.follow("things")
            assert touched(tab, 1)


def test_pages_that_come_while_the_line_is_cut_are_told_so(over_postgres, person, monkeypatch):
    def refuse():
        raise ConnectionRefusedError

    with monkeypatch.context() as cut, Server() as server:
        cut.setattr("core.live.over_postgres._address", refuse)
        with open_socket(server, session_of(person)) as tab:
            tab.send({"topics": ["things"], "age": 0})
            assert tab.hint() == PAUSE
            assert tab.hint() == {"type": "following", "topics": ["things"], "live": False}
            cut.undo()
            assert tab.hint() == RESYNC
            assert touched(tab, 1)


# --- Redis ---


def test_redis_goes_and_comes_back(over_own_redis, tab):
    assert touched(tab, 1)
    over_own_redis.kill()
    assert tab.hint() == PAUSE
    started = time.monotonic()
    elsewhere(change, 2)
    elsewhere(live.touch, "things", 3)
    assert time.monotonic() - started < over_redis.SEND_TIMEOUT + 0.5, "at most one wait"
    over_own_redis.start()
    assert tab.hint(within=30) == RESYNC
    until(lambda: not over_redis.outage.active, within=30, what="the outage ended")
    assert touched(tab, 4)


def test_redis_is_restarted_at_once(over_own_redis, tab):
    """So fast that no command fails; what was sent in between is lost all the same."""
    assert touched(tab, 1)
    over_own_redis.kill()
    over_own_redis.start()
    tab.hint_is(RESYNC, within=30)
    assert touched(tab, 2)


def test_redis_drops_our_subscription(over_own_redis, tab):
    client = redis_client.Redis.from_url(over_own_redis.url)
    assert client.execute_command("CLIENT", "KILL", "TYPE", "pubsub") == 1
    tab.hint_is(RESYNC, within=30)
    assert touched(tab, 1)


def test_redis_hangs(over_own_redis, tab, monkeypatch):
    monkeypatch.setattr(over_redis, "PATIENCE", 0.5)
    monkeypatch.setattr(over_redis, "SEND_TIMEOUT", 0.3)
    os.kill(over_own_redis.server._process.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        for number in range(20):
            elsewhere(change, number)
        assert time.monotonic() - started < 2, "one wait for all of them"
        assert tab.hint(within=20) == PAUSE
    finally:
        os.kill(over_own_redis.server._process.pid, signal.SIGCONT)
    tab.hint_is(RESYNC, within=30)


def test_a_redis_that_is_down_is_reported_once_a_minute(over_own_redis, caplog):
    over_own_redis.kill()
    for known in over_redis.logger.filters:
        known.last.clear()
    with caplog.at_level(logging.WARNING, logger=over_redis.__name__):
        for number in range(3):
            over_redis.outage.active = False
            elsewhere(live.touch, "things", number)
    assert [record.message[:27] for record in caplog.records] == ["Redis did not take live hin"]
    answer = wiring.probe()
    assert answer.level == registry.Level.WARN
    assert "Redis" in str(answer.message)
    assert answer.since is not None


def test_no_installation_hears_another(over_own_redis, tab):
    """Redis does not keep the channels of its databases apart, so the name has to."""
    other = redis_settings(over_own_redis)
    other["CHANNEL_LAYERS"]["default"]["CONFIG"]["prefix"] = "another"
    with override_settings(**other):
        elsewhere(live.touch, "things", 1)
    assert tab.is_untold()


# --- Both ---


def test_all_is_well(over_postgres, tab):
    assert wiring.probe().level == registry.Level.OK


def test_the_probe_is_registered():
    assert "live" in {probe.name for probe in registry.run_probes(["live"])}


def test_the_same_words_pass_once_a_minute():
    once = OncePerMinute()
    record = logging.LogRecord("x", logging.WARNING, "", 0, "gone: %s", ("a",), None)
    again = logging.LogRecord("x", logging.WARNING, "", 0, "gone: %s", ("b",), None)
    other = logging.LogRecord("x", logging.WARNING, "", 0, "back", (), None)
    assert [once.filter(one) for one in (record, again, other)] == [True, False, True]
    once.last = {key: at - 61 for key, at in once.last.items()}
    assert once.filter(again)


@pytest.mark.slow
def test_idle_sockets_stay(topics, transactional_db, person, own_redis, monkeypatch):
    """Twenty seconds, on both ways: redis-py 8 as it comes drops its connection after five."""
    monkeypatch.setattr(hub, "BEAT", 60)
    over_redis_ = override_settings(**redis_settings(own_redis))
    over_postgres_ = override_settings(REDIS_URL="")
    cookie = session_of(person)
    with Server() as first, Server() as second:
        with over_postgres_, open_socket(first, cookie) as by_postgres:
            by_postgres.follow("things")
            with over_redis_, open_socket(second, cookie) as by_redis:
                by_redis.follow("things")
                time.sleep(21)
                assert touched(by_redis, 1)
            assert touched(by_postgres, 2)
