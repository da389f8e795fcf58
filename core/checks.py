"""What must hold before MagFlow may run; `manage.py check`, and `check --deploy` for production."""

import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from core import crypto

OLDEST_POSTGRESQL = 15
PLACEHOLDER = "insecure-"


def register_own() -> None:
    """Called once, from CoreConfig.ready()."""
    register(check_postgresql, Tags.database)
    register(check_queue)
    register(check_pool)
    register(check_field_key, Tags.security)
    register(check_secrets, Tags.security, deploy=True)
    register(check_database_for_production, Tags.security, deploy=True)


def check_postgresql(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The server is PostgreSQL, new enough, and speaks UTF-8."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if connection.vendor != "postgresql":
            found.append(Error("MagFlow runs on PostgreSQL only.", id="core.E001"))
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int / 10000,"
                           " current_setting('server_encoding')")  # fmt: skip
            version, encoding = cursor.fetchone()
        if version < OLDEST_POSTGRESQL:
            hint = f"It is {version}; install {OLDEST_POSTGRESQL} or newer."
            found.append(Error("PostgreSQL is too old.", hint=hint, id="core.E002"))
        if encoding != "UTF8":
            hint = "Create it with: createdb --encoding=UTF8 --template=template0"
            found.append(Error(f"The database is in {encoding}.", hint=hint, id="core.E003"))
    return found


def check_queue(**kwargs: Any) -> list[CheckMessage]:
    """The settings of django-q2 without which tasks run twice, vanish, or repeat for ever."""
    queue = settings.Q_CLUSTER
    # A task waits inside the cluster behind queue_limit others before its own time begins.
    behind = 1 + queue.get("queue_limit", 0) / max(1, queue.get("workers") or 1)
    rules = [
        (queue.get("timeout"), "timeout must be set: a job that hangs would hold its worker."),
        (
            queue.get("retry", 60) > (queue.get("timeout") or 0) * behind,
            "retry must be longer than a task can wait and run, or it is started twice.",
        ),
        (queue.get("orm") == "default", 'orm must be "default": jobs are queued in transactions.'),
        (queue.get("ack_failures") is True, "ack_failures must be True, or failures repeat."),
        (queue.get("max_attempts") == 1, "max_attempts must be 1: we repeat what may be repeated."),
        (queue.get("catch_up") is False, "catch_up must be False, or missed jobs pile up."),
    ]
    return [Error(f"Q_CLUSTER: {words}", id="core.E010") for kept, words in rules if not kept]


def check_pool(**kwargs: Any) -> list[CheckMessage]:
    """Workers are forked: they would all talk through the same pooled sockets."""
    is_worker = "qcluster" in sys.argv[1:2]
    pooled = settings.DATABASES["default"].get("OPTIONS", {}).get("pool")
    if is_worker and pooled:
        hint = "Unset DB_POOL for this process; only the web process may have it."
        return [Error("The worker must not use a connection pool.", hint=hint, id="core.E011")]
    return []


def check_field_key(**kwargs: Any) -> list[CheckMessage]:
    try:
        crypto.decrypt(crypto.encrypt("MagFlow"))
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="core.E020")]
    return []


def check_secrets(**kwargs: Any) -> list[CheckMessage]:
    """In production both keys are set, and not to the same value."""
    names = ("SECRET_KEY", "FIELD_KEY")
    found: list[CheckMessage] = [
        Error(f"{name} is not set to a secret of its own.", id="core.E021")
        for name in names
        if not getattr(settings, name, "") or PLACEHOLDER in getattr(settings, name)
    ]
    if settings.SECRET_KEY == settings.FIELD_KEY:
        found.append(Error("SECRET_KEY and FIELD_KEY must differ.", id="core.E022"))
    if not settings.PRODUCTION:
        hint = "Give SITE_URL an https address: keys, cookies and headers then become strict."
        found.append(Warning("This is not set up as a production site.", hint=hint, id="core.W023"))
    return found


def check_database_for_production(**kwargs: Any) -> list[CheckMessage]:
    if settings.DATABASE_IS_EMBEDDED:
        hint = "Set DATABASE_URL to a PostgreSQL server of your own, with backups."
        return [Error("The embedded database is not for production.", hint=hint, id="core.E024")]
    return []
