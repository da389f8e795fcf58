"""eMAG in this process: a simulator, and accounts that are connected to it."""

import pytest

from accounts.choices import Fulfilment
from core import jobs
from core.ratelimit import Limits
from emag.client import gates, line
from emag.pulls import paging
from emag.simulator.running import RunningSimulator
from tests.emag_stage import Stage
from tests.factories.emag import CredentialFactory, EmagAccountFactory


@pytest.fixture
def sim(little_waiting):
    with RunningSimulator(seed=7, scenario="calm") as running:
        running.config(**{"rate.scale": 20})
        yield running


@pytest.fixture
def little_waiting(monkeypatch):
    """Twenty times the limits of eMAG, here and there: what they are is tested elsewhere."""
    monkeypatch.setattr(paging, "FIRST_WAIT", 0.05)
    for bucket, limits in gates.LIMITS.items():
        more = Limits(limits.per_second * 20, limits.per_minute * 20, limits.per_day)
        monkeypatch.setitem(gates.LIMITS, bucket, more)
    monkeypatch.setattr(line, "MOST_JITTER", 0.0)


@pytest.fixture
def connect(sim, transactional_db):
    """Make an account here and there: connect("main"), connect("fbe", kind="fbe")."""

    def make(username="main", *, kind="fbs", password="secret", stored=None, offers=0, **facts):
        there = sim.add_account("ro", username, password, kind, offers=offers)
        fulfilment = Fulfilment.MARKETPLACE if kind == "fbe" else Fulfilment.OWN
        account = EmagAccountFactory(name=username, fulfilment=fulfilment, **facts)
        CredentialFactory(
            account=account, username=username, password=stored or password, base_url=sim.url("ro")
        )
        account.there = there
        return account

    return make


@pytest.fixture
def main(connect):
    return connect()


def run_job(name, account, *args):
    """Run a job as its schedule would, to its end, chunk after chunk."""
    from core.models import JobRun

    if args:
        row = jobs.enqueue(name, *args, key=str(account.pk))
        jobs.run_job(name, str(account.pk), run_id=row.pk)
    else:
        row = jobs.run_here(name, str(account.pk))
    return JobRun.objects.get(pk=row.pk)


@pytest.fixture
def stage():
    made = Stage()
    yield made
    made.close()


def drain():
    """Let the worker carry out what was asked of eMAG, as far as it may now."""
    from core.models import JobRun
    from core.models.jobs import JobStatus

    for row in JobRun.objects.filter(name="outbox.drain", status=JobStatus.QUEUED):
        jobs.run_job(row.name, row.key, run_id=row.pk, chunk=row.chunk)
