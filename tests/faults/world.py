"""A small seeded world to break: eMAG with a journal of its own, two accounts, orders, offers.

Our side runs as real processes on the database of the test; the test itself looks at the
simulator's journal and at our tables, and lets time pass.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from accounts.choices import Fulfilment
from catalog.models import Offer
from catalog.services import change_offer
from core.models import JobRun, RateGate
from emag.simulator.running import RunningSimulator
from magflow import embedded, embedded_root, throwaway
from orders.models import Order
from outbox.models import Command, Lane
from tests.factories.emag import CredentialFactory, EmagAccountFactory
from tests.live import Redis, environment

ROOT = Path(__file__).parents[2]
SEED = 20_240_229
READ, ACKNOWLEDGE, SAVE = "order/read", "order/acknowledge/{id:int}", "offer/save"
PULL, ACCEPT, OFFERS = "emag.pull_orders", "orders.accept_new_orders", "emag.pull_offers"
ROUNDS = 2  # of reading, until everything must be right again
PATIENCE = 30.0


def until(condition, what="", within=PATIENCE):
    """Wait for something that another process does; fail when it does not come."""
    end = time.monotonic() + within
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:.0f} s: {what}")
        time.sleep(0.01)
    return found


class Zygote:
    """The process from which workers are forked; see tests.faults.zygote."""

    def __init__(self, folder, env=None):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote", str(folder)],
            cwd=ROOT, env=env or environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert "ready" in self._answer()

    def ask(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


class Worker:
    """One forked process of ours."""

    def __init__(self, zygote, task):
        self.zygote, self.code = zygote, None
        self.pid = zygote.ask({"start": task})["pid"]

    @property
    def said(self):
        file = self.zygote.folder / f"{self.pid}.log"
        return file.read_text() if file.exists() else ""

    def is_over(self):
        if self.code is None:
            self.code = self.zygote.ask({"poll": self.pid})["code"]
        return self.code is not None

    def wait(self, within=PATIENCE):
        """Its exit code; negative for the signal that ended it."""
        until(self.is_over, f"worker {self.pid} ends\n{self.said}", within)
        return self.code

    def kill(self):
        """SIGKILL to it and all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.wait()

    def reached(self, moment):
        """Wait until it stands at this moment."""
        sign = self.zygote.folder / f"{self.pid}.{moment}.reached"
        until(lambda: sign.exists() or self.is_over(), f"at {moment}\n{self.said}")
        assert sign.exists(), f"ended ({self.code}) before {moment}\n{self.said}"

    def go(self, moment):
        (self.zygote.folder / f"{self.pid}.{moment}.go").touch()


