"""The virtual environment of a bare checkout, made for real from a package of one file."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import psutil
import pytest

from magflow import bootstrap
from magflow.environment import BASE_DIR
from magflow.refusal import Exit, Refused
from tests.checkout import until

pytestmark = pytest.mark.slow

BARE = getattr(sys, "_base_executable", sys.executable)
IS_ROOT = os.geteuid() == 0
# The real manage.py, with a command in it that only needs what was installed.
PROBE = """
import sys
import manage

def run(argv):
    import sample
    print("inside", sys.prefix, "with", sample.VERSION, *argv[1:])

manage.run = run
manage.main()
"""


class Bare:
    """The few files that bootstrap.py knows of, with requirements that take no network."""

    def __init__(self, path):
        self.path = path
        self.wheels = path / "wheels"
        self.wheels.mkdir(parents=True)
        (path / "magflow").mkdir()
        for name in ("__init__.py", "bootstrap.py", "refusal.py", "steps.py"):
            shutil.copy(BASE_DIR / "magflow" / name, path / "magflow" / name)
        shutil.copy(BASE_DIR / "manage.py", path)
        (path / "probe.py").write_text(PROBE)
        self.require("requirements.txt", "sample", "1.0")
        self.require("requirements-dev.txt", "helper", "1.0")

    def require(self, file, name, version, digest=""):
        wheel = self.wheels / f"{name}-{version}-py3-none-any.whl"
        facts = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{name}.py", f"VERSION = '{version}'\n")
            archive.writestr(
                f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
            archive.writestr(
                f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{facts}/RECORD", f"{name}.py,,\n{facts}/METADATA,,\n")
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.path / file).write_text(f"{name}=={version} --hash=sha256:{digest}\n")

    def start(self, *arguments, path="/usr/bin:/bin", python=BARE, **options):
        environment = {
            "PATH": path,
            "HOME": str(self.path),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
        }
        return subprocess.Popen(
            [python, "probe.py", *arguments],
            cwd=self.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments, **options):
        process = self.start(*arguments, **options)
        process.out, process.err = process.communicate(timeout=120)
        return process

    def installed(self):
        return {path.stem for path in self.path.glob(".venv/lib/python*/site-packages/*.py")}


def python_for_all():
    """An interpreter that an ordinary user can reach, even where ours is below /root."""
    for python in (BARE, "/usr/bin/python3"):
        probe = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(probe, user="nobody", extra_groups=[]).returncode == 0:
                return python
        except OSError:
            continue
    return pytest.skip("no Python 3.11 that an ordinary user could run")


@pytest.fixture
def bare(tmp_path):
    return Bare(tmp_path / "checkout")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One whole environment, for tests that damage a copy of it."""
    bare = Bare(tmp_path_factory.mktemp("made") / "checkout")
    assert bare.run("up").returncode == 0
    return bare


@pytest.fixture
def whole(made):
    """The whole environment, as it was before the last test damaged it."""
    shutil.copytree(made.path, made.path.with_name("kept"), symlinks=True)
    yield made
    shutil.rmtree(made.path)
    made.path.with_name("kept").rename(made.path)


def test_it_works(bare):
    first = bare.run("up", "--port", "8001")
    assert first.returncode == 0, first.err
    assert first.out.splitlines()[0].startswith("  Python environment    installed with pip")
    assert f"inside {bare.path}/.venv with 1.0 up --port 8001" in first.out
    assert bare.installed() >= {"sample"}
    second = bare.run("up")
    assert second.out == f"inside {bare.path}/.venv with 1.0 up\n"  # and not a word more


def test_an_environment_that_has_everything_is_used_as_it_is(whole):
    """As in a container, or when a developer calls .venv/bin/python."""
    elsewhere = whole.path.with_name("elsewhere")
    (whole.path / ".venv").rename(elsewhere)
    done = whole.run("up", python=str(elsewhere / "bin" / "python"))
    assert f"inside {elsewhere} with 1.0 up" in done.out, done.err
    assert not (whole.path / ".venv").exists()
    shutil.rmtree(elsewhere)


