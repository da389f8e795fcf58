"""A running `up` whose processes are killed in turn: everything comes back, nothing stays."""

import contextlib
import re
import signal
import subprocess

import psutil
import pytest
from django.conf import settings

from tests.checkout import Checkout, Up, until
from tests.integration.ops.test_up import get

pytestmark = pytest.mark.slow

SILENCE = 20  # seconds; three minutes in earnest, with a heartbeat each minute
WORKERS = settings.Q_CLUSTER["workers"]
# The heartbeat comes every two seconds here, through the same queue.
BEATS = """
import time
from django.db import OperationalError, connection
from django_q.tasks import async_task
while True:
    try:
        async_task(
            "core.jobs.run_job", "core.beat", task_name="core.beat", q_options={"save": False}
        )
    except OperationalError:  # the database is among those that are killed
        pass
    connection.close()
    time.sleep(2)
"""


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    checkout = Checkout(tmp_path_factory.mktemp("fire") / "magflow")
    try:
        with Up(checkout, "--no-demo", WORKER_SILENCE=str(SILENCE)) as up:
            up.ready()
            with beats(checkout):
                beats_after(up, last_beat(up))
                yield up
            assert up.stop() == 0
            assert checkout.processes() == []
            own = [line for line in up.lines if not re.match(r"(web|worker) +\|", line)]
            assert not [line for line in own if "Traceback" in line], up.text
    finally:
        checkout.remove()


@contextlib.contextmanager
def beats(checkout):
    """Something to do for the worker, all the time: a sound one is never taken for a silent one."""
    process = subprocess.Popen(
        [checkout.python, "manage.py", "shell", "-v", "0", "-c", BEATS],
        cwd=checkout.path,
        env=checkout.environment(MAGFLOW_SUPERVISED="1"),
        stdin=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def last_beat(up):
    return up.checkout.ask("SELECT coalesce(max(at), '-infinity')::text FROM core_heartbeat")


def beats_after(up, last):
    return until(lambda: last_beat(up) != last, what=f"a heartbeat\n{up.text}")


def serves(up):
    def answers():
        with contextlib.suppress(OSError):
            return get(up.port)[0] == 200
        return False

    return until(answers, what=f"pages again\n{up.text}")


def below(process):
    with contextlib.suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def named(process, title):
    """The processes of a cluster by what django-q2 calls them: idle, monitor, pusher, …"""
    return [one for one in below(process) if title in title_of(one)]


def title_of(process):
    with contextlib.suppress(psutil.Error):  # it may end between two looks
        return " ".join(process.cmdline())
    return ""


def whole_worker(up):
    """The worker, once all of its processes are there and have nothing to do."""

    def found():
        worker = up.child("worker")
        is_whole = worker and named(worker, "monitor")
        return worker if is_whole and len(named(worker, " idle")) == WORKERS else None

    return until(found, what=f"a worker with all its processes\n{up.text}")


def is_left(process):
    """Whether it is one that the next start has to end: it may end by itself between two looks."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.name() != "postgres"
    return False


def gone(processes):
    psutil.wait_procs(processes, timeout=30)
    return not [one for one in processes if one.is_running() and one.status() != "zombie"]


def test_it_works(up):
    assert serves(up)
    assert up.a("worker")
    assert up.a("warden")


def test_killed_web_comes_back(up):
    web = up.a("web")
    web.kill()
    up.other("web", than=web.pid)
    assert serves(up)


def test_killed_worker_comes_back_and_leaves_no_orphans(up):
    """Its processes would go on without it, taking jobs beside the new ones."""
    worker = whole_worker(up)
    orphans = below(worker)
    worker.kill()
    up.other("worker", than=worker.pid)
    assert gone(orphans)


def test_killed_sentinel_comes_back(up):
    """Without it the main process ends with code 0, as if all were well."""
    worker = whole_worker(up)
    sentinel = worker.children()[0]
    orphans = below(sentinel)
    sentinel.kill()
    up.other("worker", than=worker.pid)
    assert gone(orphans)


def test_killed_database_comes_back(up):
    postmaster = up.checkout.postmaster()
    postmaster.kill()
    again = until(
        lambda: (new := up.checkout.postmaster()) and new.pid != postmaster.pid and new,
        what=f"PostgreSQL again\n{up.text}",
    )
    assert again
    assert serves(up)
    assert up.a("worker")


def kill_until(up, title, complaint):
    """Kill processes of the worker until one of them takes a lock with it.

    Which they hold all the time but for the moment in which they do something.
    """
    worker = whole_worker(up)
    before = len(up.lines)  # an earlier test may have ended with the same complaint
    for _attempt in range(5):
        for process in named(worker, title):
            process.kill()
        with contextlib.suppress(AssertionError):
            up.wait_for(complaint, within=SILENCE + 15, after=before)
            break
    assert up.says(complaint, after=before), up.text
    last = last_beat(up)
    up.other("worker", than=worker.pid)
    assert gone([worker])
    assert beats_after(up, last)


def test_killed_idle_workers_are_noticed(up):
    """They take the lock of the queue with them: the cluster looks alive and does nothing."""
    kill_until(up, " idle", rf"worker +\| gave no sign of life for {SILENCE} s")


def test_killed_monitor_is_noticed(up):
    """It takes the lock of the results with it: jobs run, and run again, and are never done."""
    kill_until(up, "monitor", r"worker +\| does its jobs but does not hear that they are done")


def test_killed_supervisor_leaves_nothing(new_checkout):
    checkout = new_checkout()
    with Up(checkout, "--no-demo") as up:
        up.ready()
        up.process.kill()
        up.process.wait()
        until(lambda: checkout.processes() == [], what="the warden has cleared up")
    with Up(checkout) as up:
        up.ready()
        assert not up.says("Leftovers")


def test_killed_supervisor_and_warden_are_cleared_up_by_the_next_start(new_checkout):
    checkout = new_checkout()
    with Up(checkout, "--no-demo") as up:
        up.ready()
        whole_worker(up)
        up.a("warden").kill()
        up.process.send_signal(signal.SIGKILL)
        up.process.wait()
        left = [one for one in checkout.processes() if is_left(one)]
        assert len(left) > 5  # a web process, and a worker with its own
    with Up(checkout, port=up.port) as again:  # the old web process still holds that port
        again.ready()
        assert again.says(r"Leftovers +\d+ processes of a killed start ended")
        assert again.says("PostgreSQL .* was running")
        assert gone(left)
    assert checkout.processes() == []
