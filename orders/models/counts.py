from django.db import models

from accounts.models import MarketplaceAccount


class OrderCount(models.Model):
    """How many more (or fewer) orders of one kind there are than the other rows of it say.

    The sum over a kind is exact at every moment. Triggers on the table of orders add rows in the
    transaction that changes an order (see the migration `order_counts`); nothing is ever updated,
    so nobody waits for anybody. A job adds rows of one kind together: see orders.counts.
    """

    account = models.ForeignKey(
        MarketplaceAccount, on_delete=models.CASCADE, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip
    fulfilment = models.CharField(max_length=12)
    status = models.CharField(max_length=12)
    has_problem = models.BooleanField()
    number = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number:+} {self.status}"
