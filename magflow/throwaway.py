"""A fresh, fast and forgetful PostgreSQL that leaves nothing behind: for tests and measurements."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from magflow import embedded, embedded_root
from magflow.embedded import QUICK, Server

PREFIX = "magflow-test-"  # then the number of the process it belongs to


@contextmanager
def server() -> Iterator[Server]:
    """A running server with an empty database, gone at the end of the block."""
    base = fast_folder()
    sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base))
    account, programs = None, embedded.package() / "pginstall" / "bin"
    if embedded.is_root():
        account = embedded_root.account()
        programs = embedded_root.programs(embedded.package(), embedded.version())
        os.chown(folder, account.pw_uid, account.pw_gid)
    made = Server(folder / "data", folder, folder / "log", programs, account, QUICK)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def fast_folder() -> Path:
    """Memory where there is enough of it, else a disk that PostgreSQL's account can reach."""
    memory = Path("/dev/shm")  # noqa: S108  only for a folder with a name of its own
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30:
        return memory
    if embedded.is_root():
        embedded_root.reachable(embedded_root.HOME)
        return embedded_root.HOME
    return Path(tempfile.gettempdir())


def sweep(base: Path) -> None:
    """Clear up after runs that were killed before they could."""
    for folder in base.glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if not psutil.pid_exists(int(owner)) and os.access(folder, os.W_OK):
            Server(folder / "data", folder, folder / "log", folder).stop()
            shutil.rmtree(folder, ignore_errors=True)
