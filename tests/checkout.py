"""A copy of this checkout that `manage.py up` can be tried in, and the `up` that runs there."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import psycopg

from magflow.environment import BASE_DIR

NOT_COPIED = shutil.ignore_patterns(
    ".venv", ".git", "var", "node_modules", "__pycache__", ".*_cache", ".hypothesis", "results"
)
# What would make a bare checkout behave like this test run.
NOT_INHERITED = re.compile(r"^(DATABASE_URL|DJANGO_|PYTEST_|SITE_URL|ALLOWED_HOSTS|CI$|DB_POOL)")
# A machine without a way out finds that out by waiting, which would keep a worker busy for 30 s.
NOBODY_OUTSIDE = {"BNR_RATES_URL": "https://127.0.0.1:9/"}
PATIENCE = 150  # seconds; a start takes three, unless the machine is busy with something else


def until(condition, within=PATIENCE, what=""):
    deadline = time.monotonic() + within
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.05)
    return result


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Checkout:
    """A directory as `git clone` makes it, with the packages of this test run lent to it."""

    def __init__(self, path):
        self.path = Path(path)
        shutil.copytree(BASE_DIR, self.path, ignore=NOT_COPIED)
        (self.path / ".venv").symlink_to(sys.prefix)
        self.python = self.path / ".venv" / "bin" / "python"

    @property
    def var(self):
        return self.path / "var"

    def environment(self, **more):
        kept = {name: text for name, text in os.environ.items() if not NOT_INHERITED.match(name)}
        return {**kept, **NOBODY_OUTSIDE, **more}

    def run(self, *arguments, timeout=PATIENCE, **environment):
        """A management command, to its end."""
        return subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.path,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def processes(self):
        """Everything that works in this checkout or serves its data."""
        found = []
        for process in psutil.process_iter():
            try:
                where = Path(process.cwd())
                if process.status() != psutil.STATUS_ZOMBIE and self.owns(where):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def owns(self, where):
        data = self.var / "postgres"
        return where == self.path or (data.exists() and where == data.resolve())

    def postmaster(self):
        """The pid of the embedded server, or None."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):  # it may end between two looks
                if process.name() == "postgres" and process.cwd() != str(self.path):
                    parent = process.parent()
                    if parent is None or parent.name() != "postgres":
                        return process
        return None

    def ask(self, question):
        """One value from the running embedded database."""
        note = (self.var / "postgres" / "postmaster.pid").read_text().splitlines()
        with psycopg.connect(host=note[4], user="magflow", dbname="magflow") as connection:
            return connection.execute(question).fetchone()[0]

    def remove(self):
        """Nothing of a test may outlive it, whatever the test did."""
        for process in self.processes():
            with_children = [process, *process.children(recursive=True)]
            for one in with_children:
                try:
                    one.kill()
                except psutil.NoSuchProcess:
                    continue
        data = self.var / "postgres"
        if data.is_symlink():
            shutil.rmtree(Path(os.readlink(data)).parent, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)


class Running:
    """A command as a person starts it: its lines, its children, its end."""

    def __init__(self, checkout, *arguments, command=None, **environment):
        self.checkout = checkout
        command = command or [str(checkout.python)]
        self.process = subprocess.Popen(
            [*command, "manage.py", *arguments],
            cwd=checkout.path,
            env=checkout.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def text(self):
        return "\n".join(self.lines)

    def says(self, pattern, after=0):
        """Whether it said so, in the lines after that many."""
        return re.search(pattern, "\n".join(self.lines[after:]))

    def wait_for(self, pattern, within=PATIENCE, after=0):
        def said():
            found = self.says(pattern, after)
            assert found or self.process.poll() is None, f"it ended:\n{self.text}"
            return found

        try:
            return until(said, within, pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}\nwhat it said:\n{self.text}") from None

    def child(self, name):
        """The process of this name that the supervisor started itself."""
        mark = {"web": "uvicorn", "worker": "qcluster", "warden": "ops.warden"}[name]
        for process in psutil.Process(self.process.pid).children():
            try:
                if any(mark in word for word in process.cmdline()):
                    return process
            except psutil.Error:
                continue
        return None

    def a(self, name):
        """The process of this name, as soon as there is one."""
        return self.other(name, than=0)

    def other(self, name, than):
        """A new process of this name in the place of the one that had this pid."""

        def found():
            child = self.child(name)
            return child if child and child.pid != than else None

        return until(found, what=f"a new {name}\n{self.text}")

    def stop(self, number=signal.SIGINT):
        """Ask it to stop; returns its exit code."""
        self.process.send_signal(number)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            left = [(one.pid, one.status(), one.cmdline()) for one in self.checkout.processes()]
            self.process.kill()
            raise AssertionError(f"it did not stop: {left}\n{self.text}") from None
        self.reader.join(5)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.stop()


class Up(Running):
    """`manage.py up` on a port of its own."""

    def __init__(self, checkout, *arguments, port=None, **more):
        self.port = port or free_port()
        super().__init__(checkout, "up", "--port", str(self.port), *arguments, **more)

    def ready(self):
        self.wait_for(r"MagFlow is ready")
        return self
