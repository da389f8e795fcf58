"""The embedded PostgreSQL, run for real in folders of its own."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from magflow import embedded, embedded_root, locks, throwaway
from magflow.embedded import Server
from magflow.refusal import Exit, Refused
from tests.checkout import until

pytestmark = pytest.mark.slow

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root runs PostgreSQL as somebody else")


@pytest.fixture
def open_folder():
    """A folder that PostgreSQL's account can reach; what pytest makes is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="magflow-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(open_folder, monkeypatch):
    """A checkout of its own for embedded.here() and friends."""
    checkout = open_folder / "checkout"
    checkout.mkdir(mode=0o700)
    (checkout / "manage.py").touch()
    monkeypatch.setattr(embedded, "BASE_DIR", checkout)
    for module in (embedded, locks):
        monkeypatch.setattr(module, "VAR_DIR", checkout / "var")
    monkeypatch.setattr(embedded_root, "HOME", open_folder / "lib")
    monkeypatch.delenv("MAGFLOW_SUPERVISED", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    yield checkout
    embedded.stop()


@pytest.fixture
def server(open_folder):
    """A server that is prepared, and started by whoever wants it running."""
    account, programs = None, embedded.package() / "pginstall" / "bin"
    folder = open_folder / "server"
    folder.mkdir(mode=0o700)
    if IS_ROOT:
        account = embedded_root.account()
        programs = embedded_root.programs(embedded.package(), embedded.version())
        os.chown(folder, account.pw_uid, account.pw_gid)
    made = Server(folder / "data", folder, folder / "log", programs, account, embedded.QUICK)
    yield made
    made.stop()


def ask(server, question="SELECT 1", database="magflow"):
    with psycopg.connect(host=str(server.sockets), user="magflow", dbname=database) as connection:
        return connection.execute(question).fetchone()[0]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# --- One server ---------------------------------------------------------------------------------
def test_it_works(server):
    assert server.start() is True
    assert server.is_ready()
    assert ask(server) == 1
    assert ask(server, "SHOW server_version").startswith(embedded.major())
    assert ask(server, "SELECT lower('ȘOSETE Ő')") == "șosete ő"  # not only ASCII
    assert ask(server, "SHOW listen_addresses") == ""
    assert server.start() is False  # it is running already
    server.stop()
    assert not server.is_ready()
    assert server.pid() is None


def test_data_survives_a_restart_and_nobody_else_may_read_it(server):
    server.start()
    with psycopg.connect(host=str(server.sockets), user="magflow", dbname="magflow") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    server.start()
    assert ask(server, "SELECT answer FROM kept") == 42
    assert mode(server.data) == 0o700
    assert mode(server.sockets / ".s.PGSQL.5432") == 0o700


def test_a_killed_server_starts_again(server):
    server.start()
    process = psutil.Process(server.pid())
    process.kill()
    process.wait(10)
    assert server.start() is True
    assert ask(server) == 1


def test_a_note_of_a_process_that_is_somebody_elses_heals(server):
    """After a power cut the number in postmaster.pid may belong to anything."""
    server.start()
    server.stop()
    note = server.data / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{server.data}\n0\n5432\n{server.sockets}\n\n0 0\nready   \n")
    assert not server.is_ready()
    assert server.start() is True
    assert ask(server) == 1


@pytest.mark.parametrize("text", ["", "nonsense\n", "999999999\n"])
def test_a_note_that_says_nothing_is_no_running_server(server, text):
    server.data.mkdir(parents=True)
    (server.data / "postmaster.pid").write_text(text)
    assert server.pid() is None
    assert not server.is_ready()


def test_a_half_made_data_directory_is_made_again(server):
    half = server.data.with_name("data.new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert server.start() is True
    assert not half.exists()


def test_data_of_another_major_is_left_alone(server):
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(Refused) as refused:
        server.start()
    assert refused.value.status == Exit.OTHER_POSTGRES
    assert "made by PostgreSQL 15" in refused.value.sentence


def test_what_postgres_says_is_passed_on(server):
    broken = replace(server, options=("shared_buffers=lots",))
    with pytest.raises(Refused) as refused:
        broken.start()
    assert refused.value.status == Exit.DATABASE_FAILED
    assert 'invalid value for parameter "shared_buffers"' in refused.value.sentence
    assert str(server.log) in refused.value.sentence


def test_the_log_does_not_grow_for_ever(server, monkeypatch):
    monkeypatch.setattr(embedded, "LONGEST_LOG", 10)
    server.start()
    server.stop()
    assert server.log.stat().st_size > 10
    server.start()
    assert server.log.with_suffix(".old.log").exists()


def test_little_space_is_refused_before_anything_is_written(server, monkeypatch):
    monkeypatch.setattr(embedded, "FIRST_MEGABYTES", 10**9)
    with pytest.raises(Refused) as refused:
        server.start()
    assert refused.value.status == Exit.NO_SPACE
    assert "needs about 1000000000 MB" in refused.value.sentence
    assert not server.data.exists()


@needs_root
def test_no_space_half_way(server, open_folder, monkeypatch):
    disk = open_folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=5m,mode=755", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a small file system")
    try:
        monkeypatch.setattr(embedded, "FIRST_MEGABYTES", 0)
        with pytest.raises(Refused) as refused:
            replace(server, data=disk / "data").start()
        assert refused.value.status == Exit.NO_SPACE
        assert "no space left on the disk" in refused.value.sentence
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


# --- This checkout's server ---------------------------------------------------------------------
def test_the_last_to_leave_stops_it(site):
    with embedded.lease() as first:
        assert first is True
        with embedded.lease() as second:
            assert second is False
        assert embedded.is_ready()
    assert not embedded.is_ready()


def test_another_process_keeps_it_running(site):
    with embedded.lease():
        other = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(site / "var" / "postgres-users.lock")],
            stdout=subprocess.PIPE,
        )
        other.stdout.readline()
    assert embedded.is_ready()
    other.kill()  # even so its lock is gone
    other.communicate()
    embedded.stop_unless_used()
    assert not embedded.is_ready()


