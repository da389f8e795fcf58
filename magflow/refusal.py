"""How MagFlow says no at start: one clear sentence and an exit code of its own.

Standard library only, because the virtual environment may not exist yet. The codes are listed for
people in docs/operations.md; they stay clear of 0 to 5, which belong to Python, Django and pytest.
"""

from __future__ import annotations

import errno
import os
import pwd
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

MEGABYTE = 1024 * 1024


class Exit(IntEnum):
    """Every exit code of our own."""

    OLD_PYTHON = 10
    NO_VENV_MODULE = 11
    INSTALL_FAILED = 12
    NO_SPACE = 13
    NO_ACCESS = 14
    WRONG_SETTINGS = 15
    ALREADY_UP = 16
    BUSY_PORT = 17
    OTHER_POSTGRES = 18
    DATABASE_FAILED = 19
    START_FAILED = 20


class Refused(SystemExit):
    """A start that cannot go on.

    manage.py prints the sentence and leaves with `status`. Whoever else imports the settings, such
    as a web server, prints the sentence too: that is what Python does with a SystemExit.
    """

    def __init__(self, status: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def stop_signals() -> list[signal.Signals]:
    """What asks us to stop. Under nohup the end of the terminal does not."""
    hang_up = [] if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *hang_up]


def end_like_ctrl_c() -> None:
    """Let every signal to stop leave through each `finally`, as Ctrl+C does."""
    for number in stop_signals():
        signal.signal(number, signal.default_int_handler)


def owner_of(path: Path) -> str:
    """The name of the account a path, or the nearest parent that can be seen, belongs to."""
    while not can_see(path):
        path = path.parent
    uid = path.stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def can_see(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False


@contextmanager
def disk_troubles(path: Path) -> Iterator[None]:
    """Turn "no space" and "not allowed" under `path` into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise no_space(path) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise no_access(Path(str(error.filename or path))) from error
        raise


def no_space(path: Path) -> Refused:
    return Refused(
        Exit.NO_SPACE,
        f"There is no space left on the disk of {path}. Free some space and start again.",
    )


def no_access(path: Path) -> Refused:
    me = pwd.getpwuid(os.geteuid()).pw_name
    return Refused(
        Exit.NO_ACCESS,
        f"{me} may not write {path}, which belongs to {owner_of(path)}. "
        f"Start as {owner_of(path)}, or give the folder to {me}.",
    )


def free_megabytes(path: Path) -> int:
    """On the disk of a path that need not exist yet."""
    while not can_see(path):
        path = path.parent
    stats = os.statvfs(path)
    return stats.f_bavail * stats.f_frsize // MEGABYTE


def need_space(path: Path, megabytes: int, what: str) -> None:
    """Refuse early and with numbers, instead of half-way through a write."""
    free = free_megabytes(path)
    if free < megabytes:
        raise Refused(
            Exit.NO_SPACE,
            f"{what} needs about {megabytes} MB on the disk of {path}, and {free} MB are free. "
            "Free some space and start again.",
        )
