"""The eMAG of the demo world: two accounts on a simulator that `up` keeps running beside MagFlow.

The simulator sends the same callbacks as eMAG and answers on the same routes, so nothing here is
special: the accounts are ordinary ones with another address.
"""

from __future__ import annotations

import socket
from contextlib import closing
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import Company, User
from core import jobs
from core.companions import Companion
from emag.models import Credential
from emag.services import accounts
from emag.sites import site
from magflow.environment import VAR_DIR

HOST = "127.0.0.1"
PORT = 8701
PASSWORD = "demo"  # noqa: S105 - of a simulator that listens on this machine only
ACCOUNTS = (
    ("eMAG România", "main", "demo-main"),
    ("eMAG România FBE", "fbe", "demo-fbe"),
)


def fill(company: Company, by: User) -> None:
    """Connect both demo accounts and ask for their first orders and offers."""
    for name, role, username in ACCOUNTS:
        account = accounts.add_account(
            site=site("emag-ro"), role=role, name=name, company=company, by=by
        )
        accounts.connect(
            account, username=username, password=PASSWORD, base_url=address(PORT), by=by
        )
        for job in ("emag.pull_orders", "emag.pull_offers", "emag.pull_reference_data"):
            jobs.enqueue(job, key=str(account.pk), by=by)


def address(port: int) -> str:
    return f"http://{HOST}:{port}/ro/api-3"


def simulated() -> list[Credential]:
    """The credentials of the demo that still lead to a simulator on this machine."""
    users = [username for _name, _role, username in ACCOUNTS]
    found = Credential.objects.filter(username__in=users, base_url__startswith=f"http://{HOST}:")
    return [credential for credential in found.order_by("pk") if port_of(credential)]


def port_of(credential: Credential) -> int:
    return urlsplit(credential.base_url).port or 0


def is_wanted() -> bool:
    return not settings.PRODUCTION and bool(simulated())


def arguments(site_url: str) -> list[str]:
    """How the simulator is started: on the port that the accounts know, if it is still free."""
    credentials = simulated()
    port = free_port(port_of(credentials[0]))
    control = free_port(port + 1)
    for credential in credentials:
        if port_of(credential) != port:
            Credential.objects.filter(pk=credential.pk).update(base_url=address(port))
    words = ["emag_simulator", "--host", HOST, "--port", str(port), "--control-port", str(control)]
    words += ["--data", str(VAR_DIR / "emag-simulator.sqlite3"), "--scenario", "demo"]
    words += ["--password", PASSWORD]
    for credential in credentials:
        words += ["--callback", f"{credential.username}={hook(site_url, credential)}"]
    return words


def hook(site_url: str, credential: Credential) -> str:
    """Where the simulator calls; it fills in what of: an order, a return, a parcel."""
    return f"{site_url}/hooks/emag/{credential.hook_token}/{{kind}}/"


def free_port(wanted: int) -> int:
    """This port, or any other when somebody listens there."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


SIMULATOR = Companion("emag-sim", arguments, is_wanted)
