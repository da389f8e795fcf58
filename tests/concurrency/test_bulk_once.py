"""Every row of a bulk run once: with workers killed, workers at once, buttons pressed at once."""

import subprocess
import sys
import threading
import uuid
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from accounts.models import User
from core import bulk, bulk_worker, preferences, registry
from core.models import AuditEntry, BulkRun, BulkStatus
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory
from tests.lists import PAGE, URL
from tests.work import environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.lists")]

# A worker of its own, which kills itself at its third row: before the row, with the row changed but
# not committed, or committed but before anything else could happen.
DOOMED = """
import os, signal, sys
import django
django.setup()
from django.db import transaction
from core import bulk_worker, registry
from tests import lists

pk, point, at = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
touch = registry.action(lists.PAGE, "touch").run
seen = []

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def deadly(pk, *, by):
    seen.append(pk)
    is_it = len(seen) == at
    if is_it and point == "before": die()
    touch(pk, by=by)
    if is_it and point == "inside": die()
    if is_it and point == "after": transaction.on_commit(die)

object.__setattr__(registry.action(lists.PAGE, "touch"), "run", deadly)
bulk_worker.work(pk, seconds=60)
"""


def people(n):
    return [UserFactory(name=f"Person {i}", email=f"p{i}@list.example") for i in range(n)]


def started(by, rows):
    run = bulk.prepare(
        token=uuid.uuid4(), page=PAGE, action="touch", pks=[row.pk for row in rows], by=by
    )
    bulk.start(run, within=User.objects.all(), form_data="")
    return run


def doomed_worker(run, point, at=3):
    return subprocess.run(
        [sys.executable, "-c", DOOMED, str(run.pk), point, str(at)],
        cwd=Path(__file__).parents[2],
        env={**environment(), "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        timeout=60,
        check=False,
    )


def effects():
    return list(
        User.objects.filter(email__endswith="@list.example").values_list("session_epoch", flat=True)
    )


def at_once(*functions):
    """Run them in threads that start together; what one raises is raised here."""
    barrier, errors = threading.Barrier(len(functions)), []

    def call(function):
        try:
            barrier.wait(10)
            function()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(each,)) for each in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


@pytest.mark.parametrize(("point", "settled"), [("before", 2), ("inside", 2), ("after", 3)])
def test_a_killed_worker(manager, point, settled):
    run = started(manager, people(6))
    died = doomed_worker(run, point)
    assert died.returncode == -9, died.stderr.decode()
    run.refresh_from_db()
    assert (run.cursor, run.done, sum(effects())) == (settled, settled, settled)

    assert bulk_worker.work(run.pk, seconds=60, patience=5) is False, "its lock died with it"
    run.refresh_from_db()
    assert (run.status, run.done) == (BulkStatus.DONE, 6)
    assert effects() == [1] * 6
    assert AuditEntry.objects.filter(verb="person.touched").count() == 6


def test_killed_again_and_again(manager):
    run = started(manager, people(8))
    for point in ("inside", "after", "before", "after"):
        doomed_worker(run, point, at=2)
    bulk_worker.work(run.pk, seconds=60, patience=5)
    run.refresh_from_db()
    assert (run.status, run.done, run.failed) == (BulkStatus.DONE, 8, 0)
    assert effects() == [1] * 8


def test_a_row_that_kills_its_worker_every_time(manager):
    run = started(manager, people(3))
    for _death in range(bulk_worker.DEATHS):
        assert doomed_worker(run, "inside", at=1).returncode == -9
    bulk_worker.work(run.pk, seconds=60, patience=5)
    run.refresh_from_db()
    assert (run.status, run.done, run.failed) == (BulkStatus.DONE, 2, 1)
    assert sorted(effects()) == [0, 1, 1]


def test_the_connection_breaks_in_the_middle_of_a_row(manager, monkeypatch):
    run = started(manager, people(4))
    action = registry.action(PAGE, "touch")
    touch, calls = action.run, []

    def cut(pk, *, by):
        touch(pk, by=by)
        calls.append(pk)
        if len(calls) == 2:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    object.__setattr__(action, "run", cut)
    try:
        with pytest.raises(OperationalError):
            bulk_worker.work(run.pk, seconds=60)
    finally:
        object.__setattr__(action, "run", touch)
    connection.close()
    run.refresh_from_db()
    assert (run.cursor, sum(effects()), run.failed) == (1, 1, 0), "not known is not failed"
    bulk_worker.work(run.pk, seconds=60, patience=5)
    assert effects() == [1] * 4


@pytest.mark.parametrize("is_locked", [True, False], ids=["with the lock", "with the lock lost"])
def test_two_workers_on_one_run(manager, monkeypatch, is_locked):
    """The lock saves the second worker's effort; that no row is done twice rests on the cursor."""
    if not is_locked:
        monkeypatch.setattr(bulk_worker, "_alone_on", lambda pk, patience: nullcontext(True))
    run = started(manager, people(20))
    at_once(*[lambda: bulk_worker.work(run.pk, seconds=60) for _worker in range(3)])
    run.refresh_from_db()
    assert (run.status, run.done) == (BulkStatus.DONE, 20)
    assert effects() == [1] * 20
    assert AuditEntry.objects.filter(verb="bulk.done").count() == 1


def test_a_button_pressed_five_times_at_once(manager):
    rows = people(5)
    data = {
        "action": "touch",
        "ids": [row.pk for row in rows],
        "step": "run",
        "token": uuid.uuid4(),
    }
    clients = [signed_in(manager) for _press in range(5)]
    answers = []

    def press(client):
        answers.append(client.post(URL, data, headers={"HX-Request": "true"}).status_code)

    at_once(*[lambda client=client: press(client) for client in clients])
    assert effects() == [1] * 5
    assert BulkRun.objects.count() == 1
    assert set(answers) <= {200, 204}


def test_cancel_while_a_worker_is_at_it(manager):
    run = started(manager, people(40))
    at_once(
        lambda: bulk_worker.work(run.pk, seconds=60),
        lambda: bulk.cancel(run, by=manager),
    )
    run.refresh_from_db()
    assert run.status == BulkStatus.CANCELLED
    assert sum(effects()) == run.done == run.cursor


def test_tabs_that_save_preferences_at_once(manager):
    """Each tab knows the person as they were before any of the others saved."""
    tabs = [User.objects.get(pk=manager.pk) for _tab in range(12)]
    at_once(
        *[
            lambda i=i, tab=tab: preferences.save_columns(tab, f"page{i}", [f"column{i}"])
            for i, tab in enumerate(tabs)
        ]
    )
    manager.refresh_from_db()
    assert manager.preferences["columns"] == {f"page{i}": [f"column{i}"] for i in range(12)}
