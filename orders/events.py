"""What happened to orders. Sent by services only, inside the transaction that made it happen."""

from django.dispatch import Signal

# Orders that were not here before, and orders of which something changed, whoever changed it.
# Both carry `account` and `pks`, a list.
orders_imported = Signal()
orders_changed = Signal()
