from django.db import models

from orders.models import Order


class Parcel(models.Model):
    """A parcel of an order, which knows what it weighs once somebody has weighed it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="neighbour_parcels")
    grams = models.PositiveIntegerField(null=True)
    weighed_at = models.DateTimeField(null=True)

    def __str__(self):
        return f"Parcel {self.pk}"