HOLD = """
import fcntl, sys, time
with open(sys.argv[1], "a+") as file:
    fcntl.flock(file, fcntl.LOCK_SH)
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("argv", "environment"),
    [
        (["manage.py", "help"], {}),
        (["manage.py"], {}),
        (["manage.py", "up"], {}),
        (["manage.py", "test"], {}),
        (["manage.py", "migrate", "--help"], {}),
        (["manage.py", "migrate"], {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}),
        (["manage.py", "qcluster"], {"MAGFLOW_SUPERVISED": "1"}),
    ],
)
def test_not_every_command_starts_it(site, monkeypatch, argv, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with embedded.serving(argv):
        assert not embedded.is_ready()
    assert not (site / "var" / "postgres").exists()


def test_other_commands_do(site):
    with embedded.serving(["manage.py", "migrate"]):
        assert embedded.is_ready()
    assert not embedded.is_ready()


def test_looking_for_the_address_makes_nothing(site):
    assert embedded.url().startswith("postgres://magflow@%2F")
    assert not (site / "var").exists()


def test_a_deep_checkout_gets_a_short_socket_path():
    deep = Path("/srv") / ("very-long-name-" * 8) / "var" / "run"
    short = embedded.socket_folder(deep, 1234)
    assert len(str(short / ".s.PGSQL.5432")) <= embedded.LONGEST_SOCKET
    assert short != embedded.socket_folder(deep.with_name("other"), 1234)
    assert embedded.socket_folder(Path("/srv/magflow/var/run"), 1234) == Path(
        "/srv/magflow/var/run"
    )


def test_a_socket_folder_somebody_else_made_is_refused(tmp_path):
    """Whoever makes the short folder first could otherwise read along."""
    planted = tmp_path / "planted"
    planted.mkdir(mode=0o777)
    planted.chmod(0o777)
    with pytest.raises(Refused) as refused:
        embedded.make_private(planted, os.geteuid())
    assert refused.value.status == Exit.NO_ACCESS
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(Refused):
        embedded.make_private(link, os.geteuid())


# --- Started by root ----------------------------------------------------------------------------
@needs_root
def test_as_root_it_runs_as_its_own_account_and_opens_nothing(site):
    before = {path: mode(path) for path in (site, *site.parents)}
    with embedded.lease():
        process = psutil.Process(embedded.here().pid())
        assert process.username() == embedded_root.ACCOUNT
        assert set(process.uids()) == {pwd.getpwnam(embedded_root.ACCOUNT).pw_uid}
        assert ask(embedded.here()) == 1
    assert {path: mode(path) for path in before} == before
    data = (site / "var" / "postgres").resolve()
    assert mode(data) == 0o700
    assert data.owner() == embedded_root.ACCOUNT
    assert mode(data.parent / "run") == 0o700
    # Nothing of the site itself is in the folder that others can look into.
    assert sorted(path.name for path in data.parent.iterdir()) == ["checkout", "data", "run"]


@needs_root
def test_the_umask_does_not_matter(site):
    before = os.umask(0o077)
    try:
        with embedded.lease():
            assert ask(embedded.here()) == 1
    finally:
        os.umask(before)


@needs_root
def test_a_moved_checkout_keeps_its_data(site, monkeypatch):
    with embedded.lease():
        data = embedded.here().data
    moved = site.with_name("moved")
    site.rename(moved)
    monkeypatch.setattr(embedded, "BASE_DIR", moved)
    for module in (embedded, locks):
        monkeypatch.setattr(module, "VAR_DIR", moved / "var")
    with embedded.lease():
        assert embedded.here().data == data
    assert (data.parent / "checkout").read_text() == str(moved)


@needs_root
def test_a_copied_checkout_gets_data_of_its_own(site, monkeypatch):
    with embedded.lease():
        data = embedded.here().data
    copy = site.with_name("copy")
    shutil.copytree(site, copy, symlinks=True)
    monkeypatch.setattr(embedded, "BASE_DIR", copy)
    for module in (embedded, locks):
        monkeypatch.setattr(module, "VAR_DIR", copy / "var")
    with embedded.lease():
        assert embedded.here().data != data
        assert ask(embedded.here()) == 1


@needs_root
def test_without_var_it_begins_afresh_and_keeps_the_old_data_aside(site):
    with embedded.lease():
        data = embedded.here().data
    shutil.rmtree(site / "var")
    with embedded.lease():
        assert embedded.here().data == data
    aside = [path for path in data.parent.parent.iterdir() if path.name.startswith("checkout-")]
    assert len(aside) == 2
    assert all((path / "data" / "PG_VERSION").exists() for path in aside)


@needs_root
def test_root_runs_what_an_ordinary_user_made_as_that_user(site):
    user = pwd.getpwnam("nobody")
    site.chmod(0o755)
    var = site / "var"
    var.mkdir(mode=0o755)
    programs = embedded_root.programs(embedded.package(), embedded.version())
    for path in (var, var / "run"):
        path.mkdir(mode=0o755, exist_ok=True)
        os.chown(path, user.pw_uid, user.pw_gid)
    (var / "run").chmod(0o700)
    Server(var / "postgres", var / "run", var / "log", programs, user, embedded.QUICK).make()
    made = replace(embedded.prepared(), programs=programs)
    assert made.data == var / "postgres"
    try:
        assert made.start() is True
        assert psutil.Process(made.pid()).username() == "nobody"
    finally:
        made.stop()


# --- For one run of the tests -------------------------------------------------------------------
def test_a_throw_away_server_leaves_nothing():
    with throwaway.server() as server:
        assert ask(server, "SHOW fsync") == "off"
        folder, pid = server.data.parent, server.pid()
    assert not folder.exists()
    assert not psutil.pid_exists(pid)


def test_what_a_killed_run_left_is_cleared_up():
    source = (
        "from magflow import throwaway\n"
        "with throwaway.server() as server:\n"
        "    print(server.data.parent, server.pid(), flush=True)\n"
        "    import time; time.sleep(600)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    folder, pid = run.stdout.readline().split()
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert Path(folder).exists()
    with throwaway.server():
        assert not Path(folder).exists()
        until(lambda: not psutil.pid_exists(int(pid)), 10)


def test_it_starts_fast(server):
    """Two seconds once, then a fraction of one: what makes it fit for every command."""
    server.start()
    seconds = []
    for _ in range(3):
        server.stop()
        began = time.monotonic()
        server.start()
        seconds.append(time.monotonic() - began)
    assert min(seconds) < 1.0, seconds