def test_the_environment_of_another_project_is_not(bare):
    other = bare.path / "other"
    subprocess.run([BARE, "-m", "venv", "--without-pip", str(other)], check=True)
    done = bare.run("up", python=str(other / "bin" / "python"))
    assert f"inside {bare.path}/.venv with 1.0 up" in done.out, done.err


def test_other_commands_keep_their_output_clean(whole):
    shutil.rmtree(whole.path / ".venv")
    done = whole.run("showmigrations")
    assert done.out == f"inside {whole.path}/.venv with 1.0 showmigrations\n"
    assert "Python environment" in done.err


def test_test_also_installs_the_test_tools(whole):
    assert "helper" not in whole.installed()
    assert whole.run("test", "-q").returncode == 0
    assert whole.installed() >= {"sample", "helper"}


def cut_off(venv):
    """Killed while it unpacked: pip itself would believe that the package is there."""
    for path in venv.glob("lib/python*/site-packages/sample.py"):
        path.unlink()
    stamp = json.loads((venv / "magflow.json").read_text())
    del stamp[bootstrap.RUN]
    (venv / "magflow.json").write_text(json.dumps({**stamp, bootstrap.AT_WORK: bootstrap.RUN}))


def remove_python(venv):
    for path in (venv / "bin").glob("python*"):
        path.unlink()


def break_link(venv):
    remove_python(venv)
    (venv / "bin" / "python").symlink_to("/nowhere/python3")


def remove_pip(venv):
    for path in venv.glob("lib/python*/site-packages/pip"):
        shutil.rmtree(path)
    (venv / "magflow.json").unlink()


def only_a_folder(venv):
    shutil.rmtree(venv)
    venv.mkdir()


def other_version(venv):
    stamp = json.loads((venv / "magflow.json").read_text())
    (venv / "magflow.json").write_text(json.dumps({**stamp, "python": "3.4"}))


def torn_stamp(venv):
    (venv / "magflow.json").write_text('{"python": "3.')


DAMAGES = [cut_off, remove_python, break_link, remove_pip, only_a_folder, other_version]


@pytest.mark.parametrize("damage", [*DAMAGES, torn_stamp])
def test_a_half_made_environment_is_noticed(whole, damage, monkeypatch):
    venv = whole.path / ".venv"
    monkeypatch.setattr(bootstrap, "BASE_DIR", whole.path)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", venv / "magflow.json")
    monkeypatch.setattr(bootstrap, "python_version", lambda: json.loads(stamp)["python"])
    stamp = (venv / "magflow.json").read_text()
    assert bootstrap.missing([bootstrap.RUN]) == []
    damage(venv)
    assert bootstrap.missing([bootstrap.RUN]) == [bootstrap.RUN]
    # Without a stamp that can be read, pip is asked to look; otherwise only a new one will do.
    assert bootstrap.is_usable(None, bootstrap.read_stamp()) is (damage is torn_stamp)


@pytest.mark.parametrize("damage", [cut_off, break_link])
def test_a_half_made_environment_is_repaired(whole, damage):
    damage(whole.path / ".venv")
    done = whole.run("up")
    assert done.returncode == 0, done.err
    assert f"inside {whole.path}/.venv with 1.0 up" in done.out


def test_changed_requirements_are_installed(whole):
    whole.require("requirements.txt", "sample", "1.1")
    assert "with 1.1 up" in whole.run("up").out


def test_a_package_that_is_not_what_was_pinned_is_refused(whole):
    whole.require("requirements.txt", "sample", "1.2", digest="0" * 64)
    refused = whole.run("up")
    assert refused.returncode == Exit.INSTALL_FAILED
    assert "The packages of requirements.txt could not be installed" in refused.err
    assert "hash" in refused.err.lower()
    assert "Traceback" not in refused.err
    whole.require("requirements.txt", "sample", "1.2")
    assert "with 1.2 up" in whole.run("up").out


def test_two_first_starts_at_once(bare):
    starts = [bare.start("up"), bare.start("up")]
    said = [start.communicate(timeout=120) for start in starts]
    assert [start.returncode for start in starts] == [0, 0], said
    assert sum("Python environment" in out for out, _err in said) == 1


