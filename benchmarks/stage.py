"""A simulated eMAG in a process of its own, and accounts that are connected to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accounts.models import Company, MarketplaceAccount, User
from core.models import JobRun
from emag.models import Credential
from emag.services.accounts import add_account, connect
from emag.simulator.running import RunningSimulator
from emag.sites import site
from orders.models import Order


@contextmanager
def simulator() -> Iterator[RunningSimulator]:
    """Calm, so that what is measured is our side; its limits are eMAG's."""
    folder = Path(tempfile.mkdtemp(prefix="magflow-bench-"))
    try:
        with RunningSimulator(process=True, data=folder / "emag.sqlite3") as running:
            yield running
    finally:
        shutil.rmtree(folder)


@contextmanager
def account(sim: RunningSimulator, username: str, *, offers: int = 0) -> Iterator[Credential]:
    """An account there and here; nothing of it is left behind but the audit trail."""
    sim.add_account("ro", username, "secret", offers=offers)
    company = Company.objects.first() or Company.objects.create(
        name="Benchmark SRL", country="RO", tax_id="12345674"
    )
    by = User.objects.filter(is_active=True).first()
    made = add_account(
        site=site("emag-ro"), role="main", name=f"{username} {os.getpid()}", company=company, by=by
    )
    try:
        yield connect(made, username=username, password="secret", base_url=sim.url("ro"), by=by)
    finally:
        forget(made)


def run_job(name: str, account: MarketplaceAccount) -> JobRun:
    """Run a job as an operator does, in a process without a connection pool, as the worker is."""
    command = [sys.executable, "manage.py", "job_run", name, "--account", account.name]
    subprocess.run(command, env=environment(), check=False, stdout=subprocess.DEVNULL)
    return JobRun.objects.filter(name=name, key=str(account.pk)).latest("pk")


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "DB_POOL"}


def forget(account: MarketplaceAccount) -> None:
    Order.objects.filter(account=account).delete()
    account.customers.all().delete()
    account.offers.all().delete()
    account.delete()
