"""manage.py emag_simulator: a marketplace to practise with, on this machine."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from emag.simulator import program


class Command(BaseCommand):
    help = "Run the eMAG simulator until it is stopped. It needs no database."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        program.add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        namespace = type("Options", (), options)
        code = program.run(namespace, lambda text: self.stdout.write(text))
        if code:
            sys.exit(code)
