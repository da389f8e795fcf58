"""One command for the benchmarks: a throw-away PostgreSQL, then every figure beside its bar."""

from __future__ import annotations

import os
import subprocess
import sys

from django.core.management import BaseCommand

from magflow import throwaway
from magflow.environment import BASE_DIR


class Command(BaseCommand):
    help = "Measure lists, exports, live hints and start-up. Names choose: bench lists exports."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """The database must be known before the settings are read, hence a process of its own."""
        with throwaway.server() as server:
            environment = {**os.environ, "DATABASE_URL": server.url, "DB_POOL": "true"}
            done = subprocess.run(  # noqa: S603 - our own module
                [sys.executable, "-m", "benchmarks", *argv[2:]],
                cwd=BASE_DIR, env=environment, check=False,
            )  # fmt: skip
        sys.exit(done.returncode)
