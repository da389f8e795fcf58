"""Hints from other processes: several at once, and the worker."""

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from core import live
from tests.live import committing, environment  # noqa: F401

PROCESSES, CHANGES = 4, 25
PUBLISHER = f"""
import sys
import django
django.setup()
from django.db import transaction
from core import live
first = int(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(first, first + {CHANGES}):
    with transaction.atomic():
        live.touch("things", number)
"""


@pytest.fixture
def tab(topics, open_page, person):
    tab = open_page(person)
    tab.follow("things")
    return tab


def test_four_processes_are_all_heard(tab):
    publishers = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, str(number * 1000)],
            env=environment(),
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    for one in publishers:
        assert one.stdout.readline() == b"ready\n"
    for one in publishers:
        one.stdin.close()  # all together now
    expected = {first * 1000 + number for first in range(PROCESSES) for number in range(CHANGES)}
    told = set()
    while told < expected:
        hint = tab.hint()
        assert hint["topic"] == "things"
        told |= set(hint["ids"])
    assert told == expected
    assert [one.wait(10) for one in publishers] == [0] * PROCESSES


def test_the_worker_is_heard(tab):
    """Forked processes of django-q2, which inherit what their parent had open."""
    async_task("core.live.touch", "things", 7)
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster", "--run-once"],
        env=environment(),
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert tab.hint(within=30) == {"topic": "things", "ids": [7]}
    finally:
        # Asked to stop it hangs now and then, and what is left would do the jobs of other tests.
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(30)
        Task.objects.all().delete()
        OrmQ.objects.all().delete()


def test_a_process_that_ends_at_once_is_heard(tab):
    """A management command may be gone right after its commit."""
    code = PUBLISHER.replace("sys.stdin.readline()", "").replace(f"first + {CHANGES}", "first + 1")
    subprocess.run(
        [sys.executable, "-c", code, "41"],
        env=environment(),
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert tab.hint() == {"topic": "things", "ids": [41]}
    assert live.waiting() == []
