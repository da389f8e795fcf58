"""One command for a bare machine: database, tables, owner, demo world, web and worker."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

import psutil
from django.conf import settings
from django.core import checks
from django.core.management import BaseCommand, call_command
from django.db import NotSupportedError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from core import companions
from magflow import embedded
from magflow.environment import BASE_DIR, env
from magflow.locks import lock
from magflow.refusal import Exit, Refused, end_like_ctrl_c
from magflow.steps import step
from ops import first_run, launch, leftovers, static_files
from ops.output import Output
from ops.supervisor import Service, Supervisor

READY_SECONDS = 120  # on a busy machine; what cannot work ends before that
MOST_FALLS = 3  # a process that ends this often before it ever worked will not work


class Command(BaseCommand):
    help = "Start MagFlow here: database, web and worker, all in this window. Ctrl+C stops it."
    requires_system_checks = ()  # the web and worker processes make theirs

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the pages (8000)")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--no-demo", action="store_true", help="begin without demo data")
        parser.add_argument(
            "--owner", default=first_run.OWNER_EMAIL, help="e-mail address of the first owner"
        )

    def handle(self, *args: object, **options: Any) -> None:
        host, port = options["host"], options["port"]
        end_like_ctrl_c()  # until the supervisor takes the signals over
        with ExitStack() as stack:
            if not stack.enter_context(lock("up", wait=False)):
                raise already_up()
            self.clear_up()
            launch.refuse_busy_port(host, port)
            service = self.database(stack)
            self.tables()
            self.static_files()
            person, password = self.people(options["owner"], not options["no_demo"])
            self.serve(host, port, service, person, password)

    # --- Steps --------------------------------------------------------------------------------
    def clear_up(self) -> None:
        if leftovers.path("up").exists():
            with step("Leftovers") as note:
                note(f"{leftovers.end('up', patience=10)} processes of a killed start ended")

    def database(self, stack: ExitStack) -> Service | None:
        with step("Database") as note:
            if settings.DATABASE_IS_EMBEDDED:
                started = stack.enter_context(embedded.lease())
                note(f"PostgreSQL {embedded.version()} {'started' if started else 'was running'}")
                return Service("database", embedded.is_ready, embedded.start)
            refuse_unfit_database()
            note(f"{connection.settings_dict['HOST'] or 'local'}, as DATABASE_URL says")
        return None

    def tables(self) -> None:
        with step("Tables") as note:
            executor = MigrationExecutor(connection)
            missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            call_command("migrate", interactive=False, verbosity=0)
            note(f"{missing} migrations applied" if missing else "up to date")

    def static_files(self) -> None:
        if settings.STATIC_IS_COLLECTED:
            with step("Static files") as note:
                note("collected" if static_files.collect() else "unchanged")

    def people(self, email: str, with_demo: bool) -> tuple[User | None, str]:
        """The person to sign in as, and a password if one was made just now."""
        if User.objects.exists():
            return first_run.owner(), ""
        with_demo = with_demo and not settings.PRODUCTION
        with step("Owner and demo" if with_demo else "Owner") as note:
            note(email)
            return first_run.welcome(email, with_demo=with_demo)

    # --- Serving ------------------------------------------------------------------------------
    def serve(
        self, host: str, port: int, service: Service | None, person: User | None, password: str
    ) -> None:
        address = env.str("SITE_URL", default=launch.address(host, port))
        environment = launch.child_environment(address, launch.own_names(host))
        children = [
            *(launch.companion(one, address, environment) for one in companions.wanted()),
            launch.web(host, port, environment),
            launch.worker(environment),
        ]
        connection.close()
        output = Output(sys.stdout)
        supervisor = Supervisor("up", children, output, address, service)
        with supervisor.running():
            with step("Web and worker", alone=False):
                ready = supervisor.run_until(
                    lambda: launch.answers(host, port), READY_SECONDS, MOST_FALLS
                )
            if not ready:
                raise Refused(Exit.START_FAILED, "MagFlow did not start; the lines above say why.")
            if not supervisor.stopping.is_set():
                output.write(welcome(address, person, password))
            supervisor.run()
            output.write("\nStopping web and worker…\n")
        output.write("Stopped.\n")


def refuse_unfit_database() -> None:
    """The database of DATABASE_URL must answer, be new enough, and hold any letter."""
    try:
        connection.ensure_connection()
        wrong = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    except OperationalError as error:
        raise Refused(
            Exit.DATABASE_FAILED, f"DATABASE_URL names a database that does not answer: {error}"
        ) from error
    except NotSupportedError as error:
        raise Refused(
            Exit.OTHER_POSTGRES, f"DATABASE_URL names a database too old: {error}"
        ) from error
    words = [f"{one.msg} {one.hint or ''}".strip() for one in wrong if one.is_serious()]
    if words:
        raise Refused(Exit.OTHER_POSTGRES, "The database of DATABASE_URL: " + " ".join(words))


def welcome(address: str, person: User | None, password: str) -> str:
    seconds = time.time() - psutil.Process().create_time()
    lines = ["", f"MagFlow is ready after {seconds:.1f} s:  {address}"]
    if person:
        lines.append(f"Sign in as   {person.email}")
    if password:
        lines.append(f"Password     {password}   (shown only this once)")
    return "\n".join([*lines, "Ctrl+C stops it.", "", ""])


def already_up() -> Refused:
    running = leftovers.read("up")
    where = f" at {running.address}" if running.address else ""
    who = f" (process {running.supervisor})" if running.supervisor else ""
    return Refused(
        Exit.ALREADY_UP,
        f"MagFlow is already up in {BASE_DIR}{where}{who}. Stop that one first, with Ctrl+C there.",
    )
