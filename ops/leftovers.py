"""What a supervisor that was killed leaves behind, and how it is found and ended.

The supervisor writes down each process group it starts. Its warden, or the next `up`, ends whatever
of these still lives. A number alone would not do, since numbers are given again: a process counts
only while it is in a noted group, works in this checkout and is no older than the note.
"""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from magflow.environment import BASE_DIR, VAR_DIR

CLOCK_SLACK = 2.0  # seconds between a process's own birth time and our note of it


@dataclass
class Ledger:
    """The supervisor, its address, and the process groups it started: {name: [group, born]}."""

    name: str  # of the command: up, worker
    supervisor: int = 0
    address: str = ""
    groups: dict[str, list[float]] = field(default_factory=dict)

    def note(self, name: str, group: int) -> None:
        self.groups[name] = [group, time.time()]
        self.save()

    def save(self) -> None:
        partial = path(self.name).with_suffix(".part")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(path(self.name))


def path(name: str) -> Path:
    return VAR_DIR / f"{name}.json"


def read(name: str) -> Ledger:
    """The ledger of the supervisor that runs, or of one that was killed."""
    try:
        facts: dict[str, Any] = json.loads(path(name).read_text())
        return Ledger(**facts)
    except (OSError, ValueError, TypeError):
        return Ledger(name)


def forget(name: str) -> None:
    """Nothing is left; called at the end of an orderly stop."""
    path(name).unlink(missing_ok=True)


def survivors(ledger: Ledger) -> list[psutil.Process]:
    """The processes of the noted groups that still live."""
    return members({int(group): when for group, when in ledger.groups.values()})


def members(born: dict[int, float]) -> list[psutil.Process]:
    """The processes of these groups, given when each was made."""
    return [process for process in psutil.process_iter() if is_ours(process, born)]


def is_ours(process: psutil.Process, born: dict[int, float]) -> bool:
    with suppress(OSError, psutil.Error):
        group = os.getpgid(process.pid)
        if group not in born or process.status() == psutil.STATUS_ZOMBIE:
            return False
        is_young = process.create_time() >= born[group] - CLOCK_SLACK
        return is_young and Path(process.cwd()) == BASE_DIR
    return False


def end(name: str, patience: float) -> int:
    """End what is left: the groups' leaders politely, then everyone. Says how many there were."""
    ledger = read(name)
    left = survivors(ledger)
    leaders = [process for process in left if is_leader(process)]
    for process in leaders:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    psutil.wait_procs(leaders, timeout=patience)
    stubborn = survivors(ledger)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    forget(name)
    return len(left)


def end_group(group: int, born: float) -> None:
    """Kill what is left of a group whose leader has ended: its number may be another's by now."""
    for _ in range(3):  # one may have been born while we looked
        left = members({group: born})
        if not left:
            return
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=5)


def is_leader(process: psutil.Process) -> bool:
    try:
        return os.getpgid(process.pid) == process.pid
    except ProcessLookupError:
        return False
