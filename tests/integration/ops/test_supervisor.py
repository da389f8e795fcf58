"""The supervisor with small children of its own: what falls is picked up, what stops stops."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest

from magflow import refusal
from magflow.environment import BASE_DIR
from magflow.refusal import Exit, Refused, stop_signals
from ops import leftovers, supervisor
from ops.output import Output
from ops.supervisor import Child, Service, Supervisor
from tests.checkout import until

# Starts a grandchild, writes both numbers down, and waits.
FAMILY = """
    import pathlib, subprocess, sys, time, os
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    note = pathlib.Path(sys.argv[1])
    note.with_suffix(".part").write_text(f"{os.getpid()} {grandchild.pid}")
    note.with_suffix(".part").rename(note)
    time.sleep(600)
"""
STUBBORN = """
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    time.sleep(600)
"""


class Screen(io.StringIO):
    def has(self, words):
        return lambda: words in self.getvalue()


@pytest.fixture
def screen():
    return Screen()


@pytest.fixture(autouse=True)
def ledger_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "VAR_DIR", tmp_path)


def child(source, *arguments, name="web", grace=5.0, **more):
    command = [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)]
    return Child(name, command, dict(os.environ), grace, **more)


def supervise(screen, *children, **more):
    more.setdefault("look_every", 0.1)
    return Supervisor("up", list(children), Output(screen), **more)


def family(note):
    until(note.exists, 20, "the family has started")
    return [int(number) for number in note.read_text().split()]


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_it_works(screen):
    quick = child("print('hello'); print('bye')")
    watched = supervise(screen, quick)
    with watched.running():
        assert watched.run_until(lambda: quick.falls == 2, 20, most_falls=9)
        until(lambda: screen.getvalue().count("bye") == 2, 5)
    assert "web     | hello\n" in screen.getvalue()
    assert "web     | ended with code 0; it starts again in 0.5 s\n" in screen.getvalue()
    assert "it starts again in 1.0 s\n" in screen.getvalue()
    assert not leftovers.path("up").exists()


def test_restarts_wait_longer_and_longer(monkeypatch):
    now = 0.0
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now)
    fallen = child("")
    assert [fallen.fell() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    now = supervisor.STEADY + 1  # it then lived for a minute
    assert fallen.fell() == 0.5


def test_start_that_never_works_is_given_up(screen):
    broken = child("import sys; sys.exit('no such thing')")
    watched = supervise(screen, broken)
    with watched.running():
        assert not watched.run_until(lambda: False, 30, most_falls=2)
    assert "web     | no such thing" in screen.getvalue()


def test_a_fallen_leader_takes_its_group_along(screen, tmp_path):
    """django-q2's workers go on without their main process, and would run beside the new ones."""
    note = tmp_path / "note"
    parent = child(FAMILY, note)
    watched = supervise(screen, parent)
    with watched.running():
        leader, orphan = family(note)
        note.unlink()
        os.kill(leader, signal.SIGKILL)
        assert watched.run_until(note.exists, 20, most_falls=9)
        assert is_gone(orphan)
        assert leader not in family(note)
    assert all(is_gone(pid) for pid in family(note))


def test_only_the_leader_is_asked_to_stop(screen, tmp_path):
    note, heard = tmp_path / "note", tmp_path / "heard"
    source = f"""
        import pathlib, signal, subprocess, sys, time
        script = ("import pathlib, signal, sys, time\\n"
            "signal.signal(signal.SIGTERM, lambda *a: pathlib.Path({str(heard)!r}).touch())\\n"
            "print('listening', flush=True)\\n"
            "time.sleep(600)")
        grandchild = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        grandchild.stdout.readline()
        signal.signal(signal.SIGTERM, lambda *a: (time.sleep(0.5), sys.exit()))
        pathlib.Path({str(note)!r}).touch()
        time.sleep(600)
    """
    watched = supervise(screen, child(source))
    with watched.running():
        until(note.exists, 20)
    assert not heard.exists()


