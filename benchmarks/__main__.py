"""python3 manage.py bench: the database is there, Django is not yet."""

import sys

import django

django.setup()

from benchmarks.run import main  # noqa: E402 - models cannot be imported before setup

sys.exit(main(sys.argv[1:]))
