"""What the neighbour adds to the pages of orders."""

from contextlib import contextmanager

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from core import list_slots, registry
from core.actions import BulkAction
from core.columns import NumberColumn
from core.errors import RuleViolation
from core.filters import Choice, Number
from core.tabs import Tab
from orders import timeline
from orders.models import Order
from tests.neighbour.models import Parcel

LIST, DETAIL = "orders.order_list", "orders.order_detail"
SEE = "accounts.view_company"  # a permission that some roles hold and others do not
GRAMS = Subquery(Parcel.objects.filter(order=OuterRef("pk")).values("grams")[:1])


class ParcelState(Choice):
    def condition(self, value):
        from django.db.models import Q

        waits = Q(neighbour_parcels__isnull=False, neighbour_parcels__grams=None)
        return waits if value == ["waiting"] else ~waits

    def _may_meet_many(self, model):
        return True


def to_weigh(filters):
    waiting = Parcel.objects.filter(grams=None).values("order").distinct().count()
    return Tab("To weigh", "parcel=waiting", waiting, is_kept=True)


@transaction.atomic
def weigh(pk, *, by):
    order = Order.objects.locked().get(pk=pk)
    may_be_weighed(order, by)
    order.neighbour_parcels.update(grams=750, weighed_at=timezone.now())


def may_be_weighed(order, by):
    if not order.neighbour_parcels.exists():
        raise RuleViolation(f"{order} has no parcel.")


def weighings(order, user):
    for parcel in order.neighbour_parcels.exclude(weighed_at=None).order_by("-weighed_at"):
        yield timeline.Event(
            at=parcel.weighed_at, icon="package", tone="grey", text=f"Weighed: {parcel.grams} g"
        )


def parcels(request, order):
    return {"parcels": order.neighbour_parcels.all()}


@contextmanager
def installed():
    """The neighbour is there, as if its AppConfig.ready() had run; afterwards it is gone."""
    grams = NumberColumn("Weight", accessor="grams", orderable=True, annotations={"grams": GRAMS})
    list_slots.register_column(LIST, "grams", grams, after="status", permission=SEE)
    list_slots.register_filter(
        LIST, "grams", Number("Weight", field_name="neighbour_parcels__grams")
    )
    list_slots.register_filter(
        LIST, "parcel", ParcelState("Parcel", choices=[("waiting", "Not weighed yet")])
    )
    list_slots.register_tab(LIST, "to_weigh", to_weigh, after="to_pack")
    registry.register_action(
        LIST,
        BulkAction(
            name="weigh", label="Weigh", permission="orders.move_order", model=Order, run=weigh,
            check=may_be_weighed,
        ),
    )  # fmt: skip
    registry.register_panel(
        registry.Panel(
            page=DETAIL, id="parcels", title="Parcels", permission=SEE, context=parcels,
            template="neighbour/_parcels.html",
        )
    )  # fmt: skip
    timeline.register(weighings)
    try:
        yield
    finally:
        list_slots.columns.forget(LIST, "grams")
        list_slots.filters.forget(LIST, "grams")
        list_slots.filters.forget(LIST, "parcel")
        list_slots.tabs.forget(LIST, "to_weigh")
        registry._actions[LIST].pop("weigh")
        registry._panels.pop((DETAIL, "parcels"))
        timeline._sources.pop(f"{weighings.__module__}.{weighings.__qualname__}")
