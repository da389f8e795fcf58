"""Background work in tests: the queue worked off here and now, and a few jobs to work on."""

import os
import signal
import time

from django.db import connection
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from core.errors import RuleViolation
from core.jobs import Run, job, run_job


def drain(most: int = 100) -> int:
    """Work the queue off as a worker would, in this process; returns how many tasks it took."""
    taken = 0
    while (entry := OrmQ.objects.order_by("pk").first()) and taken < most:
        task = SignedPackage.loads(entry.payload)
        assert task["func"] == "core.jobs.run_job"
        entry.delete()
        run_job(*task["args"], **task["kwargs"])
        taken += 1
    return taken


def tasks() -> list[dict[str, object]]:
    """What is queued."""
    return [SignedPackage.loads(entry.payload) for entry in OrmQ.objects.order_by("pk")]


def environment() -> dict[str, str]:
    """For processes that work on the database of this test."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    return {**os.environ, "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"}


# --- Jobs to work on --------------------------------------------------------------------------


@job(title="Add up")
def add_up(run: Run, *numbers: int) -> None:
    run.log(f"adding {len(numbers)}")
    run.count("sum", sum(numbers))
    run.progress(len(numbers), len(numbers))


@job(title="Refuse", every="5m")
def refuse(run: Run) -> None:
    run.log("about to refuse")
    raise RuleViolation("The series is used up.")


@job(title="Crash")
def crash(run: Run) -> None:
    raise ZeroDivisionError("secret detail")


@job(title="Count to", at="04:15")
def count_to(run: Run, goal: int = 3, at: int = 0) -> None:
    """One number a chunk."""
    run.progress(at + 1, goal)
    run.count("numbers")
    if at + 1 < goal:
        run.hand_over(goal, at + 1)


@job(title="For each shop", per="shop", every="10m")
def visit(run: Run, key: str, *things: str) -> None:
    run.log(f"{key}: {', '.join(things)}")


@job(title="Plumbing", hidden=True, manual=False)
def plumb(run: Run, fails: bool = False) -> None:
    if fails:
        raise RuleViolation("A leak.")


@job(title="Write a line")
def write_line(run: Run, path: str, seconds: float = 0.0) -> None:
    """Leaves a trace outside the database, and takes its time."""
    with open(path, "a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(seconds)


@job(title="Kill the worker")
def kill_worker(run: Run, path: str) -> None:
    write_line(run, path)
    os.kill(os.getpid(), signal.SIGKILL)


@job(title="Never alone")
def never_alone(run: Run, path: str, seconds: float) -> None:
    """Says "in" and "out"; two at once would say "in" twice in a row."""
    with open(path, "a") as file:
        file.write("in\n")
    time.sleep(seconds)
    with open(path, "a") as file:
        file.write("out\n")


@job(title="Long query", timeout=2)
def long_query(run: Run) -> None:
    run.log("asking")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")
