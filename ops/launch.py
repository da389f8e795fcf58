"""The processes of MagFlow as a supervisor's children: how each starts, stops and is watched."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import closing, suppress

import psutil
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ

from core import jobs
from core.companions import Companion
from magflow.environment import BASE_DIR
from magflow.refusal import Exit, Refused
from ops.supervisor import Child
from ops.watchdog import Watchdog

WEB_GRACE = 10  # seconds for requests that are being answered
WORKER_GRACE = 30  # jobs hand over after 20 s
ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared with, not bound to


def web(host: str, port: int, environment: Mapping[str, str]) -> Child:
    command = [sys.executable, "-m", "uvicorn", "magflow.asgi:application"]
    command += ["--host", host, "--port", str(port), "--lifespan", "off"]
    command += ["--ws-ping-interval", "20", "--ws-ping-timeout", "20"]
    # Hints are shorter than what compressing them would cost: 40 KiB for each open page.
    command += ["--ws-per-message-deflate", "false", "--ws-max-size", "65536"]
    command += ["--timeout-graceful-shutdown", str(WEB_GRACE)]
    command += ["--log-level", "warning", "--no-access-log", "--no-server-header"]
    if not settings.TRUSTED_PROXIES:
        command.append("--no-proxy-headers")
    return Child("web", command, {**environment, "DB_POOL": "true"}, grace=WEB_GRACE + 2)


def worker(environment: Mapping[str, str]) -> Child:
    command = [sys.executable, str(BASE_DIR / "manage.py"), "qcluster"]
    # Forked workers must not share the sockets of a connection pool.
    alone = {name: value for name, value in environment.items() if name != "DB_POOL"}
    return Child(
        "worker",
        command,
        alone,
        grace=WORKER_GRACE,
        watchdog=Watchdog(settings.WORKER_SILENCE),
        is_idle=nothing_in_hand,
        before_start=prepare_worker,
    )


def companion(asked: Companion, site_url: str, environment: Mapping[str, str]) -> Child:
    command = [sys.executable, str(BASE_DIR / "manage.py"), *asked.arguments(site_url)]
    alone = {name: value for name, value in environment.items() if name != "DB_POOL"}
    return Child(asked.name, command, alone, grace=asked.grace)


def nothing_in_hand() -> bool:
    """Whether no task is being worked on, so that a worker which will not stop may be ended."""
    try:
        return not OrmQ.objects.filter(lock__gt=timezone.now()).exists()
    except OperationalError:
        return False
    finally:
        connection.close()


def prepare_worker() -> None:
    """Before a worker starts: free what a dead one held, and ask for a sign of life at once.

    The schedule would give the first one after up to a minute, and until then every page would
    say that the worker has not started.
    """
    if settings.DATABASE_IS_EMBEDDED:
        give_back()
    with suppress(DatabaseError):
        jobs.enqueue("core.beat")
    connection.close()


def give_back() -> None:
    """Let the tasks of a dead worker run now instead of after `retry`.

    Only where the database is ours alone: elsewhere another host's worker may be at them.
    """
    with suppress(OperationalError):
        now = timezone.now()
        OrmQ.objects.filter(lock__gt=now).update(lock=now)
    connection.close()


def child_environment(site_url: str, hosts: list[str]) -> dict[str, str]:
    """Ours, and what a start on one's own machine knows that the environment may not say."""
    return {
        "SITE_URL": site_url,
        "ALLOWED_HOSTS": ",".join(hosts),
        **os.environ,
        "MAGFLOW_SUPERVISED": "1",
        "PYTHONUNBUFFERED": "1",
    }


def address(host: str, port: int) -> str:
    """What people type. Passkeys need a name, so our own machine is not called by its number."""
    if host in {"127.0.0.1", "::1", *ANYWHERE}:
        return f"http://localhost:{port}"
    return f"http://{bracketed(host)}:{port}"


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def own_names(host: str) -> list[str]:
    """The names and addresses under which this machine answers when it listens on `host`."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host not in ANYWHERE:
        return list(dict.fromkeys([*names, bracketed(host)]))
    found = [socket.gethostname()]
    for addresses in psutil.net_if_addrs().values():
        for one in addresses:
            if one.family == socket.AF_INET:
                found.append(one.address)
            elif one.family == socket.AF_INET6:
                found.append(bracketed(one.address.split("%")[0]))
    return list(dict.fromkeys([*names, *found]))


def refuse_busy_port(host: str, port: int) -> None:
    """Find out before anything is started, and say who holds the port where that can be seen."""
    if not 0 < port < 65536:
        raise Refused(Exit.BUSY_PORT, f"{port} is no port; choose one from 1 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(Exit.BUSY_PORT, why_not(host, port, error)) from error


def why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by {holder(port)}. "
            f"Choose another: python3 manage.py up --port {port + 1}"
        )
    if error.errno == errno.EACCES:
        return f"Ports below 1024 belong to root, so {port} cannot be used. Choose one above."
    return f"MagFlow cannot listen on {host}, port {port}: {error.strerror or error}."


def holder(port: int) -> str:
    with suppress(psutil.Error):
        for found in psutil.net_connections("tcp"):
            if found.laddr and found.laddr.port == port and found.status == psutil.CONN_LISTEN:
                if found.pid:
                    return f"process {found.pid} ({psutil.Process(found.pid).name()})"
    return "another program"


def answers(host: str, port: int) -> bool:
    """Whether the web process serves pages; any answer that is no server error will do."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(reachable, port, timeout=5)
    try:
        connection.request("GET", "/health/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()
