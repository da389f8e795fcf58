"""Keeps processes alive: starts them, restarts them, and stops them in the right order.

Each child leads a process group of its own, so that one signal reaches all it has started, and the
terminal's Ctrl+C reaches none of them before the supervisor decides. To stop, only the leader gets
SIGTERM: django-q2 hangs when its whole group is told at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING

from magflow.environment import BASE_DIR
from magflow.refusal import Refused, stop_signals
from ops import leftovers, warden
from ops.leftovers import Ledger
from ops.output import Output

if TYPE_CHECKING:
    from ops.watchdog import Watchdog

TICK = 0.2  # seconds between two looks at the children
LONGEST_DELAY = 30.0
STEADY = 60.0  # a child that lived this long has recovered; its next fall starts from a short delay
IDLE_PATIENCE = 5.0  # how long a stopping worker with nothing in hand may take


def never() -> bool:
    return False


@dataclass
class Child:
    """One command that must stay alive, and how it is told to stop."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    grace: float  # seconds between "please stop" and "stop"
    watchdog: Watchdog | None = None
    is_idle: Callable[[], bool] = never  # True: nothing is lost if it is stopped hard
    before_start: Callable[[], None] = lambda: None
    process: subprocess.Popen[bytes] | None = None
    reader: threading.Thread | None = None
    started: float = 0.0  # on the steady clock
    born: float = 0.0  # on the clock that processes are dated by
    falls: int = 0
    due: float = 0.0

    def start(self, output: Output) -> int:
        self.before_start()
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            cwd=BASE_DIR,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.started, self.born = time.monotonic(), time.time()
        self.reader = threading.Thread(
            target=output.copy, args=(self.name, self.process.stdout), daemon=True
        )
        self.reader.start()
        if self.watchdog:
            self.watchdog.restart()
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process and self.is_running:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group, whether or not its leader still lives."""
        if self.process is None:
            return
        if self.is_running:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        leftovers.end_group(self.process.pid, self.born)

    def fell(self) -> float:
        """Note an end nobody asked for. Returns the seconds until the next start."""
        steady = time.monotonic() - self.started > STEADY
        self.falls = 1 if steady else self.falls + 1
        delay = min(LONGEST_DELAY, 0.5 * 2.0 ** min(self.falls - 1, 10))
        self.due = time.monotonic() + delay
        return delay


@dataclass
class Service:
    """Something below the children that is not a process of ours: the embedded database."""

    name: str
    is_ready: Callable[[], bool]
    start: Callable[[], object]
    due: float = 0.0


@dataclass
class Supervisor:
    """Looks after its children until it is told to stop."""

    name: str  # of the command, under which leftovers are found
    children: list[Child]
    output: Output
    address: str = ""
    service: Service | None = None
    look_every: float = 5.0  # seconds between two questions to service and watchdogs
    stopping: threading.Event = field(default_factory=threading.Event)
    at_once: threading.Event = field(default_factory=threading.Event)
    looked: float = 0.0
    ledger: Ledger = field(init=False)
    warden: subprocess.Popen[bytes] = field(init=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The children live while the block does; however it ends, none of them outlives it."""
        before = {number: signal.signal(number, self.on_signal) for number in stop_signals()}
        self.ledger = Ledger(self.name, os.getpid(), self.address)
        self.ledger.save()
        self.warden = warden.start(self.name)
        try:
            for child in self.children:
                self.start(child)
            yield
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first Ctrl+C stops in good order, the second at once."""
        if self.stopping.is_set():
            self.at_once.set()
        self.stopping.set()

    def run(self) -> None:
        """Keep everything alive until a signal comes."""
        while not self.stopping.wait(TICK):
            self.look()

    def run_until(self, is_done: Callable[[], bool], seconds: float, most_falls: int) -> bool:
        """Keep everything alive until `is_done`; False when that does not come about."""
        end = time.monotonic() + seconds
        while not self.stopping.is_set():
            if is_done():
                return True
            if time.monotonic() > end or any(child.falls >= most_falls for child in self.children):
                return False
            self.look()
            self.stopping.wait(0.05)
        return True

    # --- Looking after ------------------------------------------------------------------------
    def look(self) -> None:
        # What the children stand on comes first: without it they would only fall again.
        if self.service and not self.service.is_ready() and not self.restart_service(self.service):
            return
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.due:
                    self.start(child)
            elif not child.is_running:
                self.pick_up(child, f"ended with code {child.process.returncode}")
        if time.monotonic() - self.looked < self.look_every:
            return
        self.look_deeper()
        self.looked = time.monotonic()

    def look_deeper(self) -> None:
        """What costs a question: is the worker at work, the warden awake."""
        for child in self.children:
            if child.is_running and child.watchdog:
                complaint = child.watchdog.complaint()
                if complaint:
                    self.pick_up(child, complaint)
        if self.warden.poll() is not None:
            self.warden = warden.start(self.name)

    def start(self, child: Child) -> None:
        try:
            group = child.start(self.output)
        except OSError as error:  # out of memory, or of numbers: it may pass
            delay = child.fell()
            self.output.say(child.name, f"cannot start: {error}; tried again in {delay:.1f} s")
        else:
            self.ledger.note(child.name, group)

    def pick_up(self, child: Child, reason: str) -> None:
        """End what is left of a fallen child's group and plan its next start."""
        child.kill()
        child.process = None
        delay = child.fell()
        self.output.say(child.name, f"{reason}; it starts again in {delay:.1f} s")

    def restart_service(self, service: Service) -> bool:
        """Start what stopped; False when that has to wait for the next try."""
        if time.monotonic() < service.due:
            return False
        self.output.say(service.name, "has stopped; it starts again now")
        try:
            service.start()
        except Refused as refused:
            self.output.say(service.name, refused.sentence)
            service.due = time.monotonic() + self.look_every
            return False
        for child in self.children:
            if child.watchdog:
                child.watchdog.restart()  # its silence was not the worker's fault
        return True

    # --- Stopping -----------------------------------------------------------------------------
    def stop(self) -> None:
        """Ask everyone to stop, wait as long as each may take, then make sure of it."""
        for child in self.children:
            child.ask_to_stop()
        asked = looked = time.monotonic()
        while any(child.is_running for child in self.children) and not self.at_once.is_set():
            now = time.monotonic()
            for child in self.children:
                if child.is_running and now - asked > child.grace:
                    self.output.say(child.name, f"did not stop within {child.grace:.0f} s")
                    child.kill()
            if now - asked > IDLE_PATIENCE and now - looked > 1:
                looked = now
                for child in self.children:
                    if child.is_running and child.is_idle():
                        child.kill()
            self.at_once.wait(0.05)
        for child in self.children:
            child.kill()
            if child.reader:
                child.reader.join(timeout=1)
        warden.dismiss(self.warden)
        leftovers.forget(self.name)