def test_uv_is_used_when_there(bare):
    """With a uv that writes down what it is asked, and does it with pip."""
    tools = bare.path / "tools"
    tools.mkdir()
    (tools / "uv").write_text(
        f'#!/bin/sh\necho "$@" >> {tools}/asked\n'
        f'[ "$1" = venv ] && exec {BARE} -m venv .venv\n'
        'while [ "$1" != -r ]; do shift; done\n'
        'exec .venv/bin/python -m pip install --quiet --require-hashes "$@"\n'
    )
    (tools / "uv").chmod(0o755)
    done = bare.run("up", path=f"{tools}:/usr/bin:/bin")
    assert done.returncode == 0, done.err
    assert "installed with uv" in done.out
    venv, install = (tools / "asked").read_text().splitlines()
    assert venv == f"venv --quiet --python {BARE} {bare.path}/.venv"
    assert "--require-hashes" in install
    assert "--compile-bytecode" in install


def test_missing_venv_module(monkeypatch, tmp_path):
    """As on a Debian without python3-venv, where the module is there but ensurepip is not."""
    find = bootstrap.importlib.util.find_spec
    monkeypatch.setattr(
        bootstrap.importlib.util,
        "find_spec",
        lambda name: None if name == "ensurepip" else find(name),
    )
    with pytest.raises(Refused) as refused:
        bootstrap.make(None)
    assert refused.value.status == Exit.NO_VENV_MODULE
    assert "sudo apt install python3" in refused.value.sentence


def test_old_python(tmp_path):
    pretend = (
        "import sys, runpy; sys.version_info = (3, 9, 2); sys.argv = ['manage.py', 'up'];"
        f"runpy.run_path({str(BASE_DIR / 'manage.py')!r}, run_name='__main__')"
    )
    refused = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)
    assert refused.returncode == Exit.OLD_PYTHON
    assert refused.stderr == "MagFlow needs Python 3.11 or newer; this is Python 3.9.\n"


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system with two megabytes, one of them free."""
    if not IS_ROOT:
        pytest.skip("only root can mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a small file system")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_no_space_is_told_before_anything_is_written(tiny_disk):
    bare = Bare(tiny_disk / "checkout")
    refused = bare.run("up")
    assert refused.returncode == Exit.NO_SPACE
    assert "The Python environment needs about 600 MB" in refused.err
    assert not (bare.path / ".venv").exists()


def test_no_space_half_way(tiny_disk):
    bare = Bare(tiny_disk / "checkout")
    source = bare.path / "magflow" / "bootstrap.py"
    source.write_text(source.read_text().replace("RUN: 600", "RUN: 0"))
    refused = bare.run("up")
    assert refused.returncode == Exit.NO_SPACE, refused.err
    assert "There is no space left on the disk" in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.skipif(not IS_ROOT, reason="needs a second user, which only root can become")
def test_somebody_elses_checkout():
    """Readable, but not writable: the sentence names the owner."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        bare = Bare(Path(folder) / "checkout")
        refused = bare.run("up", python=python_for_all(), user="nobody", extra_groups=[])
    assert refused.returncode == Exit.NO_ACCESS
    assert "nobody may not write" in refused.err
    assert "belongs to root" in refused.err
    assert "Traceback" not in refused.err


def test_an_interrupted_install_stops_its_helpers(bare):
    """Ctrl+C in the middle: one line, no traceback, and nothing goes on installing."""
    slow = bare.path / "tools"
    slow.mkdir()
    (slow / "uv").write_text("#!/bin/sh\nsleep 600 &\necho $! > helper\nwait\n")
    (slow / "uv").chmod(0o755)
    start = bare.start("up", path=f"{slow}:/usr/bin:/bin")
    helper = bare.path / "helper"
    until(lambda: helper.exists() and helper.read_text().strip(), 30)
    start.send_signal(signal.SIGTERM)
    _out, err = start.communicate(timeout=30)
    assert start.returncode == 130
    assert err == "\nmagflow: stopped.\n"
    until(lambda: not psutil.pid_exists(int(helper.read_text())), 10, "the helper is gone")
