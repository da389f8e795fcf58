"""`manage.py test`: pytest, on a PostgreSQL of its own, with its own exit code."""

from pathlib import Path

import pytest

from ops.management.commands.test import is_narrow
from tests.checkout import PATIENCE

pytestmark = pytest.mark.slow

PROBE = """
import os
import pytest
from django.db import connection

@pytest.mark.django_db
def test_database():
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        assert cursor.fetchone() == ("off",)
        cursor.execute("SHOW data_directory")
        folder = cursor.fetchone()[0]
    assert "magflow-test-" in folder
    if "NOTE" in os.environ:
        open(os.environ["NOTE"], "w").write(folder)

@pytest.mark.e2e
def test_browser():
    pass

def test_failing():
    assert "FAIL" not in os.environ
"""


@pytest.fixture(scope="module")
def probe(checkout):
    folder = checkout.path / "tests" / "probe"
    folder.mkdir()
    (folder / "test_probe.py").write_text(PROBE)

    def run(*arguments, **environment):
        # No browser on this PATH, unless one is named.
        environment = {"PATH": "/nowhere", "CHROMIUM": "", **environment}
        return checkout.run("test", "tests/probe", *arguments, timeout=2 * PATIENCE, **environment)

    return run


def test_it_works(probe, checkout):
    done = probe("-q", CHROMIUM="/bin/sh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert not (checkout.var / "postgres").exists()  # the database of the checkout is not touched


def test_without_a_browser_its_tests_skip_and_say_why(probe):
    done = probe("-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed, 1 skipped" in done.stdout
    assert "no Chromium or Chrome was found" in done.stdout
    assert "sudo apt install chromium" in done.stdout


def test_on_a_build_machine_a_missing_browser_is_a_failure(probe):
    done = probe("-q", CI="true")
    assert done.returncode == 1
    assert "2 passed, 1 error" in done.stdout or "2 passed, 1 failed" in done.stdout
    assert "no Chromium or Chrome was found" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "code"),
    [
        (["-k", "failing"], {"FAIL": "yes"}, 1),
        (["-k", "no_such_test"], {}, 5),
        (["--no-such-option"], {}, 4),
        (["-n", "2", "-k", "database"], {}, 0),
    ],
)
def test_the_exit_code_is_pytests(probe, arguments, environment, code):
    done = probe("-q", *arguments, **environment)
    assert done.returncode == code, done.stdout + done.stderr


def test_nothing_stays(probe, tmp_path):
    assert probe("-q", "-k", "database", NOTE=str(tmp_path / "note")).returncode == 0
    folder = Path((tmp_path / "note").read_text())
    assert not folder.parent.exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], False),
        (["-q"], False),
        (["--durations=5", "-x"], False),
        (["tests/unit"], True),
        (["-k", "people"], True),
        (["-n4"], True),
        (["--numprocesses=4"], True),
        (["--version"], True),
        (["--lf"], True),
    ],
)
def test_a_few_tests_run_in_one_process(arguments, expected):
    assert is_narrow(arguments) is expected
