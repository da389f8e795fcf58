"""What happened to messages. Sent inside the transaction that made it happen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.dispatch import Signal

from core import live
from outbox.models import Command

# Messages were asked for, came to an end or stand in the error queue: pages of what they are about
# say something else now. Carries `subjects`, the primary keys by type: {"orders.order": {1, 2}}.
commands_changed = Signal()


def tell(commands: Iterable[Command]) -> None:
    """Say that these changed, to whoever shows them and to whoever owns what they are about."""
    changed = list(commands)
    if not changed:
        return
    live.touch("outbox", *(one.pk for one in changed))
    subjects: dict[str, set[int]] = defaultdict(set)
    for one in changed:
        if one.subject_id is not None:
            subjects[one.subject_type].add(one.subject_id)
    if subjects:
        commands_changed.send(Command, subjects=dict(subjects))
