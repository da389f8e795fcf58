from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import jobs
from core.models import JobRun, JobStatus

BUSY = 3


class Command(BaseCommand):
    help = "Run a background job here and now, to its end. Exit code 1: it failed, 3: it was busy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help='such as "core.purge_runs"; none lists all')
        parser.add_argument("--key", default="", help="only this one of those the job runs for")
        parser.add_argument("--account", default="", metavar="NAME", help="only this account")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["name"]:
            return self._list()
        spec = jobs.find(options["name"])
        if spec is None:
            raise CommandError(f"There is no job called {options['name']}.", returncode=2)
        keys = self._keys(spec, options["key"], options["account"])
        runs = [self._run(spec, key) for key in keys]
        statuses = {run.status for run in runs}
        if JobStatus.FAILED in statuses:
            raise CommandError("It failed.", returncode=1)
        if JobStatus.SKIPPED in statuses:
            raise CommandError("It is already running elsewhere.", returncode=BUSY)
        return None

    def _keys(self, spec: jobs.JobSpec, key: str, account: str) -> list[str]:
        if account:
            found = jobs.key_called(spec, account) if spec.per == "account" else None
            if found is None:
                raise CommandError(
                    f"There is no account called {account}."
                    if spec.per == "account"
                    else f"{spec.name} does not run per account.",
                    returncode=2,
                )
            return [found]
        return [key] if key else jobs.keys_of(spec)

    def _list(self) -> None:
        for spec in jobs.all_jobs():
            self.stdout.write(f"{spec.name:40} {spec.title}")

    def _run(self, spec: jobs.JobSpec, key: str) -> JobRun:
        run = jobs.run_here(spec.name, key)
        counted = ", ".join(f"{name} {number}" for name, number in run.counters.items())
        took = run.took.total_seconds() if run.took else 0
        words = [
            f"{spec.name} {key}".strip() + ":",
            run.status,
            f"in {took:.1f} s",
            counted,
            run.error,
        ]
        self.stdout.write(" ".join(word for word in words if word))
        return run
