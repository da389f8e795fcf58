"""Makes a bare checkout runnable: virtual environment, requirements, re-exec.

Standard library only: this runs before anything is installed. A stamp inside the virtual
environment tells whether it is whole: it names what was installed, and while an install is at work
it says so. What was cut off half-way is made anew by the next command.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from magflow.refusal import (
    Exit,
    Refused,
    disk_troubles,
    end_like_ctrl_c,
    free_megabytes,
    need_space,
    no_space,
)
from magflow.steps import step

BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
STAMP = VENV / "magflow.json"
PYTHON = VENV / "bin" / "python"
RUN = "requirements.txt"
DEVELOP = "requirements-dev.txt"
AT_WORK = "being installed"
# What the environment takes on disk, with room for the download cache beside it.
VENV_MEGABYTES = {RUN: 600, DEVELOP: 900}


def ensure(argv: list[str]) -> None:
    """Return where Django can be imported; a bare interpreter makes .venv and starts over in it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "magflow.settings")
    command = argv[1] if len(argv) > 1 else "help"
    if command == "up":
        # Compiled once and kept, or each of its processes would compile everything at every start.
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    wanted = [RUN, DEVELOP] if command in {"test", "bench"} else [RUN]
    if Path(sys.prefix).resolve() == VENV.resolve() or has_packages(wanted):
        return  # somebody chose this interpreter: theirs to look after
    if missing(wanted):
        end_like_ctrl_c()
        with disk_troubles(BASE_DIR), only_one():
            left = missing(wanted)  # another start may have done it while we waited
            stream = sys.stdout if command == "up" else sys.stderr
            if left:
                with step("Python environment", stream) as note:
                    note(install(left))
    os.execv(PYTHON, [str(PYTHON), *argv])  # noqa: S606  same program, other interpreter


def has_packages(wanted: list[str]) -> bool:
    """Whether this interpreter holds what is needed, as in a container; another project's won't."""
    try:
        for name in wanted:
            for package in packages(BASE_DIR / name):
                importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def packages(requirements: Path) -> list[str]:
    """The pinned names, without those that only some systems need."""
    lines = requirements.read_text().splitlines()
    return [line.split("==")[0] for line in lines if line[:1].isalnum() and ";" not in line]


def missing(wanted: list[str]) -> list[str]:
    """The requirement files that .venv does not fully hold, in the order to install them."""
    if not PYTHON.exists():
        return wanted
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return wanted
    if stamp.get("python") != python_version():
        return wanted
    return [name for name in wanted if stamp.get(name) != fingerprint(name)]


def install(names: list[str]) -> str:
    """Bring .venv up to `names`, making or remaking it where that is the only way; say how."""
    need_space(BASE_DIR, VENV_MEGABYTES[names[-1]], "The Python environment")
    uv = shutil.which("uv")
    stamp = read_stamp()
    if not is_usable(uv, stamp):
        remove()
        make(uv)
        stamp = {"python": python_version()}
        names = [RUN, DEVELOP] if DEVELOP in names else [RUN]
    for name in names:
        write_stamp({**stamp, AT_WORK: name})
        fill(uv, name)
        stamp[name] = fingerprint(name)
        write_stamp(stamp)
    return f"installed with {'uv' if uv else 'pip'}"


def is_usable(uv: str | None, stamp: dict[str, str]) -> bool:
    """Whether packages can be installed into the .venv that is there.

    Not after a cut-off install: a package may be half there, and the installer believe in it.
    """
    if not PYTHON.exists() or AT_WORK in stamp:
        return False
    if stamp.get("python", python_version()) != python_version():
        return False
    probe = "import sys" if uv else "import pip"
    try:
        done = subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0


def make(uv: str | None) -> None:
    if uv:
        run(
            [uv, "venv", "--quiet", "--python", sys.executable, str(VENV)],
            "uv could not make .venv",
        )
        return
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Refused(
            Exit.NO_VENV_MODULE,
            f"This Python ({sys.executable}) has no venv module, which MagFlow needs once. "
            f"On Debian and Ubuntu: sudo apt install python{python_version()}-venv. "
            "Then start again.",
        )
    run([sys.executable, "-m", "venv", str(VENV)], "Python could not make .venv")


def fill(uv: str | None, name: str) -> None:
    """Install one requirements file; every package must match its pinned hash."""
    if uv:
        # Compiled once here, or every later start would compile again.
        flags = ["--quiet", "--compile-bytecode", "--python", str(PYTHON)]
        command = [uv, "pip", "install", *flags]
    else:
        command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input"]
        command += ["--disable-pip-version-check", "--progress-bar", "off"]
    run(
        [*command, "--require-hashes", "-r", str(BASE_DIR / name)],
        f"The packages of {name} could not be installed",
    )


def run(command: list[str], failure: str) -> None:
    """Run an installer quietly; when it fails, its last words become ours.

    In a group of its own: whatever stops us must stop the helpers it has started as well.
    """
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as installer:
        try:
            said, _ = installer.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(installer.pid, signal.SIGKILL)
            raise
    if installer.returncode == 0:
        return
    if "No space left on device" in said or free_megabytes(BASE_DIR) < 1:
        raise no_space(VENV)
    words = "\n".join("  " + line for line in said.strip().splitlines()[-6:])
    raise Refused(
        Exit.INSTALL_FAILED,
        f"{failure}:\n{words}\nWhat is there already is kept: start again to go on.",
    )


def remove() -> None:
    """Clear away a .venv beyond repair. A link is only unlinked: its target is not ours."""
    if VENV.is_symlink():
        VENV.unlink()
    else:
        shutil.rmtree(VENV, ignore_errors=True)


def python_version() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def fingerprint(name: str) -> str:
    return hashlib.sha256((BASE_DIR / name).read_bytes()).hexdigest()


def read_stamp() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def write_stamp(stamp: dict[str, str]) -> None:
    partial = STAMP.with_suffix(".part")
    partial.write_text(json.dumps(stamp, indent=1))
    partial.replace(STAMP)


@contextmanager
def only_one() -> Iterator[None]:
    """Two first starts at once would install over each other; the second waits for the first."""
    var = BASE_DIR / "var"
    var.mkdir(mode=0o700, exist_ok=True)
    with (var / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
