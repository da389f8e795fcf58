"""One command for the whole test suite. The rest is pytest, down to the exit code."""

from __future__ import annotations

import importlib.util
import os
import sys

from django.core.management import BaseCommand

from magflow.environment import BASE_DIR
from magflow.refusal import Exit, Refused

# With one of these, or a path, only some tests are wanted: soon done, and easier to follow in line.
NARROW = frozenset(
    "-k -m -n -s -h --help --version --numprocesses --pdb --lf --last-failed --sw --stepwise "
    "--co --collect-only --fixtures --markers".split()
)
ON_ALL_CORES = ("-n", "logical", "--maxprocesses", "8", "--dist", "loadgroup")


class Command(BaseCommand):
    help = "Run the tests on a PostgreSQL of their own. Takes every argument that pytest takes."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Become pytest, so that signals and the exit code are its own."""
        if importlib.util.find_spec("pytest") is None:
            raise Refused(
                Exit.INSTALL_FAILED,
                "This environment has no test tools. python3 manage.py test, with a Python outside "
                "of it, installs them; so does pip install -r requirements-dev.txt.",
            )
        given = argv[2:]
        options = [] if is_narrow(given) else ON_ALL_CORES
        # Ours is magflow.settings by now; pytest finds its own in pyproject.toml.
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
        os.chdir(BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *options, *given])  # noqa: S606


def is_narrow(arguments: list[str]) -> bool:
    """Whether the arguments choose some of the tests, or say themselves how to spread them."""
    return any(
        not word.startswith("-") or word.split("=")[0] in NARROW or word.startswith("-n")
        for word in arguments
    )