class World:
    """`own` orders wait on an account that accepts by itself, `theirs` on one that eMAG ships."""

    def __init__(self, zygote, name, *, own=10, theirs=20, offers=40, scale=10, **clock):
        self.zygote, self.scale, self.mutant = zygote, scale, ""
        self.workers, self.options = [], {}
        self.sim = RunningSimulator(seed=SEED, scenario="calm")
        self.sim.start()
        if clock:
            self.sim.clock(**clock)
        self.sim.config(**{"rate.scale": scale})
        # Nothing but what this world asks for.
        OrmQ.objects.all().delete()
        Schedule.objects.all().delete()
        self.main = self._connect(
            f"{name}-main", "fbs", offers, accepts_automatically=True, accepts_only_in_stock=False
        )
        self.other = self._connect(f"{name}-fbe", "fbe", 0, fulfilment=Fulfilment.MARKETPLACE)
        self.accounts = [self.main, self.other]
        if own:
            self.sim.inject_orders(own, account=self.main.there, lines=3, complete=True)
        if theirs:
            self.sim.inject_orders(theirs, account=self.other.there, lines=3, complete=True)

    def _connect(self, name, kind, offers, **facts):
        there = self.sim.add_account("ro", name, "secret", kind, offers=offers)
        account = EmagAccountFactory(name=name, **facts)
        CredentialFactory(account=account, username=name, base_url=self.sim.url("ro"))
        account.there = there.key
        return account

    # --- Workers ------------------------------------------------------------------------------

    def start(self, *deeds, failpoints=None, **more):
        """Begin a worker: start(["job", PULL, 7], failpoints={"pull.replied": "kill"})."""
        task = {
            "do": list(deeds), "failpoints": failpoints or {}, "scale": self.scale,
            "mutant": self.mutant, **self.options, **more,
        }  # fmt: skip
        worker = Worker(self.zygote, task)
        self.workers.append(worker)
        return worker

    def run(self, *deeds, **more):
        """Have it done; the exit code, negative where it was killed."""
        return self.start(*deeds, **more).wait()

    def must(self, *deeds, **more):
        worker = self.start(*deeds, **more)
        assert worker.wait() == 0, worker.said

    def sync(self, account=None):
        """The deeds of a sync round of an account: read, ask for acceptance, send."""
        pk = (account or self.main).pk
        return [["job", PULL, pk], ["job", ACCEPT, pk], ["drain", pk]]

    def cluster(self, *, failpoints=None, **options):
        """A qcluster of two processes, in a process group of its own."""
        options = {"poll": 0.05, "workers": 2, **options}
        return self.start(["cluster", options], failpoints=failpoints)

    def read_offers(self):
        """Read the offers, and return those that can be changed freely."""
        self.must(["job", OFFERS, self.main.pk])
        return self.offers()

    def offers(self):
        """Offers on sale here whose price eMAG takes in a wide range."""
        return list(
            Offer.objects.filter(account=self.main, is_sellable=True, status="active").order_by(
                "pk"
            )
        )

    def wish(self, offers=None, **wishes):
        """People want these to be so."""
        for offer in self.offers() if offers is None else offers:
            change_offer(Offer.objects.get(pk=offer.pk), by=None, **wishes)

    # --- Their side ---------------------------------------------------------------------------

    def fault(self, name, route, count=1, **params):
        match = {"route": route, "account": self.main.there, **params.pop("match", {})}
        return self.sim.fault(name, match=match, count=count, **params)

    def struck(self, name):
        """How often a fault really struck: a cell in which it did not proves nothing."""
        return sum(name in call["faults"] for call in self.sim.journal())

    def calls(self, route, account=None):
        return self.sim.journal(route=route, account=(account or self.main).there)

    def asked(self, route, at_least=1):
        """Wait until a call has reached eMAG."""
        until(lambda: len(self.calls(route)) >= at_least, f"a call of {route}")

    def truth(self, kind, account):
        return self.sim.truth(kind, account.there)

    # --- Afterwards ---------------------------------------------------------------------------

    def let_time_pass(self):
        """Whatever waits for a moment is due now."""
        now = timezone.now() + timedelta(seconds=self.options.get("clock", 0))
        mine = Command.objects.filter(account__in=self.accounts)
        mine.filter(next_attempt_at__isnull=False).update(next_attempt_at=now)
        Lane.objects.filter(account__in=self.accounts).update(resting_until=None)

    def find_the_dead(self):
        """A minute later, the sweep finds what dead workers had taken along."""
        age = timedelta(seconds=30)
        OrmQ.objects.filter(lock__gt=timezone.now()).update(lock=F("lock") - age)
        JobRun.objects.filter(status="queued").update(started_at=F("started_at") - age)
        self.must(["job", "core.sweep_dead_runs", ""])

    def settle(self, *, offers=False):
        """The fault is over: what the schedule does anyway, for two rounds at most."""
        self.sim.clear_faults()
        deeds = [deed for account in self.accounts for deed in self.sync(account)]
        if offers:
            deeds += [["job", OFFERS, account.pk] for account in self.accounts]
        for _round in range(ROUNDS):
            self.let_time_pass()
            self.must(*deeds)
            if not self.missing():
                break
        for _look in range(6):  # waiting, due, looked up, sent again
            if not self.unsettled():
                break
            self.let_time_pass()
            self.must(*[["drain", account.pk] for account in self.accounts])
        until(self.nobody_is_at_work, "the sweep finds every run whose worker died", 10)

    def nobody_is_at_work(self):
        """PostgreSQL needs a moment to notice that a session has gone, and frees its locks then."""
        self.must(["job", "core.sweep_dead_runs", ""])
        return not JobRun.objects.filter(status="running").exists()

    def missing(self):
        """Orders that are there and not here."""
        return any(
            {str(number) for number in self.truth("order", account)}
            - set(self.orders(account).values_list("external_id", flat=True))
            for account in self.accounts
        )

    def unsettled(self):
        mine = Command.objects.filter(account__in=self.accounts)
        queued = mine.filter(status="queued").exclude(account__in=self.stopped())
        return queued.exists() or mine.filter(next_attempt_at__isnull=False).exists()

    def stopped(self):
        return Lane.objects.filter(paused_at__isnull=False).values("account")

    def open_gates(self):
        """As if the time had passed for which eMAG turned us away."""
        RateGate.objects.filter(name__startswith="emag:").delete()

    def reconnect(self):
        """The session of the test went with its server."""
        connection.close()

    def orders(self, account=None):
        return Order.objects.filter(account=account or self.main)

    def close(self):
        for worker in self.workers:
            worker.kill()
        self.sim.stop()


