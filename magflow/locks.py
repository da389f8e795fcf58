"""Locks between processes of one checkout: files in var/ that the kernel frees with the holder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from magflow.environment import VAR_DIR
from magflow.refusal import disk_troubles


def var_folder() -> None:
    with disk_troubles(VAR_DIR):
        VAR_DIR.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def lock(name: str, *, shared: bool = False, wait: bool = True) -> Iterator[IO[str] | None]:
    """Hold var/NAME.lock while the block runs. Yields None when it is taken and we do not wait."""
    var_folder()
    with disk_troubles(VAR_DIR):
        file = (VAR_DIR / f"{name}.lock").open("a+")
    with file:
        yield file if take(file, shared=shared, wait=wait) else None


def take(file: IO[str], *, shared: bool = False, wait: bool = True) -> bool:
    """Lock an open lock file, or change the kind of lock held on it."""
    try:
        fcntl.flock(
            file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        )
    except BlockingIOError:
        return False
    return True
