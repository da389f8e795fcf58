"""The PostgreSQL of a test run: started before the first test, gone after the last."""

import os
import re
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from magflow import throwaway
from magflow.environment import Environment

stack = pytest.StashKey[ExitStack]()
log = pytest.StashKey[Path]()
# What the server says when it is in trouble itself, which no failing test could tell.
TROUBLE = re.compile(r"PANIC|terminated by signal|out of memory|No space left|shut down request")


def begin(config):
    """Start the server, unless DATABASE_URL names one. Workers of pytest-xdist share it."""
    if os.environ.get("DATABASE_URL") or hasattr(config, "workerinput"):
        return
    from django.conf import settings

    # Whoever ends the run with SIGTERM must not leave a server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.stash[stack] = ExitStack()
    server = config.stash[stack].enter_context(throwaway.server())
    config.stash[log], url = server.log, server.url
    os.environ["DATABASE_URL"] = url
    address = Environment.database_config(url)
    settings.DATABASES["default"].update(
        {key: address[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    )


def end(config):
    if stack in config.stash:
        os.environ.pop("DATABASE_URL", None)
        for line in config.stash[log].read_text(errors="replace").splitlines():
            if TROUBLE.search(line):
                print(f"PostgreSQL of the tests: {line}", file=sys.stderr)
        config.stash[stack].close()
