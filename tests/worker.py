"""A real worker for tests: `python -m tests.worker '{"retry": 5}'` on the database of the test."""

import json
import os
import sys


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    from tests import settings

    settings.Q_CLUSTER |= json.loads(sys.argv[1])  # before django_q reads it
    sys.argv[1:] = ["qcluster"]

    import django

    django.setup()
    from django.core.management import call_command

    import tests.work  # noqa: F401 - registers the jobs

    call_command("qcluster", skip_checks=True)


if __name__ == "__main__":
    main()
