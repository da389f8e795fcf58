"""Locks on things that are not a row. Held to the end of the transaction, across all processes."""

from core.locks import hold_in_transaction as hold

__all__ = ["COMPANIES", "MARKETPLACES", "PEOPLE", "hold"]

# Every change of a role, of the two-factor rules or of who is an owner. They decide on more than
# the row they change ("is this the last owner?"), and they are rare: one at a time is right.
PEOPLE = "accounts.people"
# New companies and accounts, which must not be there twice; the database refuses them anyway, but
# not in words.
COMPANIES = "accounts.companies"
MARKETPLACES = "accounts.marketplaces"
