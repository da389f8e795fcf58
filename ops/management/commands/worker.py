"""The worker with its watchdog, for machines where something else than `up` starts processes."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management import BaseCommand

from magflow.locks import lock
from magflow.refusal import Exit, Refused
from ops import launch, leftovers
from ops.output import Output
from ops.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run the background worker, and restart it when it falls or only looks alive."
    requires_system_checks = ()  # the worker process makes its own

    def handle(self, *args: object, **options: Any) -> None:
        with lock("worker", wait=False) as free:
            if not free:
                raise Refused(
                    Exit.ALREADY_UP,
                    "A worker is already running here. WORKERS says how many jobs it does at once.",
                )
            leftovers.end("worker", patience=10)
            environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
            supervisor = Supervisor("worker", [launch.worker(environment)], Output(sys.stdout))
            with supervisor.running():
                supervisor.run()
