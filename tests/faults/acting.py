"""What a worker of a fault test does, and what happens to it on the way. Runs inside workers.

A task is {"do": [[name, *arguments], …], "failpoints": {moment: action}, "scale": 5, …}. Actions
are those of core.failpoints and some that only tests want, see ACTIONS.
"""

import multiprocessing
import os
import random
import select
import signal
import time
from datetime import timedelta
from decimal import Decimal

import psycopg
from django.conf import settings
from django.db import OperationalError, connection
from django.test import override_settings
from django.utils import timezone

from core import failpoints, jobs
from core.models import JobRun
from core.ratelimit import Limits
from emag.client import gates, line
from emag.handlers import there
from emag.pulls import paging
from outbox import dispatch
from outbox.models import Lane

TRUE_LIMITS = dict(gates.LIMITS)
SHORT = line.Patience(connect=2, read=0.4, total=0.8)


def act(task, folder):
    random.seed(task.get("seed", 1))
    hurry(task.get("scale", 1), short=task.get("short", False))
    if shift := task.get("clock"):
        shift_clock(shift)
    if redis := task.get("redis"):
        use_redis(redis)
    if mutant := task.get("mutant"):
        from tests.faults import mutants

        mutants.MUTANTS[mutant]()
    for moment, action in task.get("failpoints", {}).items():
        arm(moment, action, folder)
    for name, *arguments in task["do"]:
        DEEDS[name](*arguments)


# --- Its surroundings -------------------------------------------------------------------------


def hurry(scale, *, short=False):
    """The limits that this world's eMAG grants, and waits that do not make a test long."""
    for bucket, limits in TRUE_LIMITS.items():
        gates.LIMITS[bucket] = Limits(
            limits.per_second * scale, limits.per_minute * scale, limits.per_day
        )
    line.MOST_JITTER = 0.0
    paging.FIRST_WAIT = 0.03
    there.LOOK_AGAIN = (0.01, 0.02)
    if short:
        line.READING = line.WRITING = line.WATCHED = SHORT


def shift_clock(seconds):
    """This host's clock is so far off. What must not run backwards, time.monotonic(), is not."""
    real, off = timezone.now, timedelta(seconds=seconds)
    timezone.now = lambda: real() + off


def use_redis(url):
    from tests.live import redis_settings

    class Address:
        pass

    Address.url = url
    override_settings(**redis_settings(Address)).enable()


# --- What happens to it -----------------------------------------------------------------------


def arm(moment, action, folder):
    word, _, number = action.partition("@")
    failpoints._armed[moment] = failpoints.once(
        lambda: ACTIONS[word.partition(":")[0]](moment, word.partition(":")[2], folder),
        at=int(number or 1),
    )


def kill_group(*_facts):
    os.killpg(os.getpgrp(), signal.SIGKILL)


def lose_commit(*_facts):
    """COMMIT leaves, and we are gone before its answer is here."""
    send_commit()
    failpoints.kill()


def cut_commit(*_facts):
    """COMMIT leaves, and the line breaks before its answer is here: nobody knows."""
    send_commit()
    connection.connection.close()


def send_commit():
    """To PostgreSQL, and see that it arrived there; its answer is not read."""
    session = connection.connection.pgconn
    session.send_query(b"COMMIT")
    while session.flush():
        pass
    while session.is_busy() and not select.select([session.socket], [], [], 5)[0]:
        pass


def terminate(*_facts):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def disk_full(*_facts):
    raise OperationalError("could not extend file: No space left on device") from (
        psycopg.errors.DiskFull("No space left on device")
    )


def read_only(*_facts):
    """From here on, as on a server that was made a standby."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        cursor.execute("SET TRANSACTION READ ONLY")


def wait(moment, _argument, folder):
    """Say that we are here, and stay until the test says go."""
    (folder / f"{os.getpid()}.{moment}.reached").touch()
    end = time.monotonic() + 30
    while not (folder / f"{os.getpid()}.{moment}.go").exists():
        if time.monotonic() > end:
            raise TimeoutError(f"nobody let us go on at {moment}")
        time.sleep(0.005)


def commit_and_wait(*facts):
    send_commit()
    wait(*facts)


def stop_redis(_moment, argument, _folder):
    os.kill(int(argument), signal.SIGKILL)


def flush_redis(*_facts):
    import redis

    redis.Redis.from_url(settings.REDIS_URL).flushall()


ACTIONS = {
    "kill": lambda *_facts: failpoints.kill(),
    "kill_group": kill_group,
    "lose_commit": lose_commit,
    "cut_commit": cut_commit,
    "terminate": terminate,
    "disk_full": disk_full,
    "read_only": read_only,
    "wait": wait,
    "commit_and_wait": commit_and_wait,
    "stop_redis": stop_redis,
    "flush_redis": flush_redis,
}


# --- What it does -----------------------------------------------------------------------------


def job(name, key):
    """As `manage.py job_run` does."""
    row = jobs.run_here(name, str(key))
    print(name, key, row.status, row.error, row.counters, flush=True)


def one_order(key, number):
    """The job that a callback asks for."""
    row = jobs.enqueue("emag.pull_order", "order", str(number), key=str(key))
    jobs.run_job("emag.pull_order", str(key), run_id=row.pk)


def drain(account_pk):
    for pk in Lane.objects.filter(account=account_pk).values_list("pk", flat=True):
        print("drained", dispatch.drain(pk), flush=True)


def deliver(run_pk):
    """The queue brings a run that was asked for, perhaps not for the first time."""
    row = JobRun.objects.get(pk=run_pk)
    print(jobs.run_job(row.name, row.key, run_id=row.pk, chunk=row.chunk), flush=True)


def press_accept(order_pk):
    """Somebody presses the button on the page of an order."""
    from orders.models import Order
    from orders.services import accept_order

    order = Order.objects.get(pk=order_pk)
    failpoints.hit("test.barrier")
    accept_order(order, by=None)


def act_on(order_pk, service, *values):
    """Somebody presses another button on it."""
    from orders import services
    from orders.models import Order

    getattr(services, service)(Order.objects.get(pk=order_pk), *values, by=None)


def change(offer_pk, wishes, times=1):
    """Somebody saves the form of an offer."""
    from catalog.models import Offer
    from catalog.services import change_offer

    wishes = {k: Decimal(v) if k == "price" else v for k, v in wishes.items()}
    for _time in range(times):
        change_offer(Offer.objects.get(pk=offer_pk), by=None, **wishes)


def read_many(account_pk, count):
    """So many readings, side by side, as a pull of many pages does."""
    from concurrent.futures import ThreadPoolExecutor

    from accounts.models import MarketplaceAccount
    from emag.client import client_for

    client = client_for(MarketplaceAccount.objects.get(pk=account_pk))

    def one(_n):
        try:
            client.count_orders(type=3)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(count)))


def cluster(options):
    """A worker of two processes, in a process group of its own."""
    from django.core.management import call_command
    from django_q.conf import Conf

    Conf.POLL, Conf.WORKERS = options["poll"], options["workers"]
    Conf.GUARD_CYCLE = 0.1
    call_command("qcluster", skip_checks=True)
    for child in multiprocessing.active_children():
        child.join()


def serve(port):
    """The web server, until somebody ends it."""
    import uvicorn

    from magflow.asgi import application

    uvicorn.run(application, port=port, lifespan="off", log_level="warning")


DEEDS = {
    "job": job,
    "one_order": one_order,
    "drain": drain,
    "deliver": deliver,
    "press_accept": press_accept,
    "act_on": act_on,
    "change": change,
    "read_many": read_many,
    "cluster": cluster,
    "serve": serve,
}
