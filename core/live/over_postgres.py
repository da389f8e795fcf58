"""Live hints over PostgreSQL's NOTIFY and LISTEN: nothing else to install or to lose."""

import asyncio
from typing import Any

import psycopg
from django.db import DatabaseError, connection, connections

from core.live.transport import Hear, Ready
from core.quiet import quiet_logger

logger = quiet_logger(__name__)

CHANNEL = "magflow_live"  # PostgreSQL keeps the channels of different databases apart
NOTIFY = "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload"
FAILURES: tuple[type[BaseException], ...] = (OSError, TimeoutError, psycopg.Error)
CHECK_EVERY = 10.0  # a line that was cut without a word is found after this and the patience below
PATIENCE = 5.0


def send(texts: list[str]) -> None:
    """Outside a transaction; inside one core.postgres sends them with the commit."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(NOTIFY, [CHANNEL, texts])
    except DatabaseError as error:
        logger.warning("Live hints were lost, the database did not take them: %s", error)


async def listen(hear: Hear, ready: Ready) -> None:
    """On a connection of its own: a pooled one would have to be given back."""
    async with asyncio.timeout(PATIENCE):
        link = await psycopg.AsyncConnection.connect(**_address(), autocommit=True)
    async with link:
        await link.execute(f"LISTEN {CHANNEL}")
        ready()
        while True:
            async for notice in link.notifies(timeout=CHECK_EVERY):
                hear(notice.payload)
            async with asyncio.timeout(PATIENCE):
                await link.execute("SELECT 1")


def _address() -> dict[str, Any]:
    """Django's connection parameters without what is only for its own, synchronous connections."""
    parameters = connections["default"].get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    return {**parameters, "application_name": "magflow live"}
