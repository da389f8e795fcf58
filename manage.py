#!/usr/bin/env python3
"""MagFlow's one entry point. On a bare checkout it makes its own environment first."""

import os
import sys
from pathlib import Path


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  said in words an older Python can still say
        found = ".".join(map(str, sys.version_info[:2]))
        sys.stderr.write("MagFlow needs Python 3.11 or newer; this is Python " + found + ".\n")
        sys.exit(10)
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from magflow import bootstrap
    from magflow.refusal import Refused

    try:
        bootstrap.ensure(sys.argv)
        run(sys.argv)
    except Refused as refused:
        sys.stderr.write(f"magflow: {refused.sentence}\n")
        sys.exit(refused.status)
    except BrokenPipeError:  # what we print to, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)  # what shells say for that
    except KeyboardInterrupt:
        sys.stderr.write("\nmagflow: stopped.\n")
        sys.exit(130)  # what shells say for Ctrl+C


def run(argv: list[str]) -> None:
    from django.core.management import execute_from_command_line

    from magflow import embedded

    with embedded.serving(argv):
        execute_from_command_line(argv)


if __name__ == "__main__":
    main()