def test_what_does_not_stop_is_stopped(screen):
    stubborn = child(STUBBORN, grace=0.5)
    watched = supervise(screen, stubborn)
    with watched.running():
        until(screen.has("deaf"), 20)
        began = time.monotonic()
    assert 0.4 < time.monotonic() - began < 10
    assert "did not stop within 0 s" in screen.getvalue()
    assert stubborn.process.returncode == -signal.SIGKILL


def test_an_idle_worker_that_hangs_is_not_waited_for(screen, monkeypatch):
    """django-q2 sometimes ignores SIGTERM with nothing to do; nobody should wait 30 s for that."""
    monkeypatch.setattr(supervisor, "IDLE_PATIENCE", 0.2)
    hanging = child(STUBBORN, name="worker", grace=60, is_idle=lambda: True)
    watched = supervise(screen, hanging)
    with watched.running():
        until(screen.has("deaf"), 20)
        began = time.monotonic()
    assert time.monotonic() - began < 10


def test_nohup_is_respected(monkeypatch):
    monkeypatch.setattr(refusal.signal, "getsignal", lambda number: signal.SIG_DFL)
    assert signal.SIGHUP in stop_signals()
    monkeypatch.setattr(refusal.signal, "getsignal", lambda number: signal.SIG_IGN)
    assert stop_signals() == [signal.SIGINT, signal.SIGTERM]


def test_a_start_that_fails_for_want_of_memory_is_tried_again(screen, monkeypatch):
    patient = child("import time; time.sleep(600)")
    real, tries = subprocess.Popen, []

    def popen(command, **more):
        tries.append(1)
        if command == patient.command and len(tries) == 2:  # the first is the warden
            raise OSError(12, "Cannot allocate memory")
        return real(command, **more)

    monkeypatch.setattr(supervisor.subprocess, "Popen", popen)
    watched = supervise(screen, patient)
    with watched.running():
        assert watched.run_until(lambda: patient.is_running, 20, most_falls=9)
    assert (
        "cannot start: [Errno 12] Cannot allocate memory; tried again in 0.5" in screen.getvalue()
    )


def test_a_second_signal_stops_at_once(screen):
    stubborn = child(STUBBORN, grace=60)
    watched = supervise(screen, stubborn)
    with watched.running():
        until(screen.has("deaf"), 20)
        for delay in (0.1, 0.5):
            threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
        began = time.monotonic()
        watched.run()
    assert time.monotonic() - began < 10


class Dog:
    """A watchdog that barks once."""

    silence = 1.0
    restarts = 0

    def __init__(self):
        self.words = "gave no sign of life"

    def restart(self):
        self.restarts += 1

    def complaint(self):
        words, self.words = self.words, ""
        return words


def test_a_worker_that_only_looks_alive_is_restarted(screen, tmp_path):
    note = tmp_path / "note"
    hanging = child(FAMILY, note, name="worker", watchdog=Dog())
    watched = supervise(screen, hanging)
    with watched.running():
        before = family(note)
        note.unlink()
        assert watched.run_until(note.exists, 20, most_falls=9)
        assert all(is_gone(pid) for pid in before)
    assert "worker  | gave no sign of life; it starts again in 0.5 s" in screen.getvalue()
    assert hanging.watchdog.restarts == 2


def test_what_a_dead_worker_held_is_given_back_before_the_next_start(screen):
    given_back = []
    quick = child("", name="worker", before_start=lambda: given_back.append(1))
    watched = supervise(screen, quick)
    with watched.running():
        assert watched.run_until(lambda: quick.falls == 2, 20, most_falls=9)
    assert len(given_back) >= 2


def test_a_database_that_stopped_is_started(screen):
    state = {"ready": True, "starts": 0}

    def start():
        state["starts"] += 1
        if state["starts"] == 1:
            raise Refused(Exit.NO_SPACE, "There is no space left.")
        state["ready"] = True

    patient = child("import time; time.sleep(600)", name="worker", watchdog=Dog())
    service = Service("database", lambda: state["ready"], start)
    watched = supervise(screen, patient, service=service)
    patient.watchdog.words = ""
    with watched.running():
        state["ready"] = False
        assert watched.run_until(lambda: state["ready"], 20, most_falls=1)
    assert state["starts"] == 2
    assert "database| There is no space left.\n" in screen.getvalue()
    assert patient.watchdog.restarts >= 2  # its silence was not the worker's fault


