"""The database backend (ENGINE = "core.postgres")."""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from core import live
from core.live import over_postgres
from core.live.transport import transport


class DatabaseWrapper(base.DatabaseWrapper):
    """Knows the one moment Django has no hook for: after the last statement, before the commit.

    pg_notify has to run there, so that PostgreSQL itself ties hint and change together. Django's
    on_commit runs later, when a crash could part them, and it forgets what a savepoint that was
    rolled back had registered; hints survive that, since one too many only costs a second look.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hints = live.Pending()

    @property
    def in_transaction(self) -> bool:
        """Inside atomic(), or between statements of a transaction that is managed by hand."""
        return self.in_atomic_block or (self.connection is not None and not self.autocommit)

    def connect(self) -> None:
        self.hints = live.Pending()  # a lost connection took its transaction with it
        super().connect()

    def _commit(self) -> None:
        texts = self.hints.take()
        if texts and self.connection.info.transaction_status == TransactionStatus.INERROR:
            texts = []  # an error was swallowed on the way: this commit is going to be a rollback
        if texts and not settings.REDIS_URL:
            with self.wrap_database_errors:
                self.connection.execute(over_postgres.NOTIFY, [over_postgres.CHANNEL, texts])
        super()._commit()  # type: ignore[misc]
        if texts and settings.REDIS_URL:
            transport().send(texts)

    def _rollback(self) -> None:
        self.hints = live.Pending()
        super()._rollback()  # type: ignore[misc]
