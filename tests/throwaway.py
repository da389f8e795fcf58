"""The PostgreSQL of a test run: started before the first test, gone after the last."""

import os
import signal
from contextlib import ExitStack

import pytest

from magflow import throwaway
from magflow.environment import Environment

stack = pytest.StashKey[ExitStack]()


def begin(config):
    """Start the server, unless DATABASE_URL names one. Workers of pytest-xdist share it."""
    if os.environ.get("DATABASE_URL") or hasattr(config, "workerinput"):
        return
    from django.conf import settings

    # Whoever ends the run with SIGTERM must not leave a server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.stash[stack] = ExitStack()
    url = config.stash[stack].enter_context(throwaway.server()).url
    os.environ["DATABASE_URL"] = url
    address = Environment.database_config(url)
    settings.DATABASES["default"].update(
        {key: address[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    )


def end(config):
    if stack in config.stash:
        os.environ.pop("DATABASE_URL", None)
        config.stash[stack].close()
