"""`manage.py worker`: the worker under its watchdog, for systemd, containers and platforms."""

import signal

import pytest

from magflow.refusal import Exit
from tests.checkout import Running, until

pytestmark = pytest.mark.slow


def test_it_works(checkout):
    assert checkout.run("migrate").returncode == 0
    with Running(checkout, "worker", DB_POOL="true") as running:
        worker = running.a("worker")
        assert "DB_POOL" not in worker.environ()  # forked processes cannot share a pool
        worker.kill()
        again = running.other("worker", than=worker.pid)
        assert running.says(r"worker +\| ended with code -9; it starts again in 0.5 s")
        until(lambda: len(again.children(recursive=True)) >= 5, what=running.text)
        second = checkout.run("worker")
        assert second.returncode == Exit.ALREADY_UP
        assert "already running here" in second.stderr
        assert running.stop(signal.SIGTERM) == 0
    assert checkout.processes() == []
    assert not (checkout.var / "worker.json").exists()
