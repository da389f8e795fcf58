"""What eMAG said before: the payload of an order is kept when a newer one takes its place.

An order that is new has none, so the first look at orders pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from accounts.models import MarketplaceAccount
from core.setwise import execute_with_arrays
from emag.models import Snapshot, SnapshotVersion


class Newer(Protocol):
    """A payload on its way into the place of another."""

    kind: str
    external_id: str
    text: str


# By the text, not by its digest: that is emptied when a payload shall be taken in once more, and
# differs when we only read it with other eyes.
_KEEP = f"""
    INSERT INTO {SnapshotVersion._meta.db_table}
           (snapshot_id, text, changed_at, read_at, replaced_at)
    SELECT kept.id, kept.text, kept.changed_at, kept.read_at, now()
      FROM {Snapshot._meta.db_table} AS kept
      JOIN unnest(%b::text[], %b::text[], %b::text[]) AS new (kind, external_id, text)
     USING (kind, external_id)
     WHERE kept.account_id = %s AND kept.text NOT IN (new.text, '')
"""  # noqa: S608 - only the tables' own names


def keep(account: MarketplaceAccount, newer: Sequence[Newer]) -> None:
    """Keep what these payloads are about to replace; in their transaction, before they are kept."""
    if newer:
        execute_with_arrays(
            _KEEP,
            [
                [one.kind for one in newer],
                [one.external_id for one in newer],
                [one.text for one in newer],
                account.pk,
            ],
        )
