"""Exports at set times with several workers at once: each time is one file."""

import datetime as dt
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from accounts.choices import Role
from core import export_delivery, jobs, scheduled_exports
from core.jobs import run_job
from core.models import ExportRun, JobRun, ScheduledExport
from tests import work
from tests.factories.accounts import UserFactory
from tests.work import drain

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


@pytest.fixture
def due():
    """One that was due an hour ago."""
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    with time_machine.travel(hour_ago - dt.timedelta(days=1)):
        export = scheduled_exports.schedule(
            "orders.order_list", by=UserFactory(role=Role.MANAGER), name="Daily", query="",
            columns=["external_id"], details="", kind="csv", covers="all", every="day", hour=0,
            weekday=0, month_day=1, emails=["boss@shop.ro"], to_folder=False, folder="",
            file_name="{name}",
        )  # fmt: skip
    ScheduledExport.objects.filter(pk=export.pk).update(next_at=hour_ago)
    return export


def together(act):
    """The same in many threads, each with its own connection, all in the same moment."""
    gate = threading.Barrier(AT_ONCE)

    def one(_number):
        try:
            gate.wait(10)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def test_many_sweeps_begin_it_once(due):
    assert sum(together(scheduled_exports.begin_due)) == 1
    assert ExportRun.objects.count() == 1
    assert JobRun.objects.filter(name="core.deliver_export").count() == 1
    drain()
    assert len(mail.outbox) == 1


def test_many_deliveries_send_it_once(due):
    scheduled_exports.begin_due()
    row = JobRun.objects.get(name="core.deliver_export")
    together(lambda: run_job(row.name, row.key, run_id=row.pk))
    drain()
    assert len(mail.outbox) == 1
    assert ExportRun.objects.get().attempts == 1


DELIVER = """
import django; django.setup()
from core.jobs import run_job
from core.models import JobRun
row = JobRun.objects.get(name="core.deliver_export")
run_job(row.name, row.key, run_id=row.pk)
"""


@pytest.mark.parametrize(("point", "mails"), [("export.filed", 1), ("export.mailing", 0)])
def test_a_worker_that_is_killed(due, settings, tmp_path, point, mails):
    """The next one goes on: the file is there once, and no mail goes out twice."""
    settings.EXPORT_DIR = str(tmp_path)
    ScheduledExport.objects.update(to_folder=True)
    scheduled_exports.begin_due()
    environment = {
        **work.environment(), "MAGFLOW_FAILPOINTS": f"{point}=kill", "EXPORT_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }  # fmt: skip
    killed = subprocess.run([sys.executable, "-c", DELIVER], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert ExportRun.objects.get().status == "running"
    OrmQ.objects.all().delete()  # what the dead worker had taken out of the queue
    for _ in range(3):
        scheduled_exports.take_up()
        drain()
    assert [path.name for path in tmp_path.iterdir()] == ["Daily.csv"]
    assert len(mail.outbox) == mails
    run = ExportRun.objects.get()
    assert run.status == ("done" if mails else "failed")


def test_what_waits_is_taken_up_while_another_is_at_it(due):
    """The sweep asks which worker holds the lock of the file, not how long it has been."""
    scheduled_exports.begin_due()
    run = ExportRun.objects.get()
    with jobs.runner.session_lock("job", "core.deliver_export", str(run.pk)):
        assert together(scheduled_exports.take_up) == [0] * AT_ONCE
    assert export_delivery.deliver(run.pk).status == "done"
    assert scheduled_exports.take_up() == 0
