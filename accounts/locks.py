"""Locks on things that are not a row. Held to the end of the transaction, across all processes."""

from django.db import connection

from core.locks import lock_id

# Every change of a role, of the two-factor rules or of who is an owner. They decide on more than
# the row they change ("is this the last owner?"), and they are rare: one at a time is right.
PEOPLE = "accounts.people"
# New companies and accounts, which must not be there twice; the database refuses them anyway, but
# not in words.
COMPANIES = "accounts.companies"
MARKETPLACES = "accounts.marketplaces"


def hold(*name: str) -> None:
    """Wait until nobody else holds this lock, then keep it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_id(*name)])
