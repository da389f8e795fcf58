"""Jobs in real workers: each once, never two of the same at a time, and dead workers noticed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from django.db import connection, transaction
from django_q.models import OrmQ, Schedule

from accounts.models import User
from core import jobs
from core.jobs import Run, specs, upkeep
from core.locks import held, lock_id
from core.models import JobRun, JobStatus
from tests import work
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = Path(__file__).parents[2]


@contextmanager
def cluster(**queue: object):
    """A worker of two processes, in a process group of its own."""
    Schedule.objects.all().delete()  # nothing but what the test asks for
    options = {"workers": 2, "poll": 0.05, **queue}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.worker", json.dumps(options)],
            cwd=ROOT,
            env=work.environment(),
            start_new_session=True,
            stdout=said,
            stderr=said,
        )
        try:
            yield
            assert process.poll() is None, "the worker ended by itself"
        except BaseException:
            said.seek(0)
            print(said.read())
            raise
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    left = JobRun.objects.open().values_list("pk", "name", "status", "starts")
    pytest.fail(f"did not happen within {seconds} s; open are {list(left)}")


def all_over():
    return not JobRun.objects.open().exists() and not OrmQ.objects.exists()


def lines(path):
    return path.read_text().split() if path.exists() else []


def test_it_works(tmp_path):
    runs = [jobs.enqueue(work.write_line, str(tmp_path / str(n)), key=str(n)) for n in range(20)]
    with cluster():
        wait_for(all_over)
    assert [len(lines(tmp_path / str(n))) for n in range(20)] == [1] * 20
    assert set(JobRun.objects.values_list("status", "starts")) == {(JobStatus.DONE, 1)}
    assert len({run.worker for run in JobRun.objects.filter(pk__in=[r.pk for r in runs])}) == 2


def test_the_same_job_is_never_at_work_twice(tmp_path):
    path = tmp_path / "door"
    for n in range(12):  # different arguments, or they would be one
        jobs.enqueue(work.never_alone, str(path), 0.2 + n / 1000)
    with cluster(), cluster():
        wait_for(all_over)
    # Four workers at one door: whoever finds it shut waits, for each was asked for something else.
    assert lines(path) == ["in", "out"] * 12
    assert set(JobRun.objects.values_list("status", flat=True)) == {JobStatus.DONE}


def test_a_killed_worker_is_noticed_at_once_and_its_run_done_again(tmp_path):
    path = tmp_path / "trace"
    run = jobs.enqueue(work.write_line, str(path), 20.0)
    with cluster(retry=4, timeout=3, workers=1):
        [pid] = wait_for(lambda: lines(path))
        assert upkeep.find_dead_runs() == [], "it is at work"
        psutil.Process(int(pid)).kill()
        wait_for(lambda: not held([lock_id("job", run.name, run.key)]), 5)
        assert upkeep.find_dead_runs() == [run.pk]
        run.refresh_from_db()
        assert run.status == JobStatus.DIED
        wait_for(lambda: len(lines(path)) == 2, 15)
        run.refresh_from_db()
        assert (run.status, run.starts) == (JobStatus.RUNNING, 2)
        assert "started again" in run.log


def test_a_run_that_kills_every_worker_is_given_up(tmp_path):
    path = tmp_path / "trace"
    run = jobs.enqueue(work.kill_worker, str(path))
    with cluster(retry=3, timeout=2, workers=1, guard_cycle=0.1):
        wait_for(lambda: JobRun.objects.filter(pk=run.pk, status=JobStatus.FAILED).exists(), 40)
        wait_for(lambda: not OrmQ.objects.exists(), 5)
    assert len(lines(path)) == 3


def test_a_query_that_hangs_is_cut_and_the_run_says_so():
    run = jobs.enqueue(work.long_query)
    with cluster(workers=1):
        wait_for(lambda: not JobRun.objects.open().exists(), 15)
        run.refresh_from_db()
        assert (run.status, run.error) == (
            JobStatus.FAILED, "It took longer than 2 seconds and was stopped.",
        )  # fmt: skip
        assert "asking" in run.log
        after = jobs.enqueue(work.add_up, 1)
        wait_for(lambda: JobRun.objects.filter(pk=after.pk, status=JobStatus.DONE).exists(), 15)
    assert not held([lock_id("job", run.name, run.key)])


def test_chunks_of_many_runs_mix_and_all_end():
    goal = 4
    runs = [jobs.enqueue(work.count_to, goal, key=str(n)) for n in range(3)]
    with cluster(), cluster():
        wait_for(all_over)
    for run in runs:
        run.refresh_from_db()
        assert (run.status, run.counters, run.starts) == (JobStatus.DONE, {"numbers": goal}, goal)


def test_a_worker_does_not_start_before_the_last_change_is_visible():
    """A change that finds its run waiting already, and the worker that takes it at that moment."""
    seen: list[int] = []

    def count_people(run: Run) -> None:
        seen.append(User.objects.count())

    spec = specs.get(work.add_up)
    specs._jobs[spec.name] = replace(spec, function=count_people)
    try:
        waiting = jobs.enqueue(work.add_up)
        [task] = work.tasks()
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                UserFactory()
                assert jobs.enqueue(work.add_up) == waiting, "nothing new is queued"
                worker = pool.submit(in_thread, jobs.run_job, *task["args"], **task["kwargs"])
                time.sleep(0.5)
                assert not worker.done(), "the worker waits for this transaction"
            assert worker.result(10) == JobStatus.DONE
    finally:
        specs._jobs[spec.name] = spec
    assert seen == [1]


def in_thread(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    finally:
        connection.close()
