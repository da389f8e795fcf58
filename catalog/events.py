"""What has happened to offers. Sent inside the transaction, with `account` and a list of `pks`."""

from django.dispatch import Signal

offers_changed = Signal()