@contextmanager
def solid_database(folder):
    """A PostgreSQL of its own that keeps what it promised, and a zygote that works on it.

    While this lasts, the test looks at that one as well. The wheel's programs run it.
    """
    base = throwaway.fast_folder()
    home = Path(tempfile.mkdtemp(prefix=f"{throwaway.PREFIX}{os.getpid()}-", dir=base))
    account, programs = None, embedded.package() / "pginstall" / "bin"
    if embedded.is_root():
        account = embedded_root.account()
        programs = embedded_root.programs(embedded.package(), embedded.version())
        os.chown(home, account.pw_uid, account.pw_gid)
    options = (*embedded.SOLID, "fsync=on", "synchronous_commit=on")
    server = embedded.Server(home / "data", home, home / "log", programs, account, options)
    before = dict(connection.settings_dict)
    source = environment()["DATABASE_URL"]
    server.start()
    try:
        copy_schema(programs, source, server.url, folder)
        connection.close()
        connection.settings_dict.update(
            HOST=str(home), PORT="", NAME=embedded.NAME, USER=embedded.NAME, PASSWORD=""
        )
        zygote = Zygote(folder, environment() | {"DATABASE_URL": server.url})
        yield server, zygote
        zygote.close()
    finally:
        connection.close()
        connection.settings_dict.update(before)
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def redis_for(world):
    """A Redis for the workers of this world; yields its process."""
    redis = Redis()
    world.options["redis"] = redis.url
    try:
        yield redis.server._process
    finally:
        del world.options["redis"]
        redis.stop()


def copy_schema(programs, source, target, folder):
    """The tables of the test database, and what migrations wrote into them."""
    dump = folder / "schema.sql"
    for part in (["--schema-only"], ["--data-only", "--table=django_migrations"]):
        with dump.open("a") as file:
            subprocess.run(
                [programs / "pg_dump", "--no-owner", *part, source], stdout=file, check=True
            )
    subprocess.run(
        [programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", dump, target],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def sql(statement, *values):
    """Rows as they are in the tables, whatever our code makes of them."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


APPS = ("accounts_", "catalog_", "core_", "django_q", "emag_", "orders_", "outbox_")


def empty():
    """Leave the tables as other tests expect them."""
    assert connection.settings_dict["NAME"].startswith("test_")
    tables = [name for name in connection.introspection.table_names() if name.startswith(APPS)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
