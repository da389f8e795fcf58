"""Live hints: say that something changed; open pages then re-read themselves.

A hint is a topic and the ids of the rows that changed, nothing more. It is sent with the
transaction that made the change and never for one that was rolled back. Nothing depends on its
arrival: a page that may have missed hints re-reads itself (`live:resync`).
"""

import threading
from typing import TYPE_CHECKING, cast

from django.db import connection

from core.live.hints import Hint, is_topic
from core.live.transport import inside_event_loop, transport

if TYPE_CHECKING:
    from core.postgres.base import DatabaseWrapper

# The topic under which changes of people (role, right to sign in) are told: it makes sockets ask
# again whom they serve.
PEOPLE = "people"

_permissions: dict[str, str | None] = {}


class Pending:
    """The hints of the running transaction, one for each topic."""

    def __init__(self) -> None:
        self.by_topic: dict[str, Hint] = {}

    def add(self, hint: Hint) -> None:
        before = self.by_topic.get(hint.topic)
        self.by_topic[hint.topic] = before.merged(hint) if before else hint

    def take(self) -> list[str]:
        texts = [hint.text for hint in self.by_topic.values()]
        self.by_topic.clear()
        return texts


def touch(topic: str, *pks: int) -> None:
    """Tell every open page that shows `topic` that these rows changed, with the commit.

    Without ids it says "something changed here". Call it as often as is handy: a transaction sends
    one hint for a topic, with the ids of all its calls. Outside a transaction it is sent at once.
    """
    if not is_topic(topic):
        raise ValueError(f"{topic!r} is no name for a live topic")
    hint = Hint.about(topic, pks)
    database = cast("DatabaseWrapper", connection)
    if database.in_transaction:
        database.hints.add(hint)
    elif inside_event_loop():
        # Nothing may hold up the loop; a thread of its own has a connection of its own.
        threading.Thread(target=_send_and_close, args=([hint.text],), daemon=True).start()
    else:
        transport().send([hint.text])


def waiting() -> list[Hint]:
    """The hints that the running transaction will send. For tests, which seldom commit."""
    return list(cast("DatabaseWrapper", connection).hints.by_topic.values())


def _send_and_close(texts: list[str]) -> None:
    try:
        transport().send(texts)
    finally:
        connection.close()


# --- Topics -----------------------------------------------------------------------------------


def register_topic(topic: str, permission: str | None) -> None:
    """Let people who hold `permission` (None: everyone signed in) follow `topic` and `topic:<id>`.

    Called from AppConfig.ready(); a topic has one permission, wherever it is registered.
    """
    if not is_topic(topic) or ":" in topic:
        raise ValueError(f"{topic!r} is no name for a live topic")
    if _permissions.setdefault(topic, permission) != permission:
        raise ValueError(f"The live topic {topic!r} has another permission already")


def known_topics() -> dict[str, str | None]:
    """Topic → permission."""
    return dict(_permissions)


def refusal(topic: str, user: object) -> str:
    """Why this person may not follow this topic: "unknown", "forbidden", or nothing."""
    name = topic.partition(":")[0]
    if not is_topic(topic) or name not in _permissions:
        return "unknown"
    permission = _permissions[name]
    if permission is None or user.has_perm(permission):  # type: ignore[attr-defined]
        return ""
    return "forbidden"
