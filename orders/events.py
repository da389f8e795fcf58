"""What happened to orders. Sent by services only, inside the transaction that made it happen."""

from django.dispatch import Signal

# Orders that were not here before, and orders of which something changed, whoever changed it.
# Both carry `account` and `pks`, a list; an import also `customers_left`, the primary keys of those
# whom a changed order belonged to before.
orders_imported = Signal()
orders_changed = Signal()

# The personal data of a customer is erased here; whoever keeps a copy erases it, too. Carries
# `account` and `orders`, a list of (fulfilment, external_id).
customer_forgotten = Signal()
