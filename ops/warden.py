"""A small process that outlives a killed supervisor just long enough to clear up after it.

The supervisor holds the other end of our standard input. When that closes without a good-bye, the
supervisor died in a way it could not answer to, and its children would go on without anyone to
restart or stop them. Works for grandchildren too, and on every Unix.

    python -m ops.warden NAME PROCESS-NUMBER      of the supervisor
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

GOOD_BYE = b"done\n"
PATIENCE = 10.0


def start(name: str) -> subprocess.Popen[bytes]:
    """Called by the supervisor. Its own session keeps Ctrl+C and a killed group away from it."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "ops.warden", name, str(os.getpid())],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def dismiss(warden: subprocess.Popen[bytes]) -> None:
    """Called by the supervisor when nothing is left to guard."""
    try:
        warden.communicate(GOOD_BYE, timeout=5)
    except (BrokenPipeError, subprocess.TimeoutExpired):
        warden.kill()
        warden.wait()


def watch(name: str, supervisor: int, stream: IO[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if stream.read() == GOOD_BYE:
        return
    # Loaded only now: while all is well this process stays as small as Python gets.
    from magflow import embedded
    from magflow.environment import env
    from ops import leftovers

    if leftovers.read(name).supervisor != supervisor:
        return  # somebody else has cleared up already, and perhaps started anew
    leftovers.end(name, PATIENCE)
    if not env.str("DATABASE_URL", default=""):
        embedded.stop_unless_used()


if __name__ == "__main__":
    watch(sys.argv[1], int(sys.argv[2]), sys.stdin.buffer)
