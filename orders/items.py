"""What was bought, as one text for a list and for files."""

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, Subquery

from orders.choices import LineStatus
from orders.models import OrderLine

# The names of all products that are still on the order. Only the rows of a page are asked for it.
ITEMS = Subquery(
    OrderLine.objects.filter(order=OuterRef("pk"), status=LineStatus.ACTIVE)
    .order_by()
    .values("order")
    .annotate(names=StringAgg("name", "; ", order_by=("position", "pk")))
    .values("names")
)