# --- When the supervisor itself is killed ---------------------------------------------------------
KILLED = """
    import os, pathlib, sys, time
    from ops import leftovers
    from ops.output import Output
    from ops.supervisor import Child, Supervisor
    child = Child("web", [sys.executable, "-c", sys.argv[1], sys.argv[2]], dict(os.environ), 5.0)
    supervisor = Supervisor("sample", [child], Output(sys.stdout))
    with supervisor.running():
        print("warden", supervisor.warden.pid, flush=True)
        supervisor.run()
"""


@pytest.fixture
def killed_supervisor(tmp_path):
    """A supervisor in a process of its own, the warden beside it, and the family below it."""
    note = tmp_path / "note"
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), textwrap.dedent(FAMILY), str(note)],
        cwd=BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    warden = int(process.stdout.readline().split()[1])
    below = family(note)
    yield process, warden, below
    for pid in (process.pid, warden, *below):
        if not is_gone(pid):
            os.kill(pid, signal.SIGKILL)
    process.stdout.close()
    process.wait()


@pytest.fixture
def sample_ledger(monkeypatch):
    """The ledger where a supervisor of another process keeps it."""
    monkeypatch.setattr(leftovers, "VAR_DIR", BASE_DIR / "var")
    yield leftovers.path("sample")
    leftovers.forget("sample")


def test_the_warden_clears_up(sample_ledger, killed_supervisor):
    process, warden, below = killed_supervisor
    process.kill()
    process.wait()
    until(lambda: all(is_gone(one) for one in [warden, *below]), 30, "nothing is left")
    assert not sample_ledger.exists()


def test_the_next_start_clears_up_when_even_the_warden_was_killed(sample_ledger, killed_supervisor):
    process, warden, below = killed_supervisor
    os.kill(warden, signal.SIGKILL)
    process.kill()
    process.wait()
    assert not any(is_gone(one) for one in below)
    assert leftovers.end("sample", patience=1) == 2
    assert all(is_gone(one) for one in below)
    assert not sample_ledger.exists()


def test_a_killed_warden_is_replaced(screen):
    watched = supervise(screen, child("import time; time.sleep(600)"))
    with watched.running():
        first = watched.warden.pid
        watched.warden.kill()
        assert watched.run_until(lambda: watched.warden.pid != first, 20, most_falls=1)


def test_strangers_are_never_taken_for_leftovers():
    """Numbers are given again: only what works here and is no older than the note counts."""
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], cwd="/", start_new_session=True
    )
    ours = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], cwd=BASE_DIR, start_new_session=True
    )
    try:
        until(lambda: psutil.Process(stranger.pid).cwd() == "/", 5)
        ledger = leftovers.Ledger("up", groups={"web": [stranger.pid, time.time()]})
        assert leftovers.survivors(ledger) == []
        ledger.groups = {"web": [ours.pid, time.time() + 60]}  # noted after this one was born
        assert leftovers.survivors(ledger) == []
        ledger.groups = {"web": [ours.pid, time.time()]}
        assert [process.pid for process in leftovers.survivors(ledger)] == [ours.pid]
    finally:
        for process in (stranger, ours):
            process.kill()
            process.wait()


# --- What is seen ---------------------------------------------------------------------------------
def test_lines_of_many_processes_stay_whole():
    screen = Screen()
    output = Output(screen)
    writers = [
        threading.Thread(
            target=output.copy, args=(name, io.BytesIO(f"{name} says\n".encode() * 500))
        )
        for name in ("web", "worker")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = screen.getvalue().splitlines()
    assert len(lines) == 1000
    assert set(lines) == {"web     | web says", "worker  | worker says"}


def test_a_closed_terminal_stops_nobody():
    screen = Screen()
    output = Output(screen)
    screen.close()
    said = io.BytesIO(b"a\nb\n")
    output.copy("web", said)
    assert said.closed or not said.read(), "else the child would wait for room in its pipe"
