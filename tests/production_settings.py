"""What a production site runs with; only the collected static files lie elsewhere."""

import os

from magflow.settings import *  # noqa: F403

STATIC_ROOT = os.environ["TEST_STATIC_ROOT"]
